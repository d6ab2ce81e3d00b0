"""P10: what an idle connection with five topics costs, measured in a process of its own."""

import os
import subprocess
import sys

CONNECTIONS = 300
LIMIT = 40 * 1024  # bytes a connection, the promise of P10

SERVER = """
import asyncio, gc, json, os, sys
from realtime.bus import MemoryBus
from realtime.hub import Hub
from realtime.socket import live_route
from tests.realtime.fakes import FakeDoors, FakeSource
from tests.realtime.live_server import serving

def resident():
    gc.collect()
    return int(open("/proc/self/statm").read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

async def main():
    doors = FakeDoors()
    hub = Hub(FakeSource(), MemoryBus(), doors)
    await hub.start()
    async with serving(live_route(hub, doors)) as url:
        print(url, flush=True)
        loop = asyncio.get_running_loop()
        while await loop.run_in_executor(None, sys.stdin.readline):
            print(resident(), hub.connections, hub.topics, flush=True)
    await hub.stop()

asyncio.run(main())
"""


async def test_an_idle_connection_with_five_topics_stays_small():
    from tests.realtime.live_server import browsing

    if not os.path.exists("/proc/self/statm"):
        return
    process = subprocess.Popen([sys.executable, "-c", SERVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin is not None and process.stdout is not None
    from contextlib import AsyncExitStack

    async with AsyncExitStack() as stack:
        url = process.stdout.readline().strip()

        def measure() -> tuple[int, ...]:
            assert process.stdin is not None and process.stdout is not None
            process.stdin.write("?\n")
            process.stdin.flush()
            return tuple(map(int, process.stdout.readline().split()))

        async def join(person: int) -> None:
            client = await stack.enter_async_context(browsing(f"{url}/live?as={person}", ping_interval=None))
            topics = {f"user:{person}": None, "workspace:1": None, "room:3": None}
            await client.say(t="sub", topics={**topics, f"contact:{person}": None, f"task:{person}": None})
            await client.take("ok")

        for person in range(50):  # what is paid once is paid before
            await join(person)
        before, _, _ = measure()
        for person in range(50, 50 + CONNECTIONS):
            await join(person)
        after, connections, topics = measure()
        each = (after - before) / CONNECTIONS
        assert connections == 50 + CONNECTIONS and topics == 3 * (50 + CONNECTIONS) + 2
        assert each <= LIMIT, f"{each / 1024:.1f} KiB a connection"
    process.stdin.close()
    assert process.wait(20) == 0
    process.stdout.close()
