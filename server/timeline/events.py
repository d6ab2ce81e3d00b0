"""What happens to notes and files. Subjects are "note:5" and "file:3"; about is the customer record."""

from dataclasses import dataclass

from server.kit.events import Event, event


@event("note.created")
@dataclass(frozen=True, slots=True, kw_only=True)
class NoteCreated(Event):
    """`mentions` are addressees, "user:5" or "team:2"."""

    mentions: list[str]
    excerpt: str


@event("note.edited")
@dataclass(frozen=True, slots=True, kw_only=True)
class NoteEdited(Event):
    """`mentions` holds those alone who were not named before."""

    mentions: list[str]
    excerpt: str


@event("note.pinned")
@dataclass(frozen=True, slots=True, kw_only=True)
class NotePinned(Event):
    pass


@event("note.unpinned")
@dataclass(frozen=True, slots=True, kw_only=True)
class NoteUnpinned(Event):
    pass


@event("note.removed")
@dataclass(frozen=True, slots=True, kw_only=True)
class NoteRemoved(Event):
    pass


@event("note.restored")
@dataclass(frozen=True, slots=True, kw_only=True)
class NoteRestored(Event):
    pass


@event("file.added")
@dataclass(frozen=True, slots=True, kw_only=True)
class FileAdded(Event):
    name: str
    size: int


@event("file.removed")
@dataclass(frozen=True, slots=True, kw_only=True)
class FileRemoved(Event):
    name: str


@event("file.restored")
@dataclass(frozen=True, slots=True, kw_only=True)
class FileRestored(Event):
    name: str
