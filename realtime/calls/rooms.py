"""One call as a pure state machine: events and the time go in, frames and facts come out; no media, no waiting."""

from collections.abc import Iterable, Mapping
from typing import Any

from realtime.calls.mesh import Mesh, Turn
from realtime.calls.people import Address, Command, Note, Plan, Someone, Status, Tell
from realtime.calls.ports import Connected, Emptied, Fact, Joined, Left, Reconnecting, Seat, Wishes
from realtime.calls.words import Leave, Relay, Said, State
from realtime.calls.words import Mesh as MeshWord

SIZE = 50  # people in one call
GONE = 3.0  # seconds with neither packets nor socket: left
SILENT, LOST = 10.0, 30.0  # seconds without packets, but with a socket: reconnecting, left
LINGER = 30.0  # seconds an empty room waits for somebody to come back


class Room:
    """`take()` hands out what is to be said since the last time; `plan()` what the media shall be like now.

    `clock` is the wall clock of facts; every `now` is a monotonic time.
    """

    def __init__(self, call: str, now: float, wall: float, size: int = SIZE) -> None:
        self.call, self._size = call, size
        self.people: dict[int, Someone] = {}
        self.wishes = Wishes()
        self.mesh = Mesh()
        self.voice = False
        self.over = False
        self._at: dict[Address, int] = {}
        self._out: list[Command] = []
        self._empty_since: float | None = now
        self._wall = wall - now
        self._speaker: int | None = None

    def take(self) -> list[Command]:
        out, self._out = self._out, []
        return out

    def who(self, address: Address) -> Someone | None:
        """Who speaks on this socket: the only way to say so."""
        found = self._at.get(address)
        return None if found is None else self.people[found]

    def plan(self) -> Plan:
        inside = [one for one in self.people.values() if one.status != "waiting"]
        present = frozenset(one.id for one in inside)
        recording = self.wishes.recording == "on"
        return Plan(
            {one.id: one.round for one in inside},
            {one.id: one.shows for one in inside},
            self.wishes.muted & present,
            self.wishes.held & present,
            self.wishes.consented & present - self.wishes.held if recording else frozenset(),
            self.mesh.on,
        )

    # --- coming and going

    def join(self, seat: Seat, address: Address, on: Mapping[str, bool], ice: list[Any], now: float) -> None:
        if (refusal := self._refusal(seat)) is not None:
            self._say(address, {"do": "no", "why": refusal})
            return
        one = self.people.get(seat.participant)
        if one is None:
            one = self._enter(seat, address, now)
        else:
            self._return(one, seat, address, now)
        one.on.update(on)
        one.address, self._at[address] = address, one.id
        everybody = [self._shown(other) for other in self.people.values() if one.sees(other)]
        waiting = one.status == "waiting"
        one.told = 0
        self._tell(one, do="welcome", me=one.id, token=seat.token, people=everybody, ice=ice, waiting=waiting)
        self._look(now)

    def _refusal(self, seat: Seat) -> str | None:
        newcomer = seat.participant not in self.people
        if self.wishes.ended is not None or seat.participant in self.wishes.removed:
            return "away"
        if self.over:  # it was empty for long, and is being given back
            return "later"
        if newcomer and self.wishes.locked and seat.token:  # a token made just now: never been here
            return "away"
        return "full" if newcomer and len(self.people) >= self._size else None

    def _enter(self, seat: Seat, address: Address, now: float) -> Someone:
        waiting = seat.waiting and seat.participant not in self.wishes.admitted
        one = Someone(seat, address, now, "waiting" if waiting else "connecting", heard=now)
        self._empty_since = None
        self._tell_others(one, do="people", join=[self._shown(one)])
        self.people[one.id] = one
        self._note(Joined(self.call, self._wall + now, one.id, waiting))
        return one

    def _return(self, one: Someone, seat: Seat, address: Address, now: float) -> None:
        """Another tab, a reload, a new socket, or a lost frame: the newer connection is the one that counts."""
        former, one.address, one.heard = one.address, None, now  # nothing is told it before the welcome
        if former is not None and former != address:
            self._at.pop(former, None)
            self._say(former, {"do": "bye", "reason": "taken"})
        one.seat = seat
        if one.status != "waiting":
            one.round += 1
            self._become(one, "connecting")

    def leave(self, participant: int, reason: str, now: float, **more: Any) -> None:
        one = self.people.get(participant)
        if one is None:
            return
        self._tell(one, do="bye", reason=reason, **more)
        del self.people[participant]
        if one.address is not None:
            self._at.pop(one.address, None)
        self._tell_others(one, do="people", left=[{"id": participant, "reason": reason}])
        self._note(Left(self.call, self._wall + now, participant, reason))
        if self._speaker == participant:
            self.speaks(None)
        if not self.people and not self.over:
            self._empty_since = now
            self._note(Emptied(self.call, self._wall + now))
        self._look(now)

    def gone(self, address: Address, now: float) -> None:
        """Its socket closed; media may still flow."""
        if (one := self.who(address)) is not None:
            del self._at[address]
            one.address, one.silent = None, now

    def restart(self, now: float) -> None:
        """This process goes down: everybody comes back, to whoever owns the call then. Nobody has left."""
        for one in self.people.values():
            self._tell(one, do="bye", reason="restart")
        self.people.clear()
        self._at.clear()
        self.over = True

    # --- words

    def word(self, address: Address, said: Said, now: float) -> None:
        """What needs no media; the rest goes there."""
        one = self.who(address)
        if one is None:
            self._say(address, {"do": "err", "code": "join"})
            return
        match said:
            case State():
                self._state(one, said.said())
            case Leave():
                self.leave(one.id, "left", now)
            case MeshWord(up=up):
                self._turn(self.mesh.said(one.id, up))
            case Relay(to=to):
                self._relay(one, to, said)

    def _state(self, one: Someone, on: dict[str, bool]) -> None:
        if any(one.on[name] != value for name, value in on.items()):
            one.on.update(on)
            self._changed(one)

    def _relay(self, one: Someone, to: int, said: Relay) -> None:
        if self.mesh.may_relay(one.id, to):
            body = said.model_dump(exclude={"call", "do", "to"}, exclude_none=True)
            self._tell(self.people[to], do="relay", **{"from": one.id}, **body)

    # --- what the media and the clock say

    def connected(self, participant: int, round_: int, now: float) -> None:
        one = self.people.get(participant)
        if one is not None and one.round == round_ and one.status in ("connecting", "reconnecting"):
            one.heard = now
            self._become(one, "here")
            self._note(Connected(self.call, self._wall + now, participant))
            self._look(now)

    def failed(self, participant: int, round_: int, why: str, now: float) -> None:
        one = self.people.get(participant)
        if one is not None and one.round == round_:
            self.leave(participant, "failed", now, why=why)

    def tick(self, now: float, heard: Mapping[int, float]) -> None:
        for one in list(self.people.values()):
            one.heard = max(one.heard, heard.get(one.id, 0.0))
            self._alive(one, now)
        if self._empty_since is not None and now - self._empty_since >= LINGER:
            self.over = True
        self._look(now)

    def _alive(self, one: Someone, now: float) -> None:
        quiet = now - one.heard
        if one.address is None and now - max(one.silent, one.heard) >= GONE:
            self.leave(one.id, "lost", now)
        elif one.status == "waiting":
            one.heard = now if one.address is not None else one.heard
        elif quiet >= LOST:
            self.leave(one.id, "lost", now)
        elif quiet >= SILENT and one.status == "here":
            self._become(one, "reconnecting")
            self._note(Reconnecting(self.call, self._wall + now, one.id))
        elif quiet < SILENT and one.status == "reconnecting":
            self._become(one, "here")
            self._note(Reconnecting(self.call, self._wall + now, one.id, back=True))

    def speaks(self, who: int | None) -> None:
        if who != self._speaker:
            self._speaker = who
            self._tell_all(do="speaker", who=who)

    def quality(self, of: Mapping[int, int]) -> None:
        self._tell_all(do="quality", of=dict(of))

    # --- wishes

    def wish(self, wishes: Wishes, now: float) -> None:
        former, self.wishes = self.wishes, wishes
        if wishes.ended is not None:
            self._end(wishes.ended, now)
            return
        for participant in wishes.removed & self.people.keys():
            self.leave(participant, "removed", now)
        for one in list(self.people.values()):
            if one.status == "waiting" and one.id in wishes.admitted:
                self._admit(one, now)
            elif one.id in (former.muted ^ wishes.muted) | (former.hosts ^ wishes.hosts):
                self._changed(one)
        self._look(now)

    def _admit(self, one: Someone, now: float) -> None:
        one.status, one.heard = "connecting", now
        everybody = [self._shown(other) for other in self.people.values() if other.id != one.id and one.sees(other)]
        self._tell(one, do="people", join=everybody, change=[self._shown(one)])
        for other in self.people.values():
            if other.id != one.id and other.status != "waiting":
                how = "change" if other.is_member else "join"
                self._tell(other, do="people", **{how: [self._shown(one)]})
        self._note(Joined(self.call, self._wall + now, one.id))

    def _end(self, reason: str, now: float) -> None:
        self.over = True
        for participant in list(self.people):
            self.leave(participant, "ended", now, why=reason)

    # --- saying

    def _look(self, now: float) -> None:
        if not self.over:
            self._turn(self.mesh.look(list(self.people.values()), self.wishes, self.voice, now))

    def _turn(self, turn: Turn | None) -> None:
        if turn is None:
            return
        first, second = turn.pair
        for me, other in ((first, second), (second, first)):
            one = self.people.get(me)
            if one is not None and turn.way == "back":
                self._tell(one, do="sfu", why=turn.why)
            elif one is not None:
                self._tell(one, do="mesh", **{"with": other}, first=me == first, on=turn.way == "on")

    def _become(self, one: Someone, status: Status) -> None:
        if one.status != status:
            one.status = status
            self._changed(one)

    def _changed(self, one: Someone) -> None:
        for other in self.people.values():
            if other.sees(one):
                self._tell(other, do="people", change=[self._shown(one)])

    def _shown(self, one: Someone) -> dict[str, Any]:
        host = one.seat.host or one.id in self.wishes.hosts
        return one.shown(host=host and one.is_member, muted=one.id in self.wishes.muted)

    def _tell_all(self, **frame: Any) -> None:
        self._tell_each((one for one in self.people.values() if one.status != "waiting"), frame)

    def _tell_others(self, one: Someone, **frame: Any) -> None:
        self._tell_each((other for other in self.people.values() if other is not one and other.sees(one)), frame)

    def _tell_each(self, people: Iterable[Someone], frame: dict[str, Any]) -> None:
        for one in people:
            self._tell(one, **frame)

    def tell(self, participant: int, **frame: Any) -> None:
        """A frame that the media has for one of us."""
        if participant in self.people:
            self._tell(self.people[participant], **frame)

    def _tell(self, one: Someone, **frame: Any) -> None:
        """Numbered also while nobody listens: who comes back on another socket begins with a new welcome."""
        one.told += 1
        if one.address is not None:
            self._say(one.address, {**frame, "n": one.told})

    def _say(self, address: Address, frame: dict[str, Any]) -> None:
        self._out.append(Tell(address, frame))

    def _note(self, fact: Fact) -> None:
        self._out.append(Note(fact))
