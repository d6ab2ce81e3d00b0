"""What happens to rules, and what they do."""

from dataclasses import dataclass

from server.kit.events import Event, event


@event("automation.changed")
@dataclass(frozen=True, slots=True, kw_only=True)
class AutomationChanged(Event):
    """A rule, an agent's limits or the care of still cases was changed; the subject says which."""

    name: str


@event("automation.acted")
@dataclass(frozen=True, slots=True, kw_only=True)
class AutomationActed(Event):
    """A rule matched this case; what it changed are facts of their own."""

    rule: str
