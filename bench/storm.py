"""P9: everybody comes back at once; P10: what an idle connection weighs."""

import asyncio
import random
import time
from pathlib import Path

import httpx2 as httpx

from bench.crowd import Viewer, seat
from bench.stage import Stage, stage
from bench.table import row
from tests.writers import make_records

RECORDS, IDLE, TOPICS = 50, 1000, 5
COUNTING = """
import atexit, collections, pathlib
from sqlalchemy import event
from sqlalchemy.engine import Engine
asked = collections.Counter()
@event.listens_for(Engine, "before_cursor_execute")
def note(connection, cursor, statement, *rest):
    kinds = {{"api_token": "session", "FROM topic": "topics", "FROM patch": "replay", "FROM contact": "rights"}}
    kind = next((name for word, name in kinds.items() if word in statement), "")
    asked[kind] += bool(kind)
@atexit.register
def tell():
    pathlib.Path({path!r}).write_text(" · ".join(f"{{kind}} {{n}}" for kind, n in sorted(asked.items()) if kind))
"""


def wanted(records: list[str], number: int, count: int) -> dict[str, int | None]:
    return {records[(number + step) % len(records)]: None for step in range(count)}


async def memory_rows() -> None:
    async with stage() as place:
        server = place.servers[0]
        await server.start()
        records = await make_records(server, RECORDS)
        first = await crowd(place, records, 50)  # what is allocated once, for everybody
        before = place.megabytes()
        viewers = await crowd(place, records, IDLE)
        weight = (place.megabytes() - before) * 1024 / IDLE
        row(f"memory of an idle connection with {TOPICS} topics, KiB (of {IDLE})", f"{weight:.1f}", "≤ 40 (P10)")
        for viewer in first + viewers:
            viewer.transport.abort()


async def crowd(place: Stage, records: list[str], count: int) -> list[Viewer]:
    server = place.servers[0]
    viewers: list[Viewer] = []
    for start in range(0, count, 50):  # people come one after the other: the storm is another row
        lot = [await seat(server.url, server.token, wanted(records, start + n, TOPICS), ignore) for n in range(50)]
        async with asyncio.timeout(60):
            await asyncio.gather(*(viewer.settled.wait() for viewer in lot))
        viewers += lot
    return viewers


def ignore(viewer: Viewer, payload: bytes) -> None:
    """A viewer that only sits there."""


async def storm_rows(clients: int) -> None:
    async with stage() as place:
        server = place.servers[0]
        await server.start()
        records = await make_records(server, RECORDS)
        asked = Path(place.settings.data_dir / "asked")
        await server.stop()
        await server.start(before=COUNTING.format(path=str(asked)))
        began, answers = time.perf_counter(), [0, 0]
        probing = asyncio.create_task(probe(server.url, server.token, answers))
        await asyncio.gather(*(come_back(place, wanted(records, n, TOPICS)) for n in range(clients)))
        seconds = time.perf_counter() - began
        probing.cancel()
        await asyncio.gather(probing, return_exceptions=True)
        await server.stop()
        row(
            f"{clients} clients × {TOPICS} topics of {RECORDS} come back, seconds",
            f"{seconds:.1f}",
            "5,000 in ≤ 60 (P9)",
        )
        row("  queries: " + asked.read_text(), "", "session, rights ≤ 1 each a connection")
        row("  other requests meanwhile · of them failed", f"{answers[0]} · {answers[1]}", "0 failed")


async def come_back(place: Stage, topics: dict[str, int | None]) -> None:
    """As the browser does after `bye`: after 1 to 8 seconds, then with growing pauses."""
    server = place.servers[0]
    longest = 8.0
    await asyncio.sleep(random.uniform(1, longest))
    while True:
        try:
            viewer = await seat(server.url, server.token, dict(topics), ignore)
            async with asyncio.timeout(20):
                waits = [asyncio.create_task(viewer.settled.wait()), asyncio.create_task(viewer.ended.wait())]
                await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            if viewer.settled.is_set():
                return
        except (OSError, TimeoutError):
            pass
        longest = min(longest * 2, 30.0)
        await asyncio.sleep(random.uniform(0, longest))


async def probe(url: str, token: str, answers: list[int]) -> None:
    headers = {"authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(base_url=url, headers=headers, timeout=30) as client:
        while True:
            answer = await client.get("/api/v1/contacts?limit=5")
            answers[0] += 1
            answers[1] += answer.status_code >= 500
            await asyncio.sleep(0.2)
