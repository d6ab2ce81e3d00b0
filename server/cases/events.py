"""What happens to cases. The subject is "case:9"; about is the requester's record, whose rights apply."""

from dataclasses import dataclass, field

from server.kit.events import Event, event


@event("case.opened")
@dataclass(frozen=True, slots=True, kw_only=True)
class CaseOpened(Event):
    """`call`: the call it was opened from."""

    number: int
    title: str
    via: str = "email"
    call: int | None = None


@event("case.received")
@dataclass(frozen=True, slots=True, kw_only=True)
class CaseReceived(Event):
    """A message of the customer."""

    message: int
    excerpt: str


@event("case.answered")
@dataclass(frozen=True, slots=True, kw_only=True)
class CaseAnswered(Event):
    """A reply to the customer; it leaves a few seconds later."""

    message: int
    excerpt: str


@event("case.withdrawn")
@dataclass(frozen=True, slots=True, kw_only=True)
class CaseWithdrawn(Event):
    """The reply was taken back before it left."""

    message: int


@event("case.sent")
@dataclass(frozen=True, slots=True, kw_only=True)
class CaseSent(Event):
    message: int


@event("case.unsent")
@dataclass(frozen=True, slots=True, kw_only=True)
class CaseUnsent(Event):
    """The reply could not be delivered."""

    message: int


@event("case.noted")
@dataclass(frozen=True, slots=True, kw_only=True)
class CaseNoted(Event):
    """A note of the team; the customer never sees it."""

    message: int
    excerpt: str
    mentions: list[str] = field(default_factory=list)


@event("case.assigned")
@dataclass(frozen=True, slots=True, kw_only=True)
class CaseAssigned(Event):
    old: int | None
    new: int | None
    old_team: int | None
    new_team: int | None


@event("case.changed")
@dataclass(frozen=True, slots=True, kw_only=True)
class CaseChanged(Event):
    """`field`: status | priority | subject."""

    field: str
    old: str
    new: str


@event("case.moved")
@dataclass(frozen=True, slots=True, kw_only=True)
class CaseMoved(Event):
    """It was filed under another record; its history went along."""

    old: str
    new: str
