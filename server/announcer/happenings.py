"""What may happen in a talk with a caller, and what may be done about it."""

from dataclasses import dataclass
from typing import Literal

from server.announcer.script import Known, Option, Piece

# --- what happens


@dataclass(frozen=True, slots=True)
class Came:
    """The caller is connected; told again after a new connection."""


@dataclass(frozen=True, slots=True)
class Key:
    digit: str


@dataclass(frozen=True, slots=True)
class Said:
    """What was to be said came to its end."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What became of a number and its PIN: None = they do not match, whatever the reason."""

    known: Known | None


@dataclass(frozen=True, slots=True)
class Placed:
    """How many wait for the same, with this caller."""

    number: int


@dataclass(frozen=True, slots=True)
class Nobody:
    """It rings for nobody any more."""


@dataclass(frozen=True, slots=True)
class Met:
    """Somebody of the team is in the call."""


@dataclass(frozen=True, slots=True)
class Alone:
    """They have all left again."""


@dataclass(frozen=True, slots=True)
class Tick:
    """The time that `due` named has come."""


Happening = Came | Key | Said | Checked | Placed | Nobody | Met | Alone | Tick

# --- what is done


@dataclass(frozen=True, slots=True)
class Say:
    """Ends what was being said. A key cuts it short when `stops`."""

    pieces: tuple[Piece, ...]
    voice: str = ""
    stops: bool = True
    repeats: bool = False


@dataclass(frozen=True, slots=True)
class Do:
    """`what`: hush | ring | unring | check | pause | resume | call_back | record | keep | end; `option` for ring,
    `number` and `pin` for check."""

    what: Literal["hush", "ring", "unring", "check", "pause", "resume", "call_back", "record", "keep", "end"]
    option: Option | None = None
    number: str = ""
    pin: str = ""

    def __repr__(self) -> str:
        return f"Do({self.what!r})"  # never with digits: a traceback is written down


Act = Say | Do
