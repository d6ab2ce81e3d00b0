"""A hub on a memory bus with a fake database, quick enough for a test; and a real Redis for those who want one."""

import signal
from collections.abc import AsyncIterator, Callable, Iterator

import pytest

from realtime.bus import MemoryBus
from realtime.hub import Hub
from tests import needs
from tests.own_redis import Redis, own_redis
from tests.realtime.fakes import FakeDoors, FakeSource

FAR = 3600.0  # an interval no test lives to see


@pytest.fixture
def source() -> FakeSource:
    return FakeSource()


@pytest.fixture
def doors() -> FakeDoors:
    return FakeDoors()


@pytest.fixture
def bus() -> MemoryBus:
    return MemoryBus()


@pytest.fixture
async def make_hub(source: FakeSource, bus: MemoryBus, doors: FakeDoors) -> AsyncIterator[Callable[..., object]]:
    hubs: list[Hub] = []

    async def make(**settings: object) -> Hub:
        options = {"source": source, "bus": bus, "doors": doors, "check_every": FAR, "heartbeat_every": FAR, **settings}
        hub = Hub(**options)  # type: ignore[arg-type]
        hubs.append(hub)
        await hub.start()
        return hub

    yield make
    for hub in hubs:
        await hub.stop()


@pytest.fixture
async def hub(make_hub: Callable[..., object]) -> Hub:
    return await make_hub()  # type: ignore[no-any-return,misc]


@pytest.fixture(scope="session")
def redis_server() -> Iterator[Redis]:
    if needs.find("redis-server") is None:
        pytest.skip("left out: no redis-server")
    with own_redis() as server:
        yield server


@pytest.fixture
async def redis(redis_server: Redis) -> Redis:
    """The server, running and ready, whatever the test before did to it."""
    redis_server.send(signal.SIGCONT)
    await redis_server.ready()
    return redis_server
