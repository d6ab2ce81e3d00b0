"""The room as tables: who comes, goes, falls silent, waits, is removed, and what everybody is told. No media."""

from dataclasses import replace
from typing import Any

import pytest

from realtime.calls.people import Address, Note, Tell
from realtime.calls.ports import Emptied, Joined, Left, Reconnecting, Seat
from realtime.calls.rooms import GONE, LINGER, LOST, SILENT, Room
from realtime.calls.words import understand

ANA, BEN, EVA = (
    Seat(number, "member", name, token=f"t{number}") for number, name in ((1, "Ana"), (2, "Ben"), (3, "Eva"))
)
GUS = Seat(9, "guest", "Gus", token="t9", waiting=True)


class Play:
    """A room and its clock. `got[n]` holds what socket n was told."""

    def __init__(self) -> None:
        self.now = 100.0
        self.room = Room("r", self.now, 1_000_000.0)
        self.got: dict[int, list[dict[str, Any]]] = {}
        self.facts: list[Any] = []
        self.heard: dict[int, float] = {}

    def take(self) -> None:
        for command in self.room.take():
            if isinstance(command, Tell):
                self.got.setdefault(command.to.connection, []).append(command.frame)
            elif isinstance(command, Note):
                self.facts.append(command.fact)

    def join(self, seat: Seat, socket: int | None = None, **on: bool) -> None:
        self.room.join(seat, at(socket or seat.participant), on, [], self.now)
        self.take()

    def inside(self, *seats: Seat) -> None:
        for seat in seats:
            self.join(seat)
            self.up(seat)

    def up(self, seat: Seat) -> None:
        self.room.connected(seat.participant, self.room.people[seat.participant].round, self.now)
        self.take()

    def say(self, socket: int, **members: Any) -> None:
        self.room.word(at(socket), understand({"call": "r", **members}), self.now)
        self.take()

    def wish(self, **wishes: Any) -> None:
        self.room.wish(replace(self.room.wishes, **wishes), self.now)
        self.take()

    def pass_(self, seconds: float, *flowing: Seat, step: float = 0.25) -> None:
        """Time goes by; of these packets come all the while."""
        end = self.now + seconds
        while self.now < end:
            self.now = min(end, self.now + step)
            self.heard.update({seat.participant: self.now for seat in flowing})
            self.room.tick(self.now, self.heard)
        self.take()

    def last(self, socket: int, do: str) -> dict[str, Any]:
        return [frame for frame in self.got[socket] if frame["do"] == do][-1]

    def told(self, socket: int, do: str) -> list[dict[str, Any]]:
        return [frame for frame in self.got.get(socket, []) if frame["do"] == do]

    def left(self) -> list[tuple[int, str]]:
        return [(fact.participant, fact.reason) for fact in self.facts if isinstance(fact, Left)]

    def status(self, seat: Seat) -> str:
        return self.room.people[seat.participant].status


def at(socket: int) -> Address:
    return Address("p", socket)


@pytest.fixture
def play() -> Play:
    return Play()


def test_who_comes_is_welcomed_and_the_others_hear_of_it(play: Play) -> None:
    play.join(ANA, audio=True)
    play.join(BEN)
    welcome = play.last(2, "welcome")
    assert (welcome["me"], welcome["token"], welcome["n"], welcome["waiting"]) == (2, "t2", 1, False)
    assert [(one["id"], one["audio"], one["status"]) for one in welcome["people"]] == [
        (1, True, "connecting"),
        (2, False, "connecting"),
    ]
    assert play.last(1, "people")["join"][0]["name"] == "Ben"
    assert [type(fact) for fact in play.facts] == [Joined, Joined]
    assert play.room.plan().peers == {1: 1, 2: 1}


def test_frames_are_numbered_without_holes_since_the_welcome(play: Play) -> None:
    play.inside(ANA, BEN, EVA)
    play.say(2, do="state", hand=True)
    for socket in (1, 2, 3):
        assert [frame["n"] for frame in play.got[socket]] == list(range(1, len(play.got[socket]) + 1))
    play.join(ANA, 11)
    assert play.got[11][0]["n"] == 1


def test_the_newer_tab_wins(play: Play) -> None:
    play.inside(ANA, BEN)
    play.join(ANA, 11)
    assert play.last(1, "bye")["reason"] == "taken"
    assert play.room.plan().peers == {1: 2, 2: 1}
    play.say(1, do="state", hand=True)
    assert play.last(1, "err")["code"] == "join"
    assert play.left() == []
    play.room.gone(at(1), play.now)  # the old tab closing now means nothing
    play.pass_(GONE + 1, ANA, BEN)
    assert play.status(ANA) == "connecting"


def test_joining_again_on_the_same_socket_begins_anew(play: Play) -> None:
    play.inside(ANA)
    play.join(ANA)
    assert play.room.plan().peers == {1: 2}
    assert not play.told(1, "bye")
    assert len(play.told(1, "welcome")) == 2


def test_leaving_is_told_at_once(play: Play) -> None:
    play.inside(ANA, BEN)
    play.say(2, do="leave")
    assert play.last(1, "people")["left"] == [{"id": 2, "reason": "left"}]
    assert play.left() == [(2, "left")]
    assert play.room.plan().peers == {1: 1}


@pytest.mark.parametrize(
    ("socket_lost", "flows", "seconds", "becomes"),
    [
        (True, False, GONE - 0.5, "here"),
        (True, False, GONE + 0.5, "lost"),
        (True, True, 60, "here"),
        (False, False, SILENT - 0.5, "here"),
        (False, False, SILENT + 0.5, "reconnecting"),
        (False, False, LOST - 0.5, "reconnecting"),
        (False, False, LOST + 0.5, "lost"),
        (False, True, 60, "here"),
    ],
)
def test_liveness(play: Play, socket_lost: bool, flows: bool, seconds: float, becomes: str) -> None:
    play.inside(ANA, BEN)
    if socket_lost:
        play.room.gone(at(2), play.now)
    play.pass_(seconds, ANA, *([BEN] if flows else []))
    if becomes == "lost":
        assert play.left() == [(2, "lost")]
        assert play.last(1, "people")["left"] == [{"id": 2, "reason": "lost"}]
    else:
        assert play.status(BEN) == becomes


def test_whoever_is_heard_again_is_back(play: Play) -> None:
    play.inside(ANA, BEN)
    play.pass_(SILENT + 1, ANA)
    play.pass_(1, ANA, BEN)
    assert play.status(BEN) == "here"
    assert [fact.back for fact in play.facts if isinstance(fact, Reconnecting)] == [False, True]
    assert [change["status"] for frame in play.told(1, "people") for change in frame.get("change", ())][-2:] == [
        "reconnecting",
        "here",
    ]


def test_a_lost_socket_may_come_back_while_media_flows(play: Play) -> None:
    play.inside(ANA, BEN)
    play.room.gone(at(2), play.now)
    play.pass_(20, ANA, BEN)
    play.join(replace(BEN, token=""), 22)
    assert play.last(22, "welcome")["token"] == ""
    assert play.left() == []


def test_a_failed_connection_says_why(play: Play) -> None:
    play.join(ANA)
    play.room.failed(1, 1, "path", play.now)
    play.take()
    assert play.last(1, "bye") == {"do": "bye", "reason": "failed", "why": "path", "n": 2}
    assert play.left() == [(1, "failed")]


def test_the_failure_of_a_connection_already_replaced_means_nothing(play: Play) -> None:
    play.inside(ANA)
    play.join(ANA, 11)
    play.room.failed(1, 1, "path", play.now)
    play.room.connected(1, 1, play.now)
    play.take()
    assert play.left() == [] and play.status(ANA) == "connecting"


def test_an_empty_room_waits_a_while(play: Play) -> None:
    play.inside(ANA)
    play.say(1, do="leave")
    assert isinstance(play.facts[-1], Emptied)
    play.pass_(LINGER - 1)
    assert not play.room.over
    play.join(ANA, 11)
    play.pass_(LINGER + 1, ANA)
    assert not play.room.over
    play.say(11, do="leave")
    play.pass_(LINGER + 1)
    assert play.room.over
    play.join(BEN)
    assert play.last(2, "no")["why"] == "later"
