"""Who is in a room, as the room and as the others see it."""

from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from realtime.calls.ports import Fact, Seat, Source

Status = Literal["here", "waiting", "connecting", "reconnecting"]


class Address(NamedTuple):
    """One socket of one web process."""

    process: str
    connection: int


@dataclass(slots=True)
class Someone:
    """A participant. `address` None = its socket is lost, since `silent`; `heard` is when packets came last.

    `round` counts its media connections: a higher one replaces the one before it.
    """

    seat: Seat
    address: Address | None
    joined: float
    status: Status
    heard: float
    silent: float = 0.0
    round: int = 1
    told: int = 0
    on: dict[str, bool] = field(default_factory=lambda: dict.fromkeys(("audio", "video", "hand", "screen"), False))

    @property
    def id(self) -> int:
        return self.seat.participant

    @property
    def shows(self) -> frozenset[Source]:
        pairs: tuple[tuple[Source, bool], ...] = (("camera", self.on["video"]), ("screen", self.on["screen"]))
        return frozenset(source for source, on in pairs if on)

    @property
    def is_member(self) -> bool:
        return self.seat.kind == "member"

    def shown(self, *, host: bool, muted: bool) -> dict[str, Any]:
        return {
            "id": self.id,
            "kind": self.seat.kind,
            "name": self.seat.name,
            "host": host,
            "muted": muted,
            "status": self.status,
            **self.on,
        }

    def sees(self, other: "Someone") -> bool:
        """In the lobby one sees only oneself; who waits there is for members to know."""
        if other is self:
            return True
        return self.status != "waiting" and (other.status != "waiting" or self.is_member)


@dataclass(frozen=True, slots=True)
class Tell:
    """A frame for one socket; `frame` has everything but `t` and `call`."""

    to: Address
    frame: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Note:
    """A fact for the book."""

    fact: Fact


Command = Tell | Note


@dataclass(frozen=True, slots=True)
class Plan:
    """What the media shall be like now: who has a connection (and its how-manyeth), who is heard, who is recorded.

    `shows`: what of each besides the sound has a line to the others before its first packet.
    """

    peers: dict[int, int]
    shows: dict[int, frozenset[Source]]
    muted: frozenset[int]
    held: frozenset[int]
    recorded: frozenset[int]
    direct: bool  # the two talk to each other: nothing is forwarded
