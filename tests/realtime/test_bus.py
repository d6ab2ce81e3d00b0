"""Both buses through the same tests."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from realtime.bus import Bus, BusDown, MemoryBus
from realtime.bus_redis import RedisBus
from realtime.message import Message
from tests.realtime.fakes import until

T = "contact:7"


class Heard:
    """A bus with ears: what arrived, in order."""

    def __init__(self, bus: Bus) -> None:
        self.bus = bus
        self.messages: list[Message] = []
        self.talk: list[tuple[str, bytes]] = []
        self.breaks = 0

    def reconnected(self) -> None:
        self.breaks += 1

    async def start(self) -> "Heard":
        await self.bus.listen(
            self.messages.append,
            lambda channel, data: self.talk.append((channel, data)),
            self.reconnected,
            lambda topic: {"en"},
        )
        await self.bus.start()
        return self


Make = Callable[[], Awaitable[Heard]]


@pytest.fixture(params=["memory", "redis"])
async def make(request: pytest.FixtureRequest) -> AsyncIterator[Make]:
    """Makes one process after the other on the same bus: the memory bus is one process, so always the same one."""
    started: list[Heard] = []
    url = ""
    if request.param == "redis":
        server = request.getfixturevalue("redis_server")
        await server.ready()
        url = server.url
    memory = MemoryBus()

    async def start() -> Heard:
        started.append(await Heard(RedisBus(url, silence=1.0) if url else memory).start())
        return started[-1]

    yield start
    for heard in started:
        await heard.bus.stop()


def message(n: int, topic: str = T, **more: Any) -> Message:
    return Message(topic, n, n, "p", {"en": f'"html":"{n} \u00e9"'.encode(), "*": b"\x00\n\xff"}, **more)


class TestBus:
    async def test_what_somebody_subscribed_is_wanted(self, make: Make) -> None:
        heard = await make()
        await heard.bus.subscribe(T)
        assert heard.bus.wanted(T)
        await heard.bus.unsubscribe(T)
        assert heard.bus.wanted(T) is isinstance(heard.bus, RedisBus), "elsewhere somebody may listen"

    async def test_what_is_published_reaches_subscribers_whole_and_in_order(self, make: Make):
        speaker, listener = await make(), await make()
        await listener.bus.subscribe(T)
        sent = [message(n, recheck=n == 5) for n in range(1, 101)]
        for one in sent:
            await speaker.bus.publish(one)
        await until(lambda: len(listener.messages) >= 100)
        assert listener.messages == sent

    async def test_confirmed_means_that_the_very_next_message_arrives(self, make: Make):
        speaker, listener = await make(), await make()
        for n in range(1, 51):
            await listener.bus.subscribe(f"contact:{n}")
            await speaker.bus.publish(message(1, f"contact:{n}"))
        await until(lambda: len(listener.messages) >= 50)
        assert listener.messages == [message(1, f"contact:{n}") for n in range(1, 51)]

    async def test_nothing_arrives_that_was_not_subscribed(self, make: Make):
        speaker, listener = await make(), await make()
        await listener.bus.subscribe(T)
        await listener.bus.subscribe("room:3")
        await listener.bus.unsubscribe("room:3")
        await speaker.bus.publish(message(1, "room:3"))
        await speaker.bus.publish(message(1, "contact:77"))
        await speaker.bus.publish_raw("room:3", b"x")
        await speaker.bus.publish(message(1))
        await until(lambda: listener.messages)
        assert listener.messages == [message(1)] and listener.talk == []

    async def test_subscribed_twice_needs_two_ends(self, make: Make):
        listener = await make()
        await listener.bus.subscribe(T)
        await listener.bus.subscribe(T)
        await listener.bus.unsubscribe(T)
        await listener.bus.publish(message(1))
        await until(lambda: listener.messages)
        await listener.bus.unsubscribe(T)
        await listener.bus.publish(message(2))
        await listener.bus.subscribe(T)
        await listener.bus.publish(message(3))
        await until(lambda: len(listener.messages) == 2)
        assert [m.n for m in listener.messages] == [1, 3]

    async def test_talk_is_never_taken_for_a_patch_nor_a_patch_for_talk(self, make: Make):
        speaker, listener = await make(), await make()
        await listener.bus.subscribe(T)
        await speaker.bus.publish_raw(T, message(1).encode())
        await speaker.bus.publish(message(2))
        await until(lambda: listener.messages and listener.talk)
        assert listener.messages == [message(2)] and listener.talk == [(T, message(1).encode())]

    async def test_many_subscriptions_at_once(self, make: Make):
        listener = await make()
        await asyncio.gather(*(listener.bus.subscribe(f"contact:{n}") for n in range(300)))
        await listener.bus.publish(message(1, "contact:299"))
        await until(lambda: listener.messages)
        assert listener.messages == [message(1, "contact:299")]

    async def test_a_probe_goes_end_to_end(self, make: Make):
        heard = await make()
        assert 0 <= await heard.bus.probe() < 1
        assert heard.bus.up and heard.messages == [] and heard.talk == []

    async def test_a_stopped_bus_is_down(self, make: Make):
        heard = await make()
        await heard.bus.stop()
        assert not heard.bus.up
        with pytest.raises(BusDown):
            await heard.bus.publish(message(1))
        with pytest.raises(BusDown):
            await heard.bus.publish_raw(T, b"x")
        with pytest.raises(BusDown):
            await heard.bus.probe()
        with pytest.raises(BusDown):
            await heard.bus.subscribe(T)
        await heard.bus.unsubscribe(T)
