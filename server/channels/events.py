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
