"""What happens to rules, and what they do."""

from dataclasses import dataclass

from server.kit.events import Event, event


@event("automation.changed")
@dataclass(frozen=True, slots=True, kw_only=True)
class AutomationChanged(Event):
    """A rule, an agent's limits or the care of still cases was changed; the subject says which."""

    name: str


@event("letter.sent")
@dataclass(frozen=True, slots=True, kw_only=True)
class LetterSent(Event):
    """A letter that answers an event left; the subject is the event's."""

    letter: int


@event("letter.failed")
@dataclass(frozen=True, slots=True, kw_only=True)
class LetterFailed(Event):
    """It could not be sent, for good."""

    letter: int
    problem: str


@event("automation.acted")
@dataclass(frozen=True, slots=True, kw_only=True)
class AutomationActed(Event):
    """A rule matched this case; what it changed are facts of their own."""

    rule: str
