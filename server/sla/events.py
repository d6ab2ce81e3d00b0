"""What happens to promises. The subject is "case:9"; about is the requester's record."""

from dataclasses import dataclass

from server.kit.events import Event, event


@event("sla.warned")
@dataclass(frozen=True, slots=True, kw_only=True)
class SlaWarned(Event):
    """`kind`: first | next | solution. `concerned`: who has the case, or the team that has it ("user:5", "team:2")."""

    kind: str
    due: str
    concerned: list[str]


@event("sla.breached")
@dataclass(frozen=True, slots=True, kw_only=True)
class SlaBreached(Event):
    """Not answered, or not solved, by the promised time."""

    kind: str
    due: str
    concerned: list[str]


@event("sla.recounted")
@dataclass(frozen=True, slots=True, kw_only=True)
class SlaRecounted(Event):
    """When it is due was counted again, since what is promised changed."""


@event("sla.changed")
@dataclass(frozen=True, slots=True, kw_only=True)
class SlaChanged(Event):
    """A policy or a calendar was made, changed or removed; the subject says which."""

    name: str
