"""Whether the bus carries is said to everybody, also to who comes in between; and taken back when all is caught up."""

import pytest

from realtime.bus import BusDown, MemoryBus
from realtime.bus_watch import BusWatch
from realtime.hub import Hub
from tests.realtime.fakes import FakeSource, join, until

DOWN, UP = {"t": "bus", "up": False}, {"t": "bus", "up": True}
T = "contact:7"


class DeafBus(MemoryBus):
    """Takes everything and carries nothing while `deaf`, as a wedged Redis does."""

    deaf = False

    async def probe(self) -> float:
        if self.deaf:
            raise BusDown("published, but not heard back")
        return await super().probe()

    async def publish(self, message) -> None:
        if not self.deaf:
            await super().publish(message)


@pytest.fixture
def bus() -> DeafBus:
    return DeafBus()


async def test_everybody_is_told_and_told_again_when_it_carries(make_hub, bus: DeafBus, source: FakeSource):
    hub: Hub = await make_hub(watch_every=0.01)
    connection, writer = await join(hub)
    await hub.subscribe(connection, {T: 0})
    bus.deaf = True
    await until(lambda: writer.of("bus") == [DOWN])
    _, late = await join(hub, 6)
    await until(lambda: late.of("bus") == [DOWN])
    await bus.publish(source.commit(T))
    bus.deaf = False
    await until(lambda: writer.of("bus") == [DOWN, UP] and late.of("bus") == [DOWN, UP])
    await until(lambda: writer.numbers(T))
    assert writer.numbers(T) == [1], "what went lost meanwhile, once"


async def test_one_probe_that_fails_is_nobody_s_concern(bus: DeafBus):
    told = []

    async def catch_up() -> None:
        told.append("caught up")

    watch = BusWatch(bus, told.append, catch_up)
    for deaf in (True, False, True, False):
        bus.deaf = deaf
        await watch.look()
    assert told == [] and watch.up
    bus.deaf = True
    await watch.look()
    await watch.look()
    await watch.look()
    assert len(told) == 1 and not watch.up
    bus.deaf = False
    await watch.look()
    assert told[1] == "caught up" and len(told) == 3
