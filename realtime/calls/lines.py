"""The lines of a connection: what was agreed on for each, who listens to it and who speaks on it."""

import struct
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

HEADER = struct.Struct("!BBHLL")
MID, LEVEL, SEND_TIME = 1, 2, 3  # ids of the header extensions in every offer of aiortc


@dataclass(frozen=True, slots=True)
class Line:
    """What both sides agreed on for one line: payload types, sources and names."""

    media: tuple[int, ...]  # VP8 or Opus
    again: dict[int, int]  # type of what is sent again -> type of the original
    events: frozenset[int]  # telephone-event
    sources: tuple[int, ...]
    mid: str
    cname: str


class Way(Protocol):
    """The connection as its lines see it."""

    @property
    def clock(self) -> Callable[[], float]: ...

    def send(self, header: bytes, rest: bytes) -> None: ...

    def send_reports(self, data: bytes) -> None: ...

    def listen(self, ear: "Ear", sources: Iterable[int], mid: str) -> None: ...

    def speak(self, mouth: "Mouth", ssrc: int) -> None: ...


class Ear(Protocol):
    """Where the packets of one incoming line go."""

    def negotiated(self, line: Line, pipe: Way) -> None: ...

    def rtp(self, data: bytes, now: float) -> None: ...

    def sender_report(self, ntp: int, timestamp: int, now: float) -> None: ...


class Mouth(Protocol):
    """What says something on one outgoing line, and what the browser answers to it."""

    def negotiated(self, line: Line, pipe: Way) -> None: ...

    @property
    def is_flowing(self) -> bool: ...

    def lost(self, numbers: Iterable[int]) -> None: ...

    def wants_key(self) -> None: ...

    def can_take(self, bits_per_second: int) -> None: ...

    def reported(self, fraction_lost: int) -> None: ...


class Nobody:
    """Stands where nothing listens and nothing is said."""

    def negotiated(self, line: Line, pipe: Way) -> None:
        return

    def rtp(self, data: bytes, now: float) -> None:
        return

    def sender_report(self, ntp: int, timestamp: int, now: float) -> None:
        return

    @property
    def is_flowing(self) -> bool:
        return False

    def lost(self, numbers: Iterable[int]) -> None:
        return

    def wants_key(self) -> None:
        return

    def can_take(self, bits_per_second: int) -> None:
        return

    def reported(self, fraction_lost: int) -> None:
        return


NOBODY = Nobody()


def extension(plain: bytes, wanted: int) -> bytes:
    """The header extension of this id (one-byte form), or b""."""
    if not plain[0] & 0x10:
        return b""
    at = 12 + 4 * (plain[0] & 15)
    if plain[at : at + 2] != b"\xbe\xde":
        return b""
    end = min(at + 4 + 4 * int.from_bytes(plain[at + 2 : at + 4], "big"), len(plain))
    at += 4
    while at < end:
        head = plain[at]
        size = (head & 15) + 1 if head else 0
        if head and head >> 4 == wanted:
            return plain[at + 1 : at + 1 + size]
        at += 1 + size
    return b""
