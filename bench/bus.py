"""P14: Redis stops or dies; when it is said, whether writing goes on, and when all is caught up."""

import asyncio
import signal
import time

from bench.stage import Stage, has_second_engine, stage
from bench.table import row
from tests.listener import Listener, listening
from tests.writers import Writers, all_numbered, heads_in, make_records

PEOPLE, WRITES = 2, 20


async def bus_rows() -> None:
    async with stage(2 if has_second_engine() else 1, bus=True) as place:
        await asyncio.gather(*(server.start() for server in place.servers))
        records = await make_records(place.servers[0], 5)
        last = place.servers[-1]
        for how in ("stopped", "killed"):
            listener = Listener(lambda: last.url, last.token, records)
            async with listening(listener):
                await _measure(place, listener, records, how)


async def _measure(place: Stage, listener: Listener, records: list[str], how: str) -> None:
    began = time.monotonic()
    if how == "stopped":
        place.redis.send(signal.SIGSTOP)
    else:
        place.redis.kill()
    said = await listener.bus_is(False) - began
    writers = Writers(place.servers[:1], records)
    async with writers.at_work(PEOPLE):
        await writers.promised_more(WRITES)
    await all_numbered(place.database)
    heads = await heads_in(place.database, records)
    if how == "stopped":
        place.redis.send(signal.SIGCONT)
    else:
        place.redis.start()
    await place.redis.ready()
    back = time.monotonic()
    caught_up = max(await listener.bus_is(True) - back, 0.0)
    await listener.reached(heads)
    row(f"Redis {how}, {place.name}: seconds until every page is told", f"{said:.1f}", "≤ 10 (P14)")
    row(
        "  seconds from its return until caught up and told",
        f"{max(caught_up, time.monotonic() - back):.1f}",
        "≤ 5 (P14)",
    )
