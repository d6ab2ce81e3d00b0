"""Who may listen to what: asked before the first word, asked again at every change of rights, errors count as no."""

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Protocol, TypeVar

from realtime.connection import Connection, Outbox, Subscription
from realtime.frames import json_frame
from realtime.history import Entry
from realtime.ports import Doors, Person
from realtime.server_protocol import PACE
from realtime.tasks import Tasks
from realtime.topic import Topic
from realtime.topics import Topics

T = TypeVar("T")
log = logging.getLogger(__name__)
AT_ONCE = 16  # questions to the doors at the same time: the database has other callers
ANSWER = 10.0  # seconds for the doors to answer, or for a peer to take a piece of its replay
GONE, SLOW, LATER = 4401, 4408, 1013

Close = Callable[[Connection, int], None]


class Listener(Protocol):
    def went_live(self, connection: Connection, own: Subscription) -> None: ...

    def ended(self, connection: Connection, topic: Topic) -> None: ...


class Admission:
    """Takes pending subscriptions to live ones, or ends them."""

    def __init__(
        self, topics: Topics, doors: Doors, outbox: Outbox, tasks: Tasks, *, close: Close, listener: Listener
    ) -> None:
        self._topics, self._doors, self._outbox, self._tasks = topics, doors, outbox, tasks
        self._close, self._listener = close, listener
        self._asking = asyncio.Semaphore(AT_ONCE)

    # --- beginning

    def enter(self, connection: Connection, name: str, since: int | None) -> Subscription:
        """A pending subscription, known to its topic before its rights are asked, so that no change is missed."""
        former = connection.subscriptions.get(name)
        own = connection.subscriptions[name] = Subscription(self._topics.enter(name), since)
        own.topic.listeners[connection] = own
        own.topic.live.pop(connection, None)
        if former is not None:  # the client asks again, for it saw a hole: it stays present, and begins anew
            former.live = False
        return own

    async def begin(self, connection: Connection) -> None:
        """Listen to the person's own topic. Where its number has moved since the session was read, the person is asked
        for again: a session that ended in between must not slip through."""
        own = self.enter(connection, connection.person.key, None)
        with contextlib.suppress(Exception):  # `settle` says so
            await asyncio.shield(own.topic.opened)
            if connection.person.head == own.topic.last:
                connection.asked_at = connection.rights
        await self.settle(connection, [own])

    def leave(self, connection: Connection, name: str) -> None:
        own = connection.subscriptions.pop(name, None)
        if own is not None:
            own.topic.listeners.pop(connection, None)
            own.topic.live.pop(connection, None)
            own.topic.idle_since = asyncio.get_running_loop().time()
            own.live = False
            self._listener.ended(connection, own.topic)

    def want(self, connection: Connection, topics: Mapping[str, int | None]) -> None:
        """Answer a `sub`: in the background, so that the connection goes on reading (its pongs above all)."""
        if connection.requests is None:
            connection.requests = deque()
        connection.requests.append([self.enter(connection, name, since) for name, since in topics.items()])
        if not connection.serving:
            connection.serving = True
            self._tasks.start(self._serve(connection))

    async def _serve(self, connection: Connection) -> None:
        try:
            while connection.requests:
                await self.answer(connection, connection.requests.popleft())
        finally:
            connection.serving, connection.requests = False, None

    async def answer(self, connection: Connection, asked: list[Subscription]) -> None:
        """Settle what one `sub` asked for and say `ok` with the numbers reached."""
        await self.settle(connection, asked)
        ok = {own.topic.name: own.topic.last if own.live else own.sent for own in asked if connection.has(own)}
        if ok:
            self._outbox.put(json_frame(t="ok", topics=ok), [connection])
        self._greet(connection, asked)

    def _greet(self, connection: Connection, settled: list[Subscription]) -> None:
        for own in settled:
            if own.live and connection.has(own):
                self._listener.went_live(connection, own)

    def hold(self, connection: Connection, subscriptions: Iterable[Subscription]) -> None:
        """Rights changed: nothing more on these topics until they are asked again."""
        connection.rights += 1  # voids every answer under way
        for own in subscriptions:
            if own.live:
                own.live, own.greeted, own.sent = False, False, own.topic.last
                del own.topic.live[connection]
                connection.held.append(own)
        if not connection.holding:
            connection.holding = True
            self._tasks.start(self._ask_again(connection))

    async def _ask_again(self, connection: Connection) -> None:
        try:
            while connection.closed is None and (connection.held or connection.asked_at != connection.rights):
                held, connection.held = connection.held, []
                await self.settle(connection, held)
                self._greet(connection, held)
        finally:
            connection.holding = False

    # --- asking

    async def settle(self, connection: Connection, asked: list[Subscription]) -> None:
        """Return when each is live, refused or superseded; whatever changes meanwhile is asked again."""
        while True:
            rights = connection.rights
            asked = [own for own in asked if connection.has(own) and not own.live]
            allowed = await self._ask(connection, {own.topic.name for own in asked})
            if connection.closed is not None or (not asked and connection.rights == rights):
                return
            if connection.rights != rights:
                continue
            for own in asked:
                if own.topic.name not in allowed:
                    self._refuse(connection, own)
            for own in asked:
                await self._go_live(connection, own, rights)

    async def _ask(self, connection: Connection, names: set[str]) -> set[str]:
        """Those allowed. Loads the person afresh when rights changed, and closes when nobody is there any more."""
        rights = connection.rights
        if connection.asked_at != rights:
            try:
                person = await self._within(self._doors.again(connection.person))
            except Exception:
                log.exception("a person could not be asked for again")
                self._close(connection, LATER)
                return set()
            if person is None or person.key != connection.person.key:
                self._close(connection, GONE)
                return set()
            connection.person, connection.asked_at = person, rights
            connection.variant = person.variant  # the person may have chosen another language
        return await self._allowed(connection.person, names)

    async def _allowed(self, person: Person, names: set[str]) -> set[str]:
        own = names & {person.key}  # who is still somebody may hear about itself
        if names == own:
            return own
        try:
            return own | (await self._within(self._doors.may_listen(person, names - own)) & names)
        except Exception:
            log.exception("rights could not be asked; refused")
            return own

    async def _within(self, question: Awaitable[T]) -> T:
        async with self._asking, asyncio.timeout(ANSWER):
            return await question

    def _refuse(self, connection: Connection, own: Subscription) -> None:
        if connection.has(own):
            self.leave(connection, own.topic.name)
            self._outbox.put(json_frame(t="no" if own.fresh else "drop", topic=own.topic.name), [connection])

    # --- telling the past

    async def _go_live(self, connection: Connection, own: Subscription, rights: int) -> None:
        """Tell what was missed, then join the live ones without a moment in between."""
        try:
            await asyncio.shield(own.topic.opened)
            while connection.has(own) and connection.rights == rights:
                if own.sent is None:
                    own.sent = own.topic.last
                if own.sent == own.topic.last:
                    self._join(connection, own)
                    return
                await self._tell(connection, own, own.sent, rights)
        except Exception:
            log.exception("a topic's past could not be read")
            self._close(connection, LATER)

    def _join(self, connection: Connection, own: Subscription) -> None:
        own.live, own.fresh = True, False
        own.topic.live[connection] = None

    async def _tell(self, connection: Connection, own: Subscription, sent: int, rights: int) -> None:
        topic = own.topic
        if sent > topic.last:  # the page may have read what the bus has not brought yet
            await self._topics.catch_up(topic, anyway=True)
            if sent > topic.last:
                self._gap(connection, own, rights)
            return
        entries = self._topics.history.after(topic.name, sent, connection.variant)
        if entries is None:
            entries = await self._topics.past(topic, sent, connection.variant)
        if entries is None:
            self._gap(connection, own, rights)
        elif connection.has(own) and connection.rights == rights:
            await self._write(connection, own, entries, rights)

    def _gap(self, connection: Connection, own: Subscription, rights: int) -> None:
        if connection.has(own) and connection.rights == rights:
            own.sent = own.topic.last
            self._outbox.put(json_frame(t="gap", topic=own.topic.name, n=own.sent), [connection])

    async def _write(self, connection: Connection, own: Subscription, entries: list[Entry], rights: int) -> None:
        """A replay goes out in pieces, each when the peer has taken the former: it must not count as slow for it."""
        size = 0
        for entry in entries:
            frame = entry.frame(connection.variant)
            self._outbox.put(frame, [connection])
            own.sent = entry.message.n
            size += len(frame.payload)
            if size >= PACE:
                size = 0
                self._outbox.flush_one(connection)
                if not await self._drained(connection) or not connection.has(own) or connection.rights != rights:
                    return

    async def _drained(self, connection: Connection) -> bool:
        try:
            async with asyncio.timeout(ANSWER):
                if connection.writer is not None:
                    await connection.writer.drain()
        except TimeoutError:
            self._close(connection, SLOW)
        return connection.closed is None
