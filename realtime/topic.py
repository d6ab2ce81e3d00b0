"""The state of one topic in this process."""

import asyncio
from collections.abc import Collection
from typing import TYPE_CHECKING

from realtime.message import Message

if TYPE_CHECKING:
    from realtime.connection import Connection, Subscription

WAITING = 500  # messages kept that came too early; more are read from the database anyway


class Topic:
    """`last` is the number released last; `head` the highest one known to exist; up to `floor` nothing is replayed.

    `listeners` are all its connections, `live` those that get every number as it is released.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.last = self.head = self.floor = 0
        self.rights = 0
        self.waiting: dict[int, tuple[Message, Collection[str] | None]] = {}
        self.listeners: dict[Connection, Subscription] = {}
        self.live: dict[Connection, None] = {}
        self.opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.reading = asyncio.Lock()
        self.timer: asyncio.TimerHandle | None = None
        self.idle_since = 0.0

    @property
    def is_open(self) -> bool:
        return self.opened.done() and self.opened.exception() is None

    @property
    def kind(self) -> str:
        return self.name.partition(":")[0]

    def variants(self) -> set[str]:
        return {connection.variant for connection in self.listeners}

    def waited_for(self, lowest: int) -> list[int]:
        """The numbers, not below `lowest`, after which pending listeners wait to be told."""
        sent = (own.sent for own in self.listeners.values() if not own.live and own.sent is not None)
        return [n for n in sent if n >= max(lowest, self.floor)]

    def spread(self) -> int:
        """Seconds over which its listeners shall fetch, so that they do not all come at once."""
        return max(2, -(-len(self.live) // 20))

    def keep(self, message: Message, covers: Collection[str] | None) -> None:
        """Hold a message until its turn. A full house drops the furthest: it will be read when its turn comes."""
        self.head = max(self.head, message.n)
        if self.opened.done() and message.n <= self.last:
            return
        self.waiting.setdefault(message.n, (message, covers))
        if len(self.waiting) > WAITING:
            del self.waiting[max(self.waiting)]

    def stop_timer(self) -> None:
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None
