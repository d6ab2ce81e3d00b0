"""What happens to callers of the line and to customers' PINs. No fact ever holds a digit that somebody typed."""

from dataclasses import dataclass

from server.kit.events import Event, event


@event("line.called")
@dataclass(frozen=True, slots=True, kw_only=True)
class LineCalled(Event):
    """Somebody called by the public line. `proof`: "" | link."""

    name: str
    proof: str


@event("line.identified")
@dataclass(frozen=True, slots=True, kw_only=True)
class LineIdentified(Event):
    """The caller has proved who they are: the call is about their record from now on."""

    proof: str


@event("line.chosen")
@dataclass(frozen=True, slots=True, kw_only=True)
class LineChosen(Event):
    """In the menu; `label` is what was read to them."""

    label: str


@event("line.rang")
@dataclass(frozen=True, slots=True, kw_only=True)
class LineRang(Event):
    """It rings for people who were in another call before."""


@event("line.asked")
@dataclass(frozen=True, slots=True, kw_only=True)
class LineAsked(Event):
    """They asked to be called back."""


@event("voicemail.left")
@dataclass(frozen=True, slots=True, kw_only=True)
class VoicemailLeft(Event):
    """A message that can be played. `team`: for whom."""

    name: str
    seconds: int
    team: int | None


@event("pin.given")
@dataclass(frozen=True, slots=True, kw_only=True)
class PinGiven(Event):
    """By the actor. The subject is the customer's record."""


@event("pin.removed")
@dataclass(frozen=True, slots=True, kw_only=True)
class PinRemoved(Event):
    """The number and its PIN open nothing any more."""


@event("pin.locked")
@dataclass(frozen=True, slots=True, kw_only=True)
class PinLocked(Event):
    """Too many wrong PINs for this customer's number."""


@event("pin.link_mailed")
@dataclass(frozen=True, slots=True, kw_only=True)
class LinkMailed(Event):
    """The link that proves who they are went to this address of theirs."""

    to: str


@event("line.changed")
@dataclass(frozen=True, slots=True, kw_only=True)
class LineChanged(Event):
    """By an admin. `what`: line | menu | option."""

    what: str
