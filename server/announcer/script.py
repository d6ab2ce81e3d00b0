"""What the announcer of one call goes by: menus, opening hours, what it may tell; plain data, made as a call begins."""

from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["team", "person", "record", "skill", "voicemail", "self", "menu", "text", "file"]
KINDS: tuple[Kind, ...] = ("team", "person", "record", "skill", "voicemail", "self", "menu", "text", "file")


@dataclass(frozen=True, slots=True)
class Prompt:
    """One of our own sentences, by its key (words.py); `values` may hold a name, which no file that ships can say."""

    key: str
    values: tuple[str, ...] = ()
    private: bool = False  # what it says is about a person: nothing of it is kept


@dataclass(frozen=True, slots=True)
class Text:
    """Words of the workspace, or of a record. Left out where nothing can speak them, or `instead` is said."""

    text: str
    instead: Prompt | None = None
    private: bool = False


@dataclass(frozen=True, slots=True)
class File:
    """A sound that admins gave; `key` is its file."""

    key: str


Piece = Prompt | Text | File


@dataclass(frozen=True, slots=True)
class Option:
    """`digit` leads to something. `target`: the number of the team, person or menu."""

    digit: str
    kind: Kind
    label: str
    target: int | None = None
    text: str = ""
    file: str = ""
    skill: str = ""


@dataclass(frozen=True, slots=True)
class Menu:
    id: int
    greeting: str = ""
    closed: str = ""
    file: str = ""  # played in place of the greeting
    is_open: bool = True
    voice: str = ""
    options: tuple[Option, ...] = ()

    def option(self, digit: str) -> Option | None:
        return next((one for one in self.options if one.digit == digit), None)


@dataclass(frozen=True, slots=True)
class Known:
    """Whose identity is proved, and what they may hear of their record: (label, value)."""

    name: str
    fields: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Script:
    language: str
    root: int
    menus: dict[int, Menu] = field(default_factory=dict)
    wait: float = 30.0  # seconds it rings before it offers to take a message
    records: bool = False
    known: Known | None = None  # by a signed link


FIELDS = "12345"  # keys of what one may hear of one's record


def offers_of(known: Known | None) -> list[Piece]:
    fields = known.fields if known else ()
    heard = [Prompt("field", (label, digit), private=True) for digit, (label, _v) in zip(FIELDS, fields, strict=False)]
    return [*heard, Prompt("self_service")]


def told_of(known: Known | None, digit: str) -> Piece | None:
    """What this key leads to, if it is one of a field."""
    fields = dict(zip(FIELDS, known.fields if known else (), strict=False))
    if digit not in fields:
        return None
    label, value = fields[digit]
    return Text(f"{label}: {value}.", private=True) if value else Prompt("empty_field")


def greeting_of(menu: Menu) -> list[Piece]:
    if menu.file:
        return [File(menu.file)]
    return [Text(menu.greeting, Prompt("welcome")) if menu.greeting else Prompt("welcome")]


def closed_of(menu: Menu) -> Piece:
    return Text(menu.closed, Prompt("closed")) if menu.closed else Prompt("closed")


def choices_of(menu: Menu) -> list[Piece]:
    return [Prompt(f"option_{option.kind}", (option.label, option.digit)) for option in menu.options]
