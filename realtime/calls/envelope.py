"""What travels on the bus between the process of a socket and the owner of a call; fleeting, and our own words only.

"calls" is heard by every process that may own one, "call:<id>" by its owner, "conn:<process>" by that process.
"""

import json
from typing import Any, NamedTuple

from realtime.calls.people import Address
from realtime.calls.ports import Clip, Seat

MARK = b"call\n"
KNOCK = "calls"


def call_channel(call: str) -> str:
    return f"call:{call}"


def process_channel(process: str) -> str:
    return f"conn:{process}"


def packed(**members: Any) -> bytes:
    return MARK + json.dumps(members, separators=(",", ":")).encode()


def opened(data: bytes) -> dict[str, Any] | None:
    """The members again; None for what is not ours."""
    if not data.startswith(MARK):
        return None
    try:
        members = json.loads(data.removeprefix(MARK))
    except ValueError:
        return None
    return members if isinstance(members, dict) else None


class Knock(NamedTuple):
    """Somebody wants to come in; the right to was asked by its own process."""

    call: str
    seat: Seat
    address: Address
    on: dict[str, bool]

    def packed(self) -> bytes:
        seat = self.seat
        place = [seat.participant, seat.kind, seat.name, seat.host, seat.token, seat.waiting]
        return packed(do="knock", call=self.call, seat=place, at=list(self.address), on=self.on)

    @classmethod
    def read(cls, members: dict[str, Any]) -> "Knock":
        return cls(members["call"], Seat(*members["seat"]), Address(*members["at"]), members["on"])


def clip_packed(clip: Clip) -> bytes:
    return packed(do="play", clip=[clip.id, clip.path, clip.to, clip.stops_on_digit, clip.repeats])


def frame_packed(to: Address, call: str, frame: dict[str, Any]) -> bytes:
    """A frame for a socket, whole; in front of it what the process there has to know."""
    head = json.dumps([to.connection, call, frame.get("do")]).encode()
    return MARK + head + b"\n" + json.dumps({"t": "call", "call": call, **frame}, separators=(",", ":")).encode()


def frame_opened(data: bytes) -> tuple[int, str, str, bytes] | None:
    """Connection, call, what it is, and the frame's bytes."""
    if not data.startswith(MARK):
        return None
    head, _, payload = data.removeprefix(MARK).partition(b"\n")
    try:
        connection, call, do = json.loads(head)
    except (TypeError, ValueError):
        return None
    return connection, call, do, payload
