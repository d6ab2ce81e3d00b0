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
    """A message of the customer. `concerned`: who has the case, and who follows it."""

    message: int
    excerpt: str
    concerned: list[int] = field(default_factory=list)


@event("case.answered")
@dataclass(frozen=True, slots=True, kw_only=True)
class CaseAnswered(Event):
    """A reply to the customer; it leaves a few seconds later."""

    message: int
    excerpt: str


@event("case.scheduled")
@dataclass(frozen=True, slots=True, kw_only=True)
class CaseScheduled(Event):
    """A reply for later (`at`, ISO 8601). It answers nothing until it leaves; then `case.answered` says so."""

    message: int
    excerpt: str
    at: str


@event("case.held")
@dataclass(frozen=True, slots=True, kw_only=True)
class CaseHeld(Event):
    """Somebody wrote before a reply for later left: it waits until its writer says what becomes of it."""

    message: int
    excerpt: str
    author: int | None = None


@event("case.leaving")
@dataclass(frozen=True, slots=True, kw_only=True)
class CaseLeaving(Event):
    """The mail server is being asked: from here on nobody takes the reply back."""

    message: int


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
    """The reply could not be delivered, or came back. `author`: whose it is."""

    message: int
    author: int | None = None
    problem: str = ""


@event("case.auto_received")
@dataclass(frozen=True, slots=True, kw_only=True)
class CaseAutoReceived(Event):
    """A letter that is only kept. `state`: auto (a program wrote it) | held (of a flood)."""

    message: int
    excerpt: str
    state: str


@event("case.flooded")
@dataclass(frozen=True, slots=True, kw_only=True)
class CaseFlooded(Event):
    """Somebody sends more letters than a person writes; they are held. `concerned`: addressees who are told."""

    sender: str
    concerned: list[str] = field(default_factory=list)


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
    """`field`: status | priority | subject | type | tags | parent."""

    field: str
    old: str
    new: str


@event("case.moved")
@dataclass(frozen=True, slots=True, kw_only=True)
class CaseMoved(Event):
    """It was filed under another record; its history went along."""

    old: str
    new: str


@event("case.followed")
@dataclass(frozen=True, slots=True, kw_only=True)
class CaseFollowed(Event):
    """Somebody wants to be told what happens to it, or no longer."""

    user: int
    on: bool


@event("case.linked")
@dataclass(frozen=True, slots=True, kw_only=True)
class CaseLinked(Event):
    """A record that the case concerns beside its requester's, or no longer."""

    record: str
    on: bool


@event("case.claimed")
@dataclass(frozen=True, slots=True, kw_only=True)
class CaseClaimed(Event):
    """Somebody has it for themselves until then (ISO 8601)."""

    user: int
    until: str


@event("case.released")
@dataclass(frozen=True, slots=True, kw_only=True)
class CaseReleased(Event):
    """Everybody may answer again: its holder let go, or the time ran out."""


@event("case.merged")
@dataclass(frozen=True, slots=True, kw_only=True)
class CaseMerged(Event):
    """Said of both: `is_into` of the one that went into `other`."""

    other: int
    number: int
    is_into: bool


@event("case.split")
@dataclass(frozen=True, slots=True, kw_only=True)
class CaseSplit(Event):
    """A part of what was said became the case `other`."""

    other: int
    number: int


@event("macro.changed")
@dataclass(frozen=True, slots=True, kw_only=True)
class MacroChanged(Event):
    """Made, or changed."""

    name: str


@event("macro.removed")
@dataclass(frozen=True, slots=True, kw_only=True)
class MacroRemoved(Event):
    name: str
