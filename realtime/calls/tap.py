"""One incoming line: takes digits out, asks again for what was lost, hands each packet to all who want it."""

import asyncio
import random
from collections.abc import Callable
from typing import Protocol

from aiortc.rtp import (
    RTCP_PSFB_APP,
    RTCP_PSFB_PLI,
    RTCP_RTPFB_NACK,
    RtcpPsfbPacket,
    RtcpReceiverInfo,
    RtcpRtpfbPacket,
    pack_remb_fci,
)

from realtime.calls.digits import Digits
from realtime.calls.lines import HEADER, LEVEL, SEND_TIME, Line, Way, extension
from realtime.calls.losses import KEPT, Losses

KEY_AGAIN = 0.3  # seconds until a key frame is asked for again
ASK_AGAIN = 0.05  # seconds between two questions for lost packets
STILL = 2.0  # seconds without a picture after which nobody is asked for one
QUIET = 127


class Packet:
    """One packet on its way. `rest` is everything behind the fixed header, the same for all who get it."""

    __slots__ = ("_data", "level", "marker", "payload", "rest", "sequence_number", "timestamp")

    def __init__(self, number: int, timestamp: int, marker: int, payload: bytes, rest: bytes, level: int) -> None:
        self.sequence_number, self.timestamp, self.marker = number, timestamp, marker
        self.payload, self.rest, self.level = payload, rest, level
        self._data = b""  # without the codec's header: the recorder's, for aiortc's jitter buffer


class Sink(Protocol):
    def take(self, packet: Packet) -> None: ...


class Spring(Protocol):
    """Where a sender's packets come from: a line of somebody, or the server's voice."""

    kind: str
    kept: dict[int, Packet]
    origin: tuple[int, int, float] | None

    def add(self, sink: Sink) -> None: ...

    def remove(self, sink: Sink) -> None: ...

    def want_key(self) -> None: ...


class Tap:
    """An Ear of inside.py. Several sinks may listen; `muted` lets nothing through but digits."""

    def __init__(self, kind: str, ssrc: int, on_digit: Callable[[str], None] = lambda key: None) -> None:
        self.kind, self.muted = kind, False
        self.kept: dict[int, Packet] = {}
        self.origin: tuple[int, int, float] | None = None
        self.heard, self.loudness, self.packets = 0.0, 0, 0
        self.sinks: tuple[Sink, ...] = ()
        self._ssrc, self._on_digit, self._digits = ssrc, on_digit, Digits()
        self._pipe: Way | None = None
        self._source: int | None = None
        self._events: frozenset[int] = frozenset()
        self._again: dict[int, int] = {}  # payload type of what is sent again -> of the original
        self._types: frozenset[int] = frozenset()
        self._taken_out = 0
        self._lost = Losses()
        self._asked = 0.0
        self._key_timer: asyncio.TimerHandle | None = None
        self._key_at = 0.0

    # --- sinks

    def add(self, sink: Sink) -> None:
        self.sinks = (*self.sinks, sink)

    def remove(self, sink: Sink) -> None:
        self.sinks = tuple(other for other in self.sinks if other is not sink)

    # --- in

    def negotiated(self, line: Line, pipe: Way) -> None:
        self._pipe, self._again = pipe, line.again
        self._types, self._events = frozenset(line.media), line.events
        pipe.listen(self, line.sources, line.mid)

    def rtp(self, data: bytes, now: float) -> None:
        first, second, number, timestamp, ssrc = HEADER.unpack_from(data)
        at = 12 + 4 * (first & 15)
        if first & 0x10:
            at += 4 + 4 * int.from_bytes(data[at + 2 : at + 4], "big")
        end = len(data) - data[-1] if first & 0x20 else len(data)
        if at > end:
            return
        payload, type_ = data[at:end], second & 127
        if type_ in self._again:
            if len(payload) < 2:
                return
            number, payload, type_ = int.from_bytes(payload[:2], "big"), payload[2:], self._again[type_]
        elif self._source != ssrc:
            self._source, self._lost = ssrc, Losses()
        if type_ in self._events:
            self._lost.came(number, now)
            self._event(payload, timestamp)
        elif type_ in self._types and self._lost.came(number, now):
            self._through(data, Packet(number, timestamp, second >> 7, payload, b"", QUIET), now)

    def _event(self, payload: bytes, timestamp: int) -> None:
        """The others must not hear keys, and what follows shall be numbered as if they had never been there."""
        self._taken_out += 1
        for key in self._digits.feed(payload, timestamp):
            self._on_digit(key)

    def _through(self, data: bytes, packet: Packet, now: float) -> None:
        self.heard = now
        self.packets += 1
        if self.kind == "audio":
            level = extension(data, LEVEL)
            packet.level = level[0] & 127 if level else QUIET
            packet.sequence_number = (packet.sequence_number - self._taken_out) & 0xFFFF
            packet.rest = b"\xbe\xde\x00\x01" + bytes((LEVEL << 4, packet.level, 0, 0)) + packet.payload
            self.loudness += QUIET - packet.level
        else:
            stamp = (int(now * 262144) & 0xFFFFFF).to_bytes(3, "big")
            packet.rest = b"\xbe\xde\x00\x01" + bytes((SEND_TIME << 4 | 2,)) + stamp + packet.payload
            self.kept[packet.sequence_number % KEPT] = packet
            if self._key_timer is not None and starts_key(packet.payload):
                self._key_timer.cancel()
                self._key_timer = None
            if self._lost.missing and now - self._asked >= ASK_AGAIN:
                self._ask(now)
        if not self.muted:
            for sink in self.sinks:
                sink.take(packet)

    def sender_report(self, ntp: int, timestamp: int, now: float) -> None:
        self.origin = (ntp, timestamp, now)
        self._lost.reported = (ntp >> 16 & 0xFFFFFFFF, now)

    # --- back to who sends

    def want_key(self) -> None:
        """Ask for a key frame until one passes: a single question may be lost, or answered with nothing."""
        if self._key_timer is None and self.kind == "video" and self._pipe is not None:
            wait = self._key_at + KEY_AGAIN - self._pipe.clock()
            if wait <= 0:
                self._ask_key()
            else:
                self._key_timer = asyncio.get_running_loop().call_later(wait, self._ask_key)

    def _ask_key(self) -> None:
        pipe = self._pipe
        if pipe is not None:
            self._key_at = pipe.clock()
            if self._source is not None and self._key_at - self.heard < STILL:
                self._send(RtcpPsfbPacket(fmt=RTCP_PSFB_PLI, ssrc=self._ssrc, media_ssrc=self._source))
            self._key_timer = asyncio.get_running_loop().call_later(KEY_AGAIN, self._ask_key)

    def _ask(self, now: float) -> None:
        lost = self._lost.worth_asking(now)
        if lost and self._source is not None:
            self._asked = now
            question = RtcpRtpfbPacket(fmt=RTCP_RTPFB_NACK, ssrc=self._ssrc, media_ssrc=self._source)
            question.lost = lost
            self._send(question)

    def limit(self, bits_per_second: int) -> None:
        """Tell the browser how much those who watch can take."""
        if self._source is not None:
            fci = pack_remb_fci(bits_per_second, [self._source])
            self._send(RtcpPsfbPacket(fmt=RTCP_PSFB_APP, ssrc=self._ssrc, media_ssrc=0, fci=fci))

    def _send(self, packet: RtcpPsfbPacket | RtcpRtpfbPacket) -> None:
        if self._pipe is not None:
            self._pipe.send_reports(bytes(packet))

    def report(self, now: float) -> RtcpReceiverInfo | None:
        """How well the line arrived since the last report."""
        return None if self._source is None else self._lost.report(self._source, now)

    @property
    def loss(self) -> float:
        """The part that was lost between the last two reports."""
        return self._lost.fraction / 256

    def close(self) -> None:
        if self._key_timer is not None:
            self._key_timer.cancel()
            self._key_timer = None
        self.sinks, self._pipe = (), None
        self.kept.clear()


def starts_key(payload: bytes) -> bool:
    """Whether this packet begins a VP8 key frame."""
    if not payload or not payload[0] & 0x10 or payload[0] & 0x0F:
        return False
    at = 1
    if payload[0] & 0x80:
        if len(payload) < 3:
            return False
        more, at = payload[1], 2
        if more & 0x80:
            at += 2 if payload[at] & 0x80 else 1
        at += bool(more & 0x40) + bool(more & 0x30)
    return at < len(payload) and not payload[at] & 1


def some_number() -> int:
    """A first sequence number, low enough that it does not wrap before the other side knows it."""
    return random.randrange(1, 0x7FFF)
