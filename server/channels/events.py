"""What happens to channels."""

from dataclasses import dataclass

from server.kit.events import Event, event


@event("channel.opened")
@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelOpened(Event):
    address: str


@event("channel.changed")
@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelChanged(Event):
    field: str
    old: str
    new: str


@event("channel.closed")
@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelClosed(Event):
    """Nothing comes in there any more; its cases stay."""

    address: str


@event("channel.connected")
@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelConnected(Event):
    """Its mailbox is being read."""


@event("channel.troubled")
@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelTroubled(Event):
    """Its mailbox cannot be read now; `why` is a word of kit/outbound.py."""

    why: str


@event("channel.set_aside")
@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelSetAside(Event):
    """A letter could not be taken, or one that could not is tried again or given up."""


@event("channel.filled")
@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelFilled(Event):
    """Old letters of a new mailbox became cases, some at a time."""
