"""What happens in chat. Facts of a closed room are about "room:3", so that its members alone may read them."""

from dataclasses import dataclass, field

from server.kit.events import Event, event


@event("room.created")
@dataclass(frozen=True, slots=True, kw_only=True)
class RoomCreated(Event):
    kind: str  # room | direct | record
    name: str


@event("room.changed")
@dataclass(frozen=True, slots=True, kw_only=True)
class RoomChanged(Event):
    field: str  # name | topic | archived | private
    old: str
    new: str


@event("room.archived")
@dataclass(frozen=True, slots=True, kw_only=True)
class RoomArchived(Event):
    """Nobody writes there any more; what was said can be read."""


@event("room.joined")
@dataclass(frozen=True, slots=True, kw_only=True)
class RoomJoined(Event):
    user: int


@event("room.left")
@dataclass(frozen=True, slots=True, kw_only=True)
class RoomLeft(Event):
    user: int


@event("room.read")
@dataclass(frozen=True, slots=True, kw_only=True)
class RoomRead(Event):
    """`counted`: something that the sidebar counts was among it."""

    user: int
    message: int
    counted: bool


@event("room.muted")
@dataclass(frozen=True, slots=True, kw_only=True)
class RoomMuted(Event):
    user: int
    muted: bool


@event("message.posted")
@dataclass(frozen=True, slots=True, kw_only=True)
class MessagePosted(Event):
    room: int
    author: int
    excerpt: str
    mentions: list[str] = field(default_factory=list)  # ["user:5", "team:2"]
    reply_to: int | None = None
    to: int | None = None  # the other one of a direct message


@event("message.edited")
@dataclass(frozen=True, slots=True, kw_only=True)
class MessageEdited(Event):
    room: int
    author: int
    excerpt: str
    mentions: list[str] = field(default_factory=list)  # those that were not called before


@event("message.removed")
@dataclass(frozen=True, slots=True, kw_only=True)
class MessageRemoved(Event):
    room: int
    author: int


@event("message.restored")
@dataclass(frozen=True, slots=True, kw_only=True)
class MessageRestored(Event):
    room: int
    author: int


@event("message.call_changed")
@dataclass(frozen=True, slots=True, kw_only=True)
class MessageCallChanged(Event):
    """The line of a call: `state` is going | missed | over."""

    room: int
    author: int
    state: str


@event("reaction.added")
@dataclass(frozen=True, slots=True, kw_only=True)
class ReactionAdded(Event):
    room: int
    emoji: str


@event("reaction.removed")
@dataclass(frozen=True, slots=True, kw_only=True)
class ReactionRemoved(Event):
    room: int
    emoji: str
