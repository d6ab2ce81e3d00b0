"""One outgoing line: passes on what its spring gives, numbered as one stream whatever the spring is."""

import time
from collections.abc import Callable, Iterable
from struct import Struct

from aiortc.rtp import RtcpSdesPacket, RtcpSenderInfo, RtcpSourceInfo, RtcpSrPacket

from realtime.calls.lines import HEADER, Line, Way
from realtime.calls.losses import KEPT
from realtime.calls.tap import Packet, Spring, some_number, starts_key

NTP_EPOCH = 2208988800
SECOND = 1 << 32
AGAIN = Struct("!H")
RATES = {"audio": 48000, "video": 90000}
REMEMBERED = 3.0  # seconds that a browser's word about its line counts


class Sender:
    """A Mouth of inside.py and a Sink of tap.py."""

    def __init__(self, kind: str, sources: tuple[int, int], on_limit: Callable[[], None] = lambda: None) -> None:
        self.kind = kind
        self.spring: Spring | None = None
        self.limit: tuple[int, float] | None = None
        self.packets = 0
        self.loss = 0.0
        self._ssrc, self._again_ssrc = sources
        self._on_limit = on_limit
        self._pipe: Way | None = None
        self._type = 0
        self._again_type: int | None = None
        self.is_flowing = False
        self._number_by = self._time_by = 0
        self._last: tuple[int, int] | None = None
        self._again_number = some_number()
        self._octets = 0
        self._cname = ""

    # --- from the negotiation

    def negotiated(self, line: Line, pipe: Way) -> None:
        if not line.media or self._pipe is not None:
            return  # saying nothing is better than what the other side does not speak
        self._type = line.media[0]
        self._again_type = next((type_ for type_, original in line.again.items() if original == self._type), None)
        self._cname, self._pipe = line.cname, pipe
        pipe.speak(self, self._ssrc)
        if self.spring is not None:
            self.spring.want_key()

    def attach(self, spring: Spring | None) -> None:
        """From now on this spring; None = silence."""
        if spring is self.spring:
            return
        if self.spring is not None:
            self.spring.remove(self)
        self.spring, self.is_flowing, self.limit = spring, False, None
        if spring is not None:
            spring.add(self)
            if self._pipe is not None:
                spring.want_key()

    # --- packets

    def take(self, packet: Packet) -> None:
        pipe = self._pipe
        if pipe is None:
            return
        if not self.is_flowing and not self._begin(packet):
            return
        number = (packet.sequence_number + self._number_by) & 0xFFFF
        timestamp = (packet.timestamp + self._time_by) & 0xFFFFFFFF
        header = HEADER.pack(0x90, packet.marker << 7 | self._type, number, timestamp, self._ssrc)
        pipe.send(header, packet.rest)
        self._last = (number, timestamp)
        self.packets += 1
        self._octets += len(packet.payload)

    def _begin(self, packet: Packet) -> bool:
        """Pictures begin with a key frame; numbers and times go on where the former spring ended."""
        if self.kind == "video" and not starts_key(packet.payload):
            return False
        number, timestamp = self._last or (some_number(), some_number())
        self._number_by = number + 1 - packet.sequence_number
        self._time_by = timestamp + RATES[self.kind] // 30 - packet.timestamp
        self.is_flowing = True
        return True

    # --- what the browser answers

    def lost(self, numbers: Iterable[int]) -> None:
        spring, pipe = self.spring, self._pipe
        if spring is None or pipe is None or self._again_type is None or not self.is_flowing:
            return
        for number in numbers:
            origin = (number - self._number_by) & 0xFFFF
            packet = spring.kept.get(origin % KEPT)
            if packet is not None and packet.sequence_number == origin:
                self._send_again(pipe, packet, number)

    def _send_again(self, pipe: Way, packet: Packet, number: int) -> None:
        timestamp = (packet.timestamp + self._time_by) & 0xFFFFFFFF
        type_ = packet.marker << 7 | (self._again_type or 0)
        header = HEADER.pack(0x90, type_, self._again_number, timestamp, self._again_ssrc)
        self._again_number = (self._again_number + 1) & 0xFFFF
        ahead = len(packet.rest) - len(packet.payload)
        pipe.send(header, packet.rest[:ahead] + AGAIN.pack(number) + packet.payload)

    def wants_key(self) -> None:
        if self.spring is not None:
            self.spring.want_key()

    def can_take(self, bits_per_second: int) -> None:
        if self._pipe is not None:
            self.limit = (bits_per_second, self._pipe.clock())
            self._on_limit()

    def reported(self, fraction_lost: int) -> None:
        self.loss = fraction_lost / 256

    def takes(self, now: float) -> int | None:
        """Bits a second that the browser said it can take, lately."""
        return self.limit[0] if self.limit is not None and now - self.limit[1] <= REMEMBERED else None

    # --- reports

    def report(self, now: float) -> bytes:
        """When what was sent was meant: the origin's own clock, so that lips and voice stay together."""
        if self._last is None or self._pipe is None:
            return b""
        ntp, timestamp = int((time.time() + NTP_EPOCH) * SECOND), self._last[1]
        origin = self.spring.origin if self.spring is not None and self.is_flowing else None
        if origin is not None:
            since = now - origin[2]
            ntp = origin[0] + int(since * SECOND)
            timestamp = origin[1] + self._time_by + int(since * RATES[self.kind])
        counts = (self.packets & 0xFFFFFFFF, self._octets & 0xFFFFFFFF)
        info = RtcpSenderInfo(ntp & (1 << 64) - 1, timestamp & 0xFFFFFFFF, *counts)
        name = RtcpSdesPacket(chunks=[RtcpSourceInfo(ssrc=self._ssrc, items=[(1, self._cname.encode())])])
        return bytes(RtcpSrPacket(ssrc=self._ssrc, sender_info=info)) + bytes(name)

    def close(self) -> None:
        self.attach(None)
        self._pipe = None
