"""What happens on the customers' side. The subject of what stands in the thread is "case:9"; of the rest "side:9"."""

from dataclasses import dataclass

from server.kit.events import Event, event


@event("case.shared")
@dataclass(frozen=True, slots=True, kw_only=True)
class CaseShared(Event):
    """Somebody made a link to the customer's page of the case."""


@event("case.unshared")
@dataclass(frozen=True, slots=True, kw_only=True)
class CaseUnshared(Event):
    """All links to the customer's page were taken back."""


@event("case.rated")
@dataclass(frozen=True, slots=True, kw_only=True)
class CaseRated(Event):
    stars: int
    words: str


@event("side.read")
@dataclass(frozen=True, slots=True, kw_only=True)
class SideRead(Event):
    """`side`: customer | team; up to which message."""

    side: str
    n: int


@event("side.moved")
@dataclass(frozen=True, slots=True, kw_only=True)
class SideMoved(Event):
    """The visitor is on another page of the site."""
