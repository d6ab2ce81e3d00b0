"""What Redis does to us: killed, empty again, its connections cut, stopped. Nothing is lost at the hub."""

import asyncio
import signal
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from realtime.bus import BusDown
from realtime.bus_redis import RedisBus
from realtime.hub import Hub
from tests.realtime.conftest import Redis
from tests.realtime.fakes import FakeDoors, FakeSource, join, rendered_for, until
from tests.realtime.test_bus import Heard, message

T = "contact:7"


@pytest.fixture
async def heard(redis: Redis) -> AsyncIterator[Heard]:
    heard = await Heard(RedisBus(redis.url, silence=0.2)).start()
    yield heard
    await heard.bus.stop()


@pytest.fixture
async def two_hubs(redis: Redis, source: FakeSource, doors: FakeDoors) -> AsyncIterator[list[Hub]]:
    """Two processes over one Redis, checking only when told to: what they find, they find by noticing the break."""
    buses = [RedisBus(redis.url, silence=0.2) for _ in range(2)]
    hubs = [Hub(source, bus, doors, check_every=3600, heartbeat_every=3600) for bus in buses]
    for bus, hub in zip(buses, hubs, strict=True):
        await bus.start()
        await hub.start()
    yield hubs
    for bus, hub in zip(buses, hubs, strict=True):
        await hub.stop()
        await bus.stop()


async def up(bus: object) -> None:
    await until(lambda: bus.up)  # type: ignore[attr-defined]


async def test_a_cut_listening_connection_is_noticed_and_mended(heard: Heard, redis: Redis):
    await heard.bus.subscribe(T)
    assert await redis.said("CLIENT KILL TYPE pubsub") == ":1"
    await until(lambda: heard.breaks == 1)
    await up(heard.bus)
    await heard.bus.publish(message(1))
    await until(lambda: heard.messages == [message(1)])


async def test_killed_it_says_so_and_comes_back_by_itself(heard: Heard, redis: Redis):
    await heard.bus.subscribe(T)
    redis.kill()
    await until(lambda: not heard.bus.up)
    with pytest.raises(BusDown):
        await heard.bus.publish(message(1))
    with pytest.raises(BusDown):
        await heard.bus.subscribe("room:3")  # kept for later
    redis.start()
    await until(lambda: heard.breaks)
    await up(heard.bus)
    assert await heard.bus.probe() < 1
    await heard.bus.publish(message(2))
    await heard.bus.publish(message(1, "room:3"))
    await until(lambda: len(heard.messages) >= 2)
    assert heard.messages == [message(2), message(1, "room:3")]


async def test_it_starts_without_redis(redis: Redis):
    redis.kill()
    heard = await Heard(RedisBus(redis.url, silence=0.2)).start()
    assert not heard.bus.up
    with pytest.raises(BusDown):
        await heard.bus.subscribe(T)
    redis.start()
    await until(lambda: heard.bus.up and heard.breaks)
    await heard.bus.publish(message(1))
    await until(lambda: heard.messages)
    assert heard.messages == [message(1)]
    await heard.bus.stop()


async def test_stopped_publishing_fails_within_a_second_and_the_next_at_once(redis: Redis):
    heard = await Heard(RedisBus(redis.url, silence=30)).start()
    loop = asyncio.get_running_loop()
    redis.send(signal.SIGSTOP)
    begun = loop.time()
    with pytest.raises(BusDown):
        await heard.bus.publish(message(1))
    first = loop.time() - begun
    for _ in range(100):
        with pytest.raises(BusDown):
            await heard.bus.publish(message(1))
    assert 0.5 < first < 2 and loop.time() - begun - first < 0.5 and not heard.bus.up
    redis.send(signal.SIGCONT)
    await up(heard.bus)
    await heard.bus.probe()
    await heard.bus.stop()


async def test_stopped_the_silence_is_noticed(heard: Heard, redis: Redis):
    redis.send(signal.SIGSTOP)
    await until(lambda: not heard.bus.up)
    redis.send(signal.SIGCONT)
    await until(lambda: heard.bus.up and heard.breaks)


async def test_garbage_on_our_channel_harms_nobody(heard: Heard, redis: Redis, caplog):
    await heard.bus.subscribe(T)
    await redis.said(f"PUBLISH tertulia:p:{T} garbage")
    await heard.bus.publish(message(1))
    await until(lambda: heard.messages == [message(1)])


async def test_a_listener_that_fails_does_not_end_the_listening(redis: Redis, caplog):
    bus, got = RedisBus(redis.url), []

    def broken(one):
        got.append(one)
        raise RuntimeError("a bug")

    await bus.listen(broken, lambda channel, data: None, lambda: None, lambda topic: ())
    await bus.start()
    await bus.subscribe(T)
    await bus.publish(message(1))
    await bus.publish(message(2))
    await until(lambda: len(got) >= 2)
    assert got == [message(1), message(2)]
    await bus.stop()


@pytest.mark.parametrize("fault", ["cut", "killed", "stopped"])
async def test_nothing_is_lost_at_the_hubs(two_hubs: list[Hub], redis: Redis, source: FakeSource, fault: str):
    listeners = [await join(hub, 5 + at) for at, hub in enumerate(two_hubs)]
    for hub, (connection, _) in zip(two_hubs, listeners, strict=True):
        await hub.subscribe(connection, {T: 0})
    bus = two_hubs[0]._bus

    async def change(times: int) -> None:
        for _ in range(times):
            one = source.commit(T)
            try:
                await bus.publish(one)
            except BusDown:
                continue  # the hubs will find it

    await change(20)
    if fault == "cut":
        for _ in range(5):
            await redis.said("CLIENT KILL TYPE pubsub")
            await change(20)
    elif fault == "killed":
        redis.kill()
        await change(20)
        redis.start()
    else:
        redis.send(signal.SIGSTOP)
        await change(20)
        redis.send(signal.SIGCONT)
    whole = list(range(1, len(source.rows[T]) + 1))
    await until(lambda: all(writer.numbers(T) == whole for _, writer in listeners))
    assert not any(writer.of("gap") for _, writer in listeners)


async def test_installations_on_one_server_do_not_hear_each_other(redis: Redis):
    ours, theirs = await Heard(RedisBus(redis.url)).start(), await Heard(RedisBus(redis.url, prefix="other")).start()
    await ours.bus.subscribe(T)
    await theirs.bus.publish(message(1))
    await ours.bus.publish(message(2))
    await until(lambda: ours.messages)
    assert [m.n for m in ours.messages] == [2]
    await ours.bus.stop()
    await theirs.bus.stop()


async def test_what_nobody_reads_need_not_be_rendered(redis: Redis):
    """Known within a moment wherever it is read; not known while Redis is away, and then all are rendered."""
    reads: list[set[str]] = [{"en"}, set()]
    buses = [RedisBus(redis.url, silence=0.2, variants=("en", "es", "json")) for _ in reads]
    for bus, mine in zip(buses, reads, strict=True):
        await bus.listen(ignore, ignore, ignore, lambda topic, mine=mine: mine)
        assert bus.variants(T) is None
        await bus.start()
    try:
        await until(lambda: all(bus.variants(T) == {"en"} for bus in buses))
        reads[1].add("es")
        await until(lambda: all(bus.variants(T) == {"en", "es"} for bus in buses))
        reads[0].clear()
        await until(lambda: all(bus.variants(T) == {"es"} for bus in buses))
        redis.kill()
        await until(lambda: all(bus.variants(T) is None for bus in buses))
        redis.start()
        await until(lambda: all(bus.variants(T) == {"es"} for bus in buses))
    finally:
        for bus in buses:
            await bus.stop()


async def test_who_begins_to_read_another_variant_misses_nothing(redis: Redis, two_hubs: list[Hub], source: FakeSource):
    """The other process does not know of them yet, and renders for English alone."""
    connection, writer = await join(two_hubs[1], 6, "es")
    await two_hubs[1].subscribe(connection, {T: 0})
    drawn = replace(rendered_for(source.commit(T), {"en"}), covers=frozenset({"en"}))
    await two_hubs[0]._bus.publish(drawn)
    await until(lambda: writer.numbers(T) == [1])
    assert writer.of("p")[0]["html"] == f"{T} 1"


def ignore(*_said: object) -> None:
    """What this test does not look at."""
