"""One socket as the hub sees it: a person, what it listens to, and where its frames go."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from typing import Protocol

from realtime.frames import Batch, Frame
from realtime.ports import Person
from realtime.topic import Topic


class Writer(Protocol):
    def write(self, batch: Batch) -> bool:
        """Take these frames now; False when the peer is slow, closing or gone: nothing was taken."""

    def close(self, code: int) -> None:
        """Say goodbye behind what was written; also ends the endpoint's reading."""

    async def drain(self) -> None:
        """Return when the peer has taken most of what was written."""


class Subscription:
    """One topic of one connection. Pending until its rights are asked and its past is told; then live.

    `sent` is the number told last; None = whatever is newest when it goes live. `fresh`: never live so far, so a
    refusal is answered with `no`, not with `drop`. `greeted`: was shown who is there.
    """

    __slots__ = ("fresh", "greeted", "live", "sent", "topic")

    def __init__(self, topic: Topic, since: int | None) -> None:
        self.topic, self.sent = topic, since
        self.live, self.fresh, self.greeted = False, True, False


class Connection:
    """`rights` counts the changes of rights that concern this connection; an answer asked before one is void.

    `writer` is None until the socket is accepted: what is due waits for it. `closed` holds the close code.
    """

    __slots__ = (
        "asked_at",
        "closed",
        "due",
        "held",
        "holding",
        "person",
        "requests",
        "rights",
        "serving",
        "slot",
        "subscriptions",
        "variant",
        "writer",
    )

    def __init__(self, person: Person, slot: int = 0) -> None:
        self.person, self.slot = person, slot
        self.writer: Writer | None = None
        self.variant = person.variant
        self.subscriptions: dict[str, Subscription] = {}
        self.due: list[Frame] = []
        self.closed: int | None = None
        self.rights, self.asked_at = 0, -1
        self.requests: deque[list[Subscription]] | None = None
        self.held: list[Subscription] = []
        self.serving = self.holding = False

    def has(self, subscription: Subscription) -> bool:
        """Whether this is still the subscription of its topic: it may have been ended or begun anew meanwhile."""
        return self.closed is None and self.subscriptions.get(subscription.topic.name) is subscription

    def live_numbers(self) -> dict[str, int]:
        return {name: own.topic.last for name, own in self.subscriptions.items() if own.live}


class Outbox:
    """Writes what comes after a pause at once. What follows in the same loop turn, or within the window after it, is
    gathered for each connection and written once; connections that get the same frames share one buffer."""

    def __init__(self, on_slow: Callable[[Connection], None], window: float = 0.005) -> None:
        self._on_slow, self._window = on_slow, window
        self._due: list[Connection] = []
        self._slow: list[Connection] = []  # told at the flush: who writes is in the middle of a list of theirs
        self._timer: asyncio.Handle | None = None
        self._flushed_at = float("-inf")

    def put(self, frame: Frame, connections: Iterable[Connection]) -> None:
        if self._timer is None:
            loop = asyncio.get_running_loop()
            next_at = self._flushed_at + self._window
            if loop.time() >= next_at:
                self._timer = loop.call_soon(self.flush)
                self._write_now(frame, connections)
                return
            self._timer = loop.call_at(next_at, self.flush)
        for connection in connections:
            if connection.closed is None:
                if not connection.due:
                    self._due.append(connection)
                connection.due.append(frame)

    def _write_now(self, frame: Frame, connections: Iterable[Connection]) -> None:
        batch = Batch((frame,))
        for connection in connections:
            if connection.closed is None:
                if connection.writer is None:
                    connection.due.append(frame)
                elif not connection.writer.write(batch):
                    self._slow.append(connection)

    def flush(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._flushed_at = asyncio.get_running_loop().time()
        due, self._due = self._due, []
        batches: dict[tuple[Frame, ...], Batch] = {}
        for connection in due:
            self._write(connection, batches)
        slow, self._slow = self._slow, []
        for connection in slow:
            self._on_slow(connection)

    def flush_one(self, connection: Connection) -> None:
        if connection.due:
            self._write(connection, {})

    def _write(self, connection: Connection, batches: dict[tuple[Frame, ...], Batch]) -> None:
        if not connection.due or connection.writer is None:
            return
        key = tuple(connection.due)
        connection.due.clear()
        if (batch := batches.get(key)) is None:
            batch = batches[key] = Batch(key)
        if connection.closed is None and not connection.writer.write(batch):
            self._on_slow(connection)
