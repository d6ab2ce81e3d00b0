"""What a mailbox is to us, whoever keeps it: the port that channels/imap.py fills."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

AT_ONCE = 1000  # letters that one look tells of; the next look tells of the rest


@dataclass(frozen=True, slots=True)
class Login:
    """An account as its server wants it."""

    host: str
    port: int
    security: str
    username: str
    password: str = field(repr=False)
    folder: str = "INBOX"


@dataclass(frozen=True, slots=True)
class Position:
    """`validity` says what the numbers mean, `next_uid` is the one that the next letter gets."""

    validity: int
    next_uid: int


class Inbox(Protocol):
    """A mailbox that is open. Whatever goes wrong is Unreachable."""

    pushes: bool

    async def open(self) -> Position: ...

    async def after(self, uid: int) -> list[tuple[int, int]]:
        """(uid, size) of letters with a higher number, the lowest first; at most `AT_ONCE`."""

    async def fetch(self, uids: Sequence[int]) -> dict[int, bytes]:
        """Those of the letters that are still there."""

    async def wait(self, seconds: float) -> None:
        """Until something came, or so long."""

    async def close(self) -> None: ...
