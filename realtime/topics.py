"""Releases every topic's numbers in order and without holes: from the bus when it is quick, else from the database."""

import asyncio
import logging
from collections.abc import Collection
from typing import Protocol

from realtime.bus import Bus, BusDown
from realtime.history import Entry, History
from realtime.message import Message
from realtime.ports import Source
from realtime.tasks import Tasks
from realtime.topic import Topic

log = logging.getLogger(__name__)
NEWEST = 2**63 - 1  # a position nothing is above: asks for the newest one only
REPLAY = 500  # messages a source replays at most
RETRY = 1.0  # seconds until a failed reading is tried again


class Listener(Protocol):
    """What the hub does with what is released."""

    def released(self, topic: Topic, entry: Entry) -> None: ...

    def rights_changed(self, topic: Topic) -> None:
        """Called before anything else is released: from here on nobody may be told anything unasked."""


class Topics:
    def __init__(
        self, source: Source, bus: Bus, history: History, tasks: Tasks, *, patience: float, linger: float
    ) -> None:
        self._source, self._bus, self.history, self._tasks = source, bus, history, tasks
        self._patience, self._linger = patience, linger
        self._all: dict[str, Topic] = {}
        self._unopened: list[Topic] = []
        self._opening = False
        self._position = 0
        self.listener: Listener

    def __len__(self) -> int:
        return len(self._all)

    def get(self, name: str) -> Topic | None:
        return self._all.get(name)

    def variants(self, topic: str) -> set[str]:
        """What is read of it here."""
        found = self._all.get(topic)
        return found.variants() if found is not None else set()

    def heads(self) -> dict[str, int]:
        return {name: topic.last for name, topic in self._all.items() if topic.is_open}

    def behind(self) -> int:
        """How many topics are known to have numbers that were not released yet."""
        return sum(topic.last < topic.head for topic in self._all.values() if topic.is_open)

    # --- opening and closing

    def enter(self, name: str) -> Topic:
        """The topic, opened now or soon: await its `opened`, which fails when the database could not be read."""
        topic = self._all.get(name)
        if topic is None:
            topic = self._all[name] = Topic(name)
            self._unopened.append(topic)
            if not self._opening:
                self._opening = True
                self._tasks.start(self._open())
        return topic

    async def _open(self) -> None:
        # Whoever comes while one lot is read is read with the next: one query for many topics.
        try:
            while self._unopened:
                lot, self._unopened = self._unopened, []
                await self._open_lot(lot)
        finally:
            self._opening = False

    async def _open_lot(self, lot: list[Topic]) -> None:
        try:
            await asyncio.gather(*(self._hear(topic) for topic in lot))
            heads = await self._source.heads([topic.name for topic in lot])
        except Exception as error:
            log.exception("the numbers of %d topics could not be read", len(lot))
            for topic in lot:
                del self._all[topic.name]
                topic.opened.set_exception(error)
                topic.opened.exception()  # nobody may be waiting any more
                await self._bus.unsubscribe(topic.name)
            return
        for topic in lot:
            topic.last = heads.get(topic.name, 0)
            topic.head = max(topic.head, topic.last)
            topic.waiting = {n: kept for n, kept in topic.waiting.items() if n > topic.last}
            topic.opened.set_result(None)
            self._release(topic)

    async def _hear(self, topic: Topic) -> None:
        try:
            await self._bus.subscribe(topic.name)
        except BusDown:
            log.info("listening without the bus until it returns")

    async def close_idle(self, now: float) -> None:
        """Forget topics that had no listener for a while; not at once, for a page turned comes right back."""
        for topic in list(self._all.values()):
            if topic.is_open and not topic.listeners and now - topic.idle_since >= self._linger:
                topic.stop_timer()
                del self._all[topic.name]
                self.history.clear(topic.name)
                await self._bus.unsubscribe(topic.name)

    # --- releasing

    def deliver(self, message: Message) -> None:
        """Take a message from the bus: early, late, twice or in order."""
        self._accept(message, message.covers)

    def _accept(self, message: Message, covers: Collection[str] | None) -> None:
        if (topic := self._all.get(message.topic)) is not None:
            topic.keep(message, covers)
            if topic.is_open:
                self._release(topic)

    def _release(self, topic: Topic) -> None:
        while (kept := topic.waiting.pop(topic.last + 1, None)) is not None:
            message, covers = kept
            if covers is not None and not topic.variants().issubset(covers):
                break  # read for others than those who listen by now: it is read again
            if message.recheck:
                self.history.clear(topic.name)
                topic.rights += 1
                self.listener.rights_changed(topic)
            topic.last = message.n
            self.listener.released(topic, self.history.add(message, covers, topic.spread()))
        if topic.last >= topic.head:
            topic.stop_timer()
        elif topic.timer is None:
            self._read_in(topic, self._patience)

    def _read_in(self, topic: Topic, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        topic.timer = loop.call_later(seconds, lambda: self._tasks.start(self._fill(topic)))

    # --- reading from the database

    async def _fill(self, topic: Topic) -> None:
        try:
            await self.catch_up(topic)
        except Exception:
            log.exception("a topic's missing messages could not be read; trying again")
            topic.stop_timer()
            if self._all.get(topic.name) is topic:
                self._read_in(topic, RETRY)

    async def catch_up(self, topic: Topic, anyway: bool = False) -> None:
        """Read what is missing up to the head; `anyway`: even when nothing is known to be missing."""
        async with topic.reading:
            while anyway or topic.last < topic.head:
                anyway = False
                before, variants = topic.last, topic.variants()
                messages = await self._source.replay(topic.name, before, variants)
                if messages is None:
                    await self._start_over(topic)
                    continue
                for message in messages:
                    self._accept(message, variants)
                served = topic.variants() <= variants  # else somebody came who needs another rendering
                if topic.last == before and served:  # the bus promised what the database does not have
                    topic.head = before
                    topic.waiting.clear()
            topic.stop_timer()

    async def _start_over(self, topic: Topic) -> None:
        """Numbers were passed over unread, a change of rights may have been among them: everybody is asked again."""
        head = (await self._source.heads([topic.name])).get(topic.name, 0)
        self.history.clear(topic.name)
        topic.rights += 1
        self.listener.rights_changed(topic)
        topic.last = topic.head = topic.floor = head
        topic.waiting = {n: kept for n, kept in topic.waiting.items() if n > head}
        topic.head = max([head, *topic.waiting])

    async def past(self, topic: Topic, after: int, variant: str) -> list[Entry] | None:
        """What was released after a number, for one variant; None when that cannot be said: a gap.

        Those who wait for the same topic are served by one reading, from the lowest of their numbers.
        """
        async with topic.reading:
            if after < topic.floor:
                return None
            if (kept := self.history.after(topic.name, after, variant)) is not None:
                return kept
            rights, last, variants = topic.rights, topic.last, topic.variants() | {variant}
            lowest = min([after, *topic.waited_for(last - REPLAY)])
            messages = await self._source.replay(topic.name, lowest, variants)
            if messages is None and lowest < after:
                messages = await self._source.replay(topic.name, after, variants)
            if topic.rights != rights:
                return []  # whoever asked is asked itself, and then comes again
            if not messages or messages[-1].n < last:
                return None
            told = [message for message in messages if message.n <= last]
            self.history.replace(topic.name, told, variants, topic.spread())
            for message in messages[len(told) :]:
                self._accept(message, variants)
            return [Entry(message, variants, topic.spread(), 0) for message in told if message.n > after]

    # --- the check that makes the bus dispensable

    async def begin(self) -> None:
        self._position, _ = await self._source.changed(NEWEST)

    async def check(self) -> None:
        """Compare with the database: what the bus lost without a word is found here."""
        position, heads = await self._source.changed(self._position)
        if position < self._position:  # the database was set back, by a restored backup for instance
            heads = await self._source.heads(list(self._all))
            await asyncio.gather(*(self._set_back(self._all[name], heads.get(name, 0)) for name in list(self._all)))
        for name, head in heads.items():
            topic = self._all.get(name)
            if topic is not None and topic.is_open and head > topic.last:
                topic.head = max(topic.head, head)
                self._release(topic)
        self._position = position

    async def _set_back(self, topic: Topic, head: int) -> None:
        if topic.is_open and head < topic.last:
            async with topic.reading:
                await self._start_over(topic)
