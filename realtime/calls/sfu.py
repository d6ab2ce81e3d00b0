"""The media of one call: who gets whose packets. Nothing is decoded; the room's plan says how it shall be."""

import asyncio
import time
from collections.abc import Mapping

from realtime.calls.inside import offer_digits
from realtime.calls.media import Told
from realtime.calls.peers import Peer, Slot
from realtime.calls.people import Plan
from realtime.calls.ports import SOURCES, Clip, Digit, MediaSettings, Recorded, Source, Spoken
from realtime.calls.recorder import Part, Writer
from realtime.calls.speaker import Speaker
from realtime.calls.tap import Tap
from realtime.calls.voice import Voice
from realtime.tasks import Tasks

FLOOR, DROP = 150_000, 0.8  # bits a second nobody is asked to go below; how big a fall is told at once
NOTHING = Plan({}, {}, frozenset(), frozenset(), frozenset(), False)
BAD, WORSE = 0.03, 0.10  # loss
SILENT = 3.0


class Sfu:
    """A Media of media.py. A newer connection of somebody takes over from the older when it is connected."""

    def __init__(self, call: str, told: Told, settings: MediaSettings, writer: Writer) -> None:
        offer_digits()
        self._call, self._told, self._settings, self._writer = call, told, settings, writer
        self._plan = NOTHING
        self._peers: dict[int, Peer] = {}
        self._former: dict[int, Peer] = {}
        self._offers: dict[int, int] = {}
        self._parts: dict[tuple[int, Source], tuple[Part, Tap]] = {}
        self._voices: dict[int | None, Voice] = {}
        self._speaker, self._levels = Speaker(), dict[Tap, tuple[int, int]]()
        self._limits: dict[Tap, int] = {}
        self._tasks = Tasks()
        self._ending = 0
        self._all_written = asyncio.Event()
        self._all_written.set()

    # --- plan

    def apply(self, plan: Plan) -> None:
        self._plan = plan
        for who in self._peers.keys() - plan.peers.keys():
            self._close(self._peers.pop(who))
        for who in self._former.keys() - plan.peers.keys():
            self._close(self._former.pop(who))
        for who, round_ in plan.peers.items():
            peer = self._peers.get(who)
            if peer is None or peer.round < round_:
                self._open(who, round_)
        self._look()

    def _open(self, who: int, round_: int) -> None:
        peer, older = self._peers.pop(who, None), self._former.pop(who, None)
        if peer is not None and older is not None:
            # What flows goes on until the newest is connected; one in between that never did may go.
            flowing, other = (peer, older) if peer.is_connected else (older, peer)
            self._close(other)
            peer = flowing
        if peer is not None:
            self._former[who] = peer
        first = self._offers.get(who, 0) + 1
        self._peers[who] = Peer(who, round_, first, self._settings, self)

    def _close(self, peer: Peer) -> None:
        self._tasks.start(peer.close())

    def _source_of(self, who: int) -> Peer | None:
        """Where this person's packets come from now."""
        peer = self._peers.get(who)
        return peer if peer is None or peer.is_connected else self._former.get(who, peer)

    def _look(self) -> None:
        """Lines, routes and recordings, as the plan and what flows say."""
        for who, peer in self._peers.items():
            peer.show(self._wanted(who))
            self._route(peer)
        for who, peer in self._former.items():
            if not self._peers[who].is_connected:
                self._route(peer)
        self._record()

    def _wanted(self, viewer: int) -> list[tuple[int, Source]]:
        wanted: list[tuple[int, Source]] = []
        for who in self._plan.peers:
            peer = self._source_of(who)
            if who != viewer and peer is not None:
                shown = self._plan.shows.get(who, frozenset())
                wanted += [
                    (who, source)
                    for source in SOURCES
                    if source == "audio" or source in shown or peer.taps[source].packets
                ]
        return wanted

    def _route(self, peer: Peer) -> None:
        plan = self._plan
        deaf = plan.direct or peer.who in plan.held
        peer.voice.attach(self._voices.get(peer.who) or self._voices.get(None))
        for slot in peer.slots:
            source = None if slot.who is None or deaf or slot.who in plan.held else self._source_of(slot.who)
            slot.sender.attach(None if source is None else source.taps[slot.source])
        for source_, tap in peer.taps.items():
            tap.muted = source_ == "audio" and peer.who in plan.muted

    # --- recording

    def _record(self) -> None:
        wanted = {
            (who, source): peer.taps[source]
            for who in self._plan.recorded
            if (peer := self._source_of(who)) is not None
            for source in SOURCES
        }
        for key, (part, tap) in list(self._parts.items()):
            if wanted.get(key) is not tap:
                del self._parts[key]
                self._end(part, tap)
        for (who, source), tap in wanted.items():
            if (who, source) not in self._parts:
                part = self._writer.begin(self._call, who, source)
                self._parts[who, source] = (part, tap)
                tap.add(part)
                tap.want_key()

    def _end(self, part: Part, tap: Tap) -> None:
        tap.remove(part)
        self._ending += 1
        self._all_written.clear()
        self._writer.end(part, self._written)

    def _written(self, part: Part) -> None:
        self._ending -= 1
        if not self._ending:
            self._all_written.set()
        if part.bytes:
            facts = (part.who, part.source, part.file, part.started, part.seconds, part.bytes)
            self._told.noted(Recorded(self._call, time.time(), *facts))

    # --- voice

    def play(self, clip: Clip) -> None:
        former = self._voices.pop(clip.to, None)
        if former is not None:
            former.stop()
        self._voices[clip.to] = Voice(clip, self._spoken)
        self._look()

    def hush(self, to: int | None) -> None:
        if (voice := self._voices.get(to)) is not None:
            voice.stop()

    def _spoken(self, voice: Voice, how: str) -> None:
        if self._voices.get(voice.clip.to) is voice:
            del self._voices[voice.clip.to]
            self._look()
        self._told.noted(Spoken(self._call, time.time(), voice.clip.id, how))

    @property
    def speaks(self) -> bool:
        return bool(self._voices)

    # --- what browsers say

    def answered(self, who: int, round_: int, sdp: str) -> None:
        if (peer := self._peers.get(who)) is not None:
            peer.answered(round_, sdp)

    def candidate(self, who: int, round_: int, line: str, mid: str | None) -> None:
        if (peer := self._peers.get(who)) is not None:
            self._tasks.start(peer.candidate(round_, line, mid))

    # --- what peers say

    def offered(self, peer: Peer, sdp: str) -> None:
        self._offers[peer.who] = peer.offer
        if self._peers.get(peer.who) is peer:
            frame = {"do": "offer", "round": peer.offer, "fresh": peer.offer == peer.first_offer}
            self._told.offered(peer.who, {**frame, "sdp": sdp, "lines": peer.lines()})

    def connected(self, peer: Peer) -> None:
        if self._peers.get(peer.who) is not peer:
            return
        if (former := self._former.pop(peer.who, None)) is not None:
            self._close(former)
        self._look()
        self._told.connected(peer.who, peer.round)

    def failed(self, peer: Peer, why: str) -> None:
        if self._peers.get(peer.who) is peer:
            self._told.failed(peer.who, peer.round, why)

    def pressed(self, who: Peer | int, key: str) -> None:
        participant = who if isinstance(who, int) else who.who
        for to in (participant, None):
            if (voice := self._voices.get(to)) is not None and voice.clip.stops_on_digit:
                voice.stop("digit")
        self._told.noted(Digit(self._call, time.time(), participant, key))

    def limited(self) -> None:
        """A browser can take less or more than before: a fall is passed on at once."""
        self._limit(asyncio.get_running_loop().time(), at_once=True)

    # --- looking after

    def heard(self) -> Mapping[int, float]:
        every = [*self._former.values(), *self._peers.values()]
        heard: dict[int, float] = {}
        for peer in every:
            heard[peer.who] = max(heard.get(peer.who, 0.0), peer.pipe.heard)
        return heard

    def speaker(self, now: float) -> int | None:
        levels: dict[int, float] = {}
        for who in self._plan.peers:
            peer = self._source_of(who)
            if peer is not None and who not in self._plan.muted:
                tap = peer.taps["audio"]
                loud, packets = self._levels.get(tap, (0, 0))
                new = tap.packets - packets
                levels[who] = (tap.loudness - loud) / new if new else 0.0
                self._levels[tap] = (tap.loudness, tap.packets)
        return self._speaker.look(levels, now)

    def quality(self, now: float) -> Mapping[int, int]:
        return {who: self._well(peer, now) for who, peer in self._peers.items() if peer.is_connected}

    def _well(self, peer: Peer, now: float) -> int:
        if now - peer.pipe.heard >= SILENT:
            return 0
        lines = [slot.sender.loss for slot in peer.slots] + [tap.loss for tap in peer.taps.values()]
        loss = max(lines, default=0.0)
        return 3 if loss < BAD else 2 if loss < WORSE else 1

    def second(self, now: float) -> None:
        for peer in (*self._former.values(), *self._peers.values()):
            peer.report(now)
        self._limit(now)
        taps = {tap for peer in (*self._former.values(), *self._peers.values()) for tap in peer.taps.values()}
        self._levels = {tap: seen for tap, seen in self._levels.items() if tap in taps}
        self._limits = {tap: rate for tap, rate in self._limits.items() if tap in taps}
        self._look()  # a line that began to flow gets its place with the others

    def _limit(self, now: float, at_once: bool = False) -> None:
        smallest: dict[Tap, int] = {}
        for slot in self._slots():
            takes = slot.sender.takes(now)
            if takes is not None and isinstance(slot.sender.spring, Tap):
                tap = slot.sender.spring
                smallest[tap] = min(takes, smallest.get(tap, takes))
        for tap, takes in smallest.items():
            rate = max(FLOOR, takes)
            if not at_once or rate < DROP * self._limits.get(tap, rate):
                self._limits[tap] = rate
                tap.limit(rate)

    def _slots(self) -> list[Slot]:
        return [slot for peer in self._peers.values() for slot in peer.slots]

    async def close(self) -> None:
        for voice in list(self._voices.values()):
            voice.stop()
            await voice.closed()
        self.apply(NOTHING)
        await self._tasks.stop()
        await self._all_written.wait()
