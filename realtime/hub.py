"""Who listens to what in this process: joins the topics' order, the listeners' rights and the writers."""

import asyncio
import logging
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Mapping

from realtime.admission import GONE, SLOW, Admission
from realtime.bus import Bus
from realtime.bus_watch import BusWatch
from realtime.connection import Connection, Outbox, Writer
from realtime.frames import Frame, json_frame
from realtime.history import Entry, History
from realtime.message import Message
from realtime.ports import Doors, Person, Source
from realtime.presence import KINDS, TELL_EVERY, Presence
from realtime.tasks import Tasks
from realtime.topic import Topic
from realtime.topics import Topics

__all__ = ["BYE", "Doors", "Hub", "Person", "Source"]

log = logging.getLogger(__name__)
RESTART = 1012
BYE = json_frame(t="bye", code="restart", retry=[1, 8])
SLOTS = 20  # heartbeats are spread over so many moments


class Hub:
    """One a process. `main` starts the bus before it and stops the bus after it.

    Times are in seconds: `patience` is how long a number waits for the one before it until the database is asked,
    `check_every` how often the database is asked for what the bus lost (a little under the promised 5), `linger`
    how long a topic without listeners is kept, `window` how long writes are gathered when frames keep coming,
    `watch_every` how often the bus is probed.
    """

    def __init__(
        self,
        source: Source,
        bus: Bus,
        doors: Doors,
        *,
        history: int = 500,
        history_age: float = 900.0,
        history_bytes: int = 64 * 1024 * 1024,
        patience: float = 0.05,
        check_every: float = 4.5,
        heartbeat_every: float = 20.0,
        linger: float = 30.0,
        window: float = 0.005,
        watch_every: float = 2.0,
        presence_kinds: Collection[str] = KINDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._bus, self._clock = bus, clock
        self._check_every, self._beat_every, self._watch_every = check_every, heartbeat_every, watch_every
        self._tasks = Tasks()
        self._outbox = Outbox(self._slow, window)
        kept = History(history, history_age, history_bytes, clock)
        self._topics = Topics(source, bus, kept, self._tasks, patience=patience, linger=linger)
        self._topics.listener = self
        self.presence = Presence(bus, self._outbox, self._tasks, self._topics.get, presence_kinds)
        self._admission = Admission(
            self._topics, doors, self._outbox, self._tasks, close=self.close, listener=self.presence
        )
        self._watch = BusWatch(bus, self._tell_all, self.check)
        self._people: dict[str, dict[Connection, None]] = {}
        self._slots: list[dict[Connection, None]] = [{} for _ in range(SLOTS)]
        self._joined = self._beats = 0
        self._mishap = ""
        self._checked_at = clock()
        self._hurry, self._stopping = asyncio.Event(), asyncio.Event()

    # --- life

    async def start(self) -> None:
        """Begin to hear the bus and to look after it. Raises what the source raises when the database is away."""
        await self._bus.listen(self.deliver, self.presence.heard, self._hurry.set, self._variants)
        await self._topics.begin()
        self._checked_at = self._clock()
        self._tasks.start(self._look_after())
        self._tasks.start(self._every(self._beat_every / SLOTS, self._beat))
        self._tasks.start(self._every(self._watch_every, self._watch.look))
        self._tasks.start(self._every(TELL_EVERY, self._refresh_presence))

    async def stop(self) -> None:
        """Tell everybody to come back after a while, and wait until our own work has ended."""
        self._stopping.set()
        self._hurry.set()
        for connection in self._everybody():
            self.tell(connection, BYE)
            self.close(connection, RESTART)
        await self._tasks.stop()

    # --- connections

    async def connect(self, person: Person, writer: Writer | None = None) -> Connection:
        """Let a person in and listen to its own topic; to be called before the socket is accepted.

        `closed` of the answer tells when nobody is to be let in. Without a writer, what is due waits for `accepted`.
        """
        connection = Connection(person, self._joined % SLOTS)
        connection.writer = writer
        self._joined += 1
        self._people.setdefault(person.key, {})[connection] = None
        self._slots[connection.slot][connection] = None
        if not self._watch.up:
            self.tell(connection, self._watch.frame())
        await self._admission.begin(connection)
        return connection

    def accepted(self, connection: Connection, writer: Writer) -> None:
        connection.writer = writer
        if connection.closed is None:
            self._outbox.flush_one(connection)
        else:
            writer.close(connection.closed)

    async def subscribe(self, connection: Connection, topics: Mapping[str, int | None]) -> None:
        """Listen to topics since their numbers (None = from now); returns when `ok` and `no` are on their way."""
        asked = [self._admission.enter(connection, name, since) for name, since in topics.items()]
        await self._admission.answer(connection, asked)

    def want(self, connection: Connection, topics: Mapping[str, int | None]) -> None:
        """`subscribe` without waiting; what is wanted first is answered first."""
        self._admission.want(connection, topics)

    def unsubscribe(self, connection: Connection, topics: Collection[str]) -> None:
        """Stop listening; a person's own topic stays, for its changes of rights must be heard."""
        for name in topics:
            if name != connection.person.key:
                self._admission.leave(connection, name)

    def tell(self, connection: Connection, frame: Frame) -> None:
        self._outbox.put(frame, [connection])

    def close(self, connection: Connection, code: int) -> None:
        """Write what is due, then end it; nothing is written to it afterwards."""
        if connection.closed is None:
            self._outbox.flush_one(connection)
        if connection.closed is None:
            connection.closed = code
            if connection.writer is not None:
                connection.writer.close(code)
            self.leave(connection)

    def leave(self, connection: Connection) -> None:
        """Forget a connection; harmless when it is forgotten already."""
        if connection.closed is None:
            connection.closed = 1000
        connection.due.clear()
        for name in list(connection.subscriptions):
            self._admission.leave(connection, name)
        self.presence.gone(connection)
        self._slots[connection.slot].pop(connection, None)
        own = self._people.get(connection.person.key, {})
        own.pop(connection, None)
        if not own:
            self._people.pop(connection.person.key, None)

    def kick(self, key: str) -> None:
        """Close every connection of a person: its session or its rights are gone."""
        for connection in list(self._people.get(key, ())):
            self.close(connection, GONE)

    # --- gauges

    @property
    def connections(self) -> int:
        return sum(len(slot) for slot in self._slots)

    @property
    def topics(self) -> int:
        return len(self._topics)

    def heads(self) -> dict[str, int]:
        """The number released last of every open topic."""
        return self._topics.heads()

    def lag(self) -> dict[str, float | bool]:
        """For /health: topics known to be behind, seconds since the database was compared, whether the bus is up."""
        checked = self._clock() - self._checked_at
        return {"behind": self._topics.behind(), "checked_seconds_ago": checked, "bus_up": self._bus.up}

    def _variants(self, topic: str | None) -> set[str]:
        """What is read of a topic here, or of all that is read here."""
        if topic is not None:
            return self._topics.variants(topic)
        return {connection.variant for slot in self._slots for connection in slot}

    # --- what comes in

    def deliver(self, message: Message) -> None:
        """A message from the bus, in whatever order."""
        self._topics.deliver(message)

    async def check(self) -> None:
        """Compare with the database now, as happens by itself every `check_every` seconds and after a bus break."""
        await self._topics.check()
        self._checked_at = self._clock()

    def released(self, topic: Topic, entry: Entry) -> None:
        """The next number of a topic, to all its live listeners: one frame per variant."""
        audiences: defaultdict[str, list[Connection]] = defaultdict(list)
        for connection in topic.live:
            audiences[connection.variant].append(connection)
        for variant, audience in audiences.items():
            self._outbox.put(entry.frame(variant), audience)

    def rights_changed(self, topic: Topic) -> None:
        """Hold back everything that the change may concern, until it is asked again."""
        for connection, own in list(topic.listeners.items()):
            self._admission.hold(connection, [own])
        for connection in list(self._people.get(topic.name, ())):
            self._admission.hold(connection, connection.subscriptions.values())

    # --- inside

    def _slow(self, connection: Connection) -> None:
        self.close(connection, SLOW)

    def _tell_all(self, frame: Frame) -> None:
        self._outbox.put(frame, self._everybody())

    def _everybody(self) -> list[Connection]:
        return [connection for slot in self._slots for connection in slot]

    async def _look_after(self) -> None:
        while not self._stopping.is_set():
            try:
                async with asyncio.timeout(self._check_every):
                    await self._hurry.wait()
            except TimeoutError:
                pass
            self._hurry.clear()
            if not self._stopping.is_set():
                await self._carefully(self._look)

    async def _look(self) -> None:
        await self.check()
        self._topics.history.trim()
        await self._topics.close_idle(asyncio.get_running_loop().time())

    async def _every(self, seconds: float, work: Callable[[], Awaitable[None]]) -> None:
        while not self._stopping.is_set():
            try:
                async with asyncio.timeout(seconds):
                    await self._stopping.wait()
            except TimeoutError:
                await self._carefully(work)

    async def _carefully(self, work: Callable[[], Awaitable[None]]) -> None:
        try:
            await work()
        except Exception as error:
            known, self._mishap = self._mishap, repr(error)  # the trace once: an outage is hundreds of rounds
            is_new = known != self._mishap
            log.error("the hub could not do its round; it goes on with the next: %s", self._mishap, exc_info=is_new)

    async def _beat(self) -> None:
        for connection in list(self._slots[self._beats % SLOTS]):
            self.tell(connection, json_frame(t="hb", n=connection.live_numbers()))
        self._beats += 1

    async def _refresh_presence(self) -> None:
        self.presence.refresh()
