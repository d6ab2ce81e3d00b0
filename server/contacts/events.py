"""What happens to records. Subject and about are the record itself, "contact:7" or "company:3"."""

from dataclasses import dataclass

from server.kit.events import Event, event


@event("contact.created")
@dataclass(frozen=True, slots=True, kw_only=True)
class ContactCreated(Event):
    title: str  # the record's name


@event("contact.changed")
@dataclass(frozen=True, slots=True, kw_only=True)
class ContactChanged(Event):
    """One field; `old` and `new` as people read them, but for a company, which is named by its reference."""

    field: str
    label: str
    old: str
    new: str


@event("contact.trashed")
@dataclass(frozen=True, slots=True, kw_only=True)
class ContactTrashed(Event):
    pass


@event("contact.restored")
@dataclass(frozen=True, slots=True, kw_only=True)
class ContactRestored(Event):
    pass


@event("contact.erased")
@dataclass(frozen=True, slots=True, kw_only=True)
class ContactErased(Event):
    """The proof line of a record that is gone for good."""


@event("contact.restricted")
@dataclass(frozen=True, slots=True, kw_only=True)
class ContactRestricted(Event):
    """For these people and teams alone from now on; an empty `new` opens it to everybody."""

    old: list[str]
    new: list[str]


@event("company.relabelled")
@dataclass(frozen=True, slots=True, kw_only=True)
class CompanyRelabelled(Event):
    """What its people show of a company changed: its name, or who may read it. The name is not in it, because it is
    announced to those who look at the people."""


@event("contacts.imported")
@dataclass(frozen=True, slots=True, kw_only=True)
class ContactsImported(Event):
    """Bulk work ended: many records are new or changed."""

    created: int
    updated: int
    failed: int


@event("field.defined")
@dataclass(frozen=True, slots=True, kw_only=True)
class FieldDefined(Event):
    key: str
    label: str
    kind: str


@event("field.changed")
@dataclass(frozen=True, slots=True, kw_only=True)
class FieldChanged(Event):
    key: str
    label: str


@event("field.removed")
@dataclass(frozen=True, slots=True, kw_only=True)
class FieldRemoved(Event):
    key: str


@event("view.saved")
@dataclass(frozen=True, slots=True, kw_only=True)
class ViewSaved(Event):
    """`user`: whose it is; None is everybody's. The same in the two below."""

    name: str
    user: int | None
    place: str


@event("view.changed")
@dataclass(frozen=True, slots=True, kw_only=True)
class ViewChanged(Event):
    name: str
    user: int | None
    place: str


@event("view.removed")
@dataclass(frozen=True, slots=True, kw_only=True)
class ViewRemoved(Event):
    name: str
    user: int | None
    place: str
