"""Carries messages between processes. MemoryBus is the embedded default; bus_redis.py holds the other."""

import time
from collections import Counter
from collections.abc import Callable, Collection
from typing import Protocol

from realtime.message import Message

Deliver = Callable[[Message], None]
DeliverRaw = Callable[[str, bytes], None]
OnReconnect = Callable[[], None]
Variants = Callable[[str | None], Collection[str]]


class BusDown(Exception):
    """The bus did not take or give back what it was asked to carry. Nothing is lost: the database has it."""


class Bus(Protocol):
    """A hurry-up, never the truth: it may lose, repeat and reorder, and listeners must not mind.

    A name subscribed brings both its numbered messages and its raw talk, which travel on separate channels,
    so that talk can never be taken for a patch. Callbacks are plain functions and must return quickly.
    """

    @property
    def up(self) -> bool: ...

    def wanted(self, topic: str) -> bool:
        """False when it is certain that nobody listens, so that nothing need be rendered."""

    def variants(self, topic: str) -> Collection[str] | None:
        """What those who listen read, so that nothing else need be rendered; None when that is not known. It may be a
        moment old: a message says what it `covers`."""

    async def publish(self, message: Message) -> None:
        """Hand a message to every process that subscribed its topic. Raises BusDown within a second."""

    async def publish_raw(self, channel: str, data: bytes) -> None:
        """Hand fleeting bytes (presence, typing, call talk) to every process that subscribed. Raises BusDown."""

    async def subscribe(self, topic: str) -> None:
        """Return when the subscription is confirmed. Raises BusDown; the wish is kept and made good on return."""

    async def unsubscribe(self, topic: str) -> None:
        """End one `subscribe` of this name; the last one ends the subscription. Never raises BusDown."""

    async def listen(
        self, deliver: Deliver, deliver_raw: DeliverRaw, on_reconnect: OnReconnect, variants: Variants
    ) -> None:
        """Name the callbacks; `on_reconnect` is called after every break in which messages may have been lost, and
        `variants` says what the listeners of a topic read now; asked for None, what anybody here reads."""

    async def probe(self) -> float:
        """Seconds from publishing to hearing it back, end to end. Raises BusDown."""

    async def start(self) -> None: ...

    async def stop(self) -> None: ...


class Listeners:
    """The callbacks of one bus: several hubs of one process may share it."""

    def __init__(self) -> None:
        self._all: list[tuple[Deliver, DeliverRaw, OnReconnect, Variants]] = []

    def add(self, deliver: Deliver, deliver_raw: DeliverRaw, on_reconnect: OnReconnect, variants: Variants) -> None:
        self._all.append((deliver, deliver_raw, on_reconnect, variants))

    def message(self, message: Message) -> None:
        for deliver, *_ in self._all:
            deliver(message)

    def raw(self, channel: str, data: bytes) -> None:
        for _, deliver_raw, *_ in self._all:
            deliver_raw(channel, data)

    def reconnected(self) -> None:
        for _, _, on_reconnect, _ in self._all:
            on_reconnect()

    def variants(self, topic: str | None) -> set[str]:
        return {variant for *_, variants in self._all for variant in variants(topic)}


class MemoryBus:
    """One process: what is published is delivered before `publish` returns. Up until it is stopped."""

    def __init__(self) -> None:
        self._listeners = Listeners()
        self._wanted: Counter[str] = Counter()
        self._up = True

    @property
    def up(self) -> bool:
        return self._up

    def wanted(self, topic: str) -> bool:
        return topic in self._wanted

    def variants(self, topic: str) -> Collection[str] | None:
        return self._listeners.variants(topic)

    async def publish(self, message: Message) -> None:
        self._must_be_up()
        if self._wanted[message.topic]:
            self._listeners.message(message)

    async def publish_raw(self, channel: str, data: bytes) -> None:
        self._must_be_up()
        if self._wanted[channel]:
            self._listeners.raw(channel, data)

    async def subscribe(self, topic: str) -> None:
        self._wanted[topic] += 1
        self._must_be_up()

    async def unsubscribe(self, topic: str) -> None:
        self._wanted[topic] -= 1
        if self._wanted[topic] <= 0:
            del self._wanted[topic]

    async def listen(
        self, deliver: Deliver, deliver_raw: DeliverRaw, on_reconnect: OnReconnect, variants: Variants
    ) -> None:
        self._listeners.add(deliver, deliver_raw, on_reconnect, variants)

    async def probe(self) -> float:
        begun = time.perf_counter()
        self._must_be_up()
        return time.perf_counter() - begun

    async def start(self) -> None:
        self._up = True

    async def stop(self) -> None:
        self._up = False

    def _must_be_up(self) -> None:
        if not self._up:
            raise BusDown("the bus was stopped")
