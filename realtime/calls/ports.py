"""What calls need from outside, and what they tell: the database behind them is handed in by `main` as a `Book`."""

from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

from realtime.ports import Person

Source = Literal["audio", "camera", "screen"]
SOURCES: tuple[Source, ...] = ("audio", "camera", "screen")


@dataclass(frozen=True, slots=True)
class Seat:
    """A person's place in one call. The same person gets the same `participant` again, whatever its connection.

    `token`: what the participant rejoins with; given in plain only when it was made by this very question, else "".
    `waiting`: in the lobby: told of, but without media until `Wishes.admitted` names it.
    """

    participant: int
    kind: Literal["member", "guest"]
    name: str
    host: bool = False
    token: str = ""
    waiting: bool = False


@dataclass(frozen=True, slots=True)
class Wishes:
    """The state of a call as HTTP verbs have written it. The owner makes the room equal to it, again and again.

    `ended` holds the reason (it goes to the browsers with `bye`), None while the call is open. `locked`: nobody new.
    `muted`: their sound goes to nobody until they are taken off this list. `consented`: who may be recorded.
    `held`: neither hear nor are heard, but by the server's own voice. `mesh`: two members may talk directly.
    """

    ended: str | None = None
    locked: bool = False
    removed: frozenset[int] = frozenset()
    muted: frozenset[int] = frozenset()
    admitted: frozenset[int] = frozenset()
    hosts: frozenset[int] = frozenset()
    held: frozenset[int] = frozenset()
    recording: Literal["off", "on", "paused"] = "off"
    consented: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that happened in a call; `at` is the owner's clock (seconds since the epoch)."""

    call: str
    at: float


@dataclass(frozen=True, slots=True)
class Joined(Fact):
    """In the room. Told once for each time somebody comes, not for a reconnect; in the lobby with `waiting`."""

    participant: int
    waiting: bool = False


@dataclass(frozen=True, slots=True)
class Connected(Fact):
    """Media flows to and from the participant now; told for each of its connections."""

    participant: int


@dataclass(frozen=True, slots=True)
class Left(Fact):
    """`reason`: left, lost, removed, taken (nothing but the last connection counts), failed, ended, restart."""

    participant: int
    reason: str


@dataclass(frozen=True, slots=True)
class Reconnecting(Fact):
    """Nothing was heard of it for ten seconds (`back=True`: it is heard again)."""

    participant: int
    back: bool = False


@dataclass(frozen=True, slots=True)
class Recorded(Fact):
    """A finished part of a recording. `file` lies in the folder of parts; `started` is its first packet's time."""

    participant: int
    source: Source
    file: str
    started: float
    seconds: float
    bytes: int


@dataclass(frozen=True, slots=True)
class Digit(Fact):
    """A key was pressed. Digits may be a PIN: never write them into a fact, a log or a timeline."""

    participant: int
    digit: str


@dataclass(frozen=True, slots=True)
class Spoken(Fact):
    """The server's voice came to the end of a clip, or was stopped: `how` is ended, stopped, digit or failed."""

    clip: str
    how: str


@dataclass(frozen=True, slots=True)
class Emptied(Fact):
    """The last one left; the owner keeps the room a while for whoever comes back, then gives the call back."""


@dataclass(frozen=True, slots=True)
class Clip:
    """Something for the server to say: `path` any sound file. To one participant, or to all with None.

    A new clip ends the one before it for the same listener. `stops_on_digit`: any key of that listener ends it.
    """

    id: str
    path: str
    to: int | None = None
    stops_on_digit: bool = False
    repeats: bool = False  # music on hold


class Book(Protocol):
    """The database behind calls. Every question may raise; that counts as no, and is asked again later."""

    async def seat(self, person: Person, call: str, token: str | None) -> Seat | None:
        """The right to take part, now. None: no such call, ended, locked, removed, or not for this person.

        `token` brings back the participant it was given to, if it belongs to the same person.
        """

    async def claim(self, call: str, process: str) -> str | None:
        """Make `process` the owner for ten seconds unless somebody else is; the owner's name, None = no open call."""

    async def renew(self, calls: Collection[str], process: str) -> set[str]:
        """Ten more seconds for those still mine, in one statement; those come back."""

    async def release(self, call: str, process: str) -> None:
        """Somebody else may own it at once."""

    async def wishes(self, call: str) -> Wishes: ...

    async def report(self, facts: Collection[Fact]) -> None:
        """What happened, in order. After an error the same facts are told again, up to a minute."""


@dataclass(frozen=True, slots=True)
class MediaSettings:
    """Where media comes in, and which relay browsers may use."""

    folder: Path  # of recorded parts
    address: str = ""  # public address put into our candidates
    ports: tuple[int, int] | None = None  # first and last UDP port; None = any
    bind: str = ""  # the one local address to listen on; "" = all but loopback
    turn_url: str = ""  # by comma: "turn:turn.example.org:3478?transport=udp"
    turn_secret: str = field(default="", repr=False)  # shared with coturn's use-auth-secret


def ports_of(text: str) -> tuple[int, int] | None:
    """ "40000-40100" as numbers; "" is None. Raises ValueError for what is no range of at least ten ports."""
    if not text:
        return None
    first, _, last = text.partition("-")
    low, high = int(first), int(last)
    if not 1024 <= low <= high <= 65535 or high - low < 9:
        raise ValueError("a range of at least ten ports between 1024 and 65535, such as 40000-40100")
    return low, high
