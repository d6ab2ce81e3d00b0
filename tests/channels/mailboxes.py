"""Mailboxes for tests: a twin in memory beside the real one on dovecot, and letters to put into both."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress

from server.channels.imap import ImapInbox
from server.channels.inbox import AT_ONCE, Login, Position
from server.kit.outbound import Outbound, Unreachable, Why
from tests.dovecot import PASSWORD, Dovecot


class Mailbox:
    """What a server keeps, for the twin: letters by number."""

    def __init__(self) -> None:
        self.letters: dict[int, bytes] = {}
        self.validity, self.next_uid = 1, 1
        self.news = asyncio.Event()
        self.rounds: asyncio.Queue[None] = asyncio.Queue()  # each time somebody waits for news
        self.trouble: Why | None = None
        self.opened = 0

    def put(self, *letters: bytes) -> None:
        for letter in letters:
            self.letters[self.next_uid] = letter
            self.next_uid += 1
        self.news.set()

    def renumber(self) -> None:
        """As a server does that lost its index: the same letters under other numbers."""
        letters = list(self.letters.values())
        self.letters = dict(enumerate(letters, 1))
        self.validity, self.next_uid = self.validity + 1, len(letters) + 1


class MemoryInbox:
    pushes = True

    def __init__(self, mailbox: Mailbox) -> None:
        self._mailbox = mailbox

    async def open(self) -> Position:
        self._mailbox.opened += 1
        self._check()
        return Position(self._mailbox.validity, self._mailbox.next_uid)

    def _check(self) -> None:
        if self._mailbox.trouble:
            raise Unreachable(self._mailbox.trouble)

    async def after(self, uid: int) -> list[tuple[int, int]]:
        self._check()
        self._mailbox.news.clear()
        found = sorted((n, len(letter)) for n, letter in self._mailbox.letters.items() if n > uid)
        return found[:AT_ONCE]

    async def fetch(self, uids: Sequence[int]) -> dict[int, bytes]:
        self._check()
        return {uid: self._mailbox.letters[uid] for uid in uids if uid in self._mailbox.letters}

    async def wait(self, seconds: float) -> None:
        self._mailbox.rounds.put_nowait(None)
        with suppress(TimeoutError):
            await asyncio.wait_for(self._mailbox.news.wait(), seconds)
        self._check()

    async def close(self) -> None:
        return None


class WatchedInbox(ImapInbox):
    """The real one, which says when it begins to wait."""

    rounds: asyncio.Queue[None]

    async def wait(self, seconds: float) -> None:
        self.rounds.put_nowait(None)
        await super().wait(seconds)


def login(server: Dovecot, user: str = "help", **values: object) -> Login:
    parts = {"host": "127.0.0.1", "port": server.port, "security": "none", "username": user, "password": PASSWORD}
    return Login(**parts | values)  # type: ignore[arg-type]


def watched(server: Dovecot, rounds: "asyncio.Queue[None]", given: Login) -> WatchedInbox:
    inbox = WatchedInbox(Outbound(f"127.0.0.1:{server.port}"), given)
    inbox.rounds = rounds
    return inbox
