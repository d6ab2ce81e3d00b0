"""What happens to an import. That records are in is contacts.imported, a fact of contacts."""

from dataclasses import dataclass

from server.kit.events import Event, event


@event("import.undone")
@dataclass(frozen=True, slots=True, kw_only=True)
class ImportUndone(Event):
    """`left`: records that somebody changed since."""

    undone: int
    left: int
