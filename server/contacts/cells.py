"""A row of the list as a pure function of what it shows, and so drawn once for all who see the same."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache, lru_cache
from typing import Any

from markupsafe import Markup

from server.contacts.models import Contact, CustomField
from server.kit.pages import macros

SHOWN_NARROW = ("name", "tags")  # all that a phone has room for
TAGS_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Face:
    """A person as a small picture or initials."""

    id: int
    name: str
    picture: str


@dataclass(frozen=True, slots=True)
class ListRow:
    """All that a row shows, and nothing else. `point` is the main mail or phone; `custom` has (key, value)."""

    id: int
    kind: str
    name: str
    version: int
    active_at: datetime
    point: str
    tags: tuple[str, ...]
    company: str | None  # left out when it is not for everybody
    owner: Face | None
    custom: tuple[tuple[str, Any], ...] = ()

    @property
    def url(self) -> str:
        return f"/{'companies' if self.kind == 'company' else 'contacts'}/{self.id}"

    def value(self, key: str) -> Any:
        return dict(self.custom).get(key)


def main_point(emails: Sequence[dict[str, str]], phones: Sequence[dict[str, str]]) -> str:
    return next((points[0]["value"] for points in (emails, phones) if points), "")


def row_of(contact: Contact) -> ListRow:
    """From a record that is loaded with its owner and company."""
    owner = contact.owner
    return ListRow(
        contact.id,
        contact.kind,
        contact.name,
        contact.version,
        contact.active_at,
        main_point(contact.emails, contact.phones),
        tuple(contact.tags[:TAGS_SHOWN]),
        contact.open_company.name if contact.open_company else None,
        Face(owner.id, owner.name, owner.picture) if owner else None,
        tuple(contact.custom.items()),
    )


@dataclass(frozen=True, slots=True)
class Cell:
    """`name` is a part of the record, or "x.<key>" for a custom field; `key` is then the key."""

    name: str
    id: str  # the end of its element's id
    css: str
    key: str


@cache
def cell_of(name: str) -> Cell:
    key = name.removeprefix("x.") if name.startswith("x.") else ""
    css = "show-s" if name in SHOWN_NARROW else "soft cut num" if key else "soft cut" if name != "owner" else ""
    return Cell(name, "cell-" + name.replace(".", "-"), css, key)


def cells_of(kind: str, columns: Iterable[CustomField]) -> tuple[Cell, ...]:
    """The cells of a row of people or companies, from the left, with the chosen custom fields."""
    own = ["name", "company", "points", "tags"] if kind == "contact" else ["name", "points", "tags"]
    return tuple(cell_of(name) for name in (*own, *(f"x.{column.key}" for column in columns), "owner"))


@lru_cache(maxsize=4096)
def draw_row(language: str, cells: tuple[Cell, ...], row: ListRow) -> Markup:
    """The table row in the language that is spoken now."""
    return Markup(macros("contacts/_cells.jinja").whole(row, cells))
