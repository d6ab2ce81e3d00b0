"""The cells of a list row: which there are, their ids and classes, known once and not asked again for each row."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from server.contacts.models import CustomField

SHOWN_NARROW = ("name", "tags")  # all that a phone has room for


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


def cells_of(kind: str, columns: Iterable[CustomField]) -> list[Cell]:
    """The cells of a row of people or companies, from the left, with the chosen custom fields."""
    own = ["name", "company", "points", "tags"] if kind == "contact" else ["name", "points", "tags"]
    return [cell_of(name) for name in (*own, *(f"x.{column.key}" for column in columns), "owner")]
