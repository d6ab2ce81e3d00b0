"""P11: from somebody's act to everybody's screen; P7: the same beside readers that stopped reading."""

import asyncio
import json
import random
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

import httpx2 as httpx

from bench.crowd import Viewer, seat
from bench.stage import Stage, has_second_engine, stage
from bench.table import percentile, row
from tests.server import Server
from tests.writers import make_records

RECORDS, VIEWERS, SECONDS = 50, 20, 15
ROOM, RATE = 1000, 20
PAIRS, WINDOW = 12, 2.5  # of windows with and without slow readers; seconds


@dataclass
class Watch:
    """Milliseconds until each viewer had it: `took` since the act began, `fact` since the fact was made, which is a
    little before its commit."""

    begun: dict[str, float] = field(default_factory=dict)
    took: list[float] = field(default_factory=list)
    fact: list[float] = field(default_factory=list)
    own: list[float] = field(default_factory=list)  # milliseconds until the one who acted was answered

    def heard(self, viewer: Viewer, payload: bytes) -> None:
        if payload.startswith(b'{"t":"p"') and b'"note.created"' in payload:
            said = json.loads(payload)
            self.took.append((time.perf_counter() - self.begun[said["topic"]]) * 1000)
            self.fact.append((time.time() - datetime.fromisoformat(said["event"]["at"]).timestamp()) * 1000)


class Uncounted(Watch):
    """Of readers who are only there."""

    def heard(self, viewer: Viewer, payload: bytes) -> None:
        pass


async def seat_viewers(servers: Sequence[Server], records: list[str], each: int, watch: Watch) -> list[Viewer]:
    """Spread over the processes, so that half of what they hear was written elsewhere."""
    viewers = []
    for number, record in enumerate(records * each):
        server = servers[number % len(servers)]
        viewers.append(await seat(server.url, server.token, {record: None}, watch.heard))
    async with asyncio.timeout(60):
        await asyncio.gather(*(viewer.settled.wait() for viewer in viewers))
    return viewers


async def write_steadily(server: Server, records: list[str], rate: float, seconds: float, watch: Watch) -> None:
    """`rate` notes a second on each record, at moments spread evenly over the second."""
    async with server.program() as api:
        await asyncio.gather(
            *(
                _write(api, record, rate, seconds, place / len(records) / rate, watch)
                for place, record in enumerate(records)
            )
        )


async def _write(api: httpx.AsyncClient, record: str, rate: float, seconds: float, later: float, watch: Watch) -> None:
    due = time.perf_counter() + later
    for number in range(int(seconds * rate)):
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        watch.begun[record] = began = time.perf_counter()
        answer = await api.post(f"/{record.replace(':', 's/')}/notes", json={"body": f"note {number}"})
        assert answer.status_code == 201, answer.text
        watch.own.append((time.perf_counter() - began) * 1000)
        due += 1 / rate


def leave(viewers: list[Viewer]) -> None:
    for viewer in viewers:
        viewer.transport.abort()


async def many_records(place: Stage, goal: str) -> None:
    records = await make_records(place.servers[0], RECORDS)
    watch = Watch()
    viewers = await seat_viewers(place.servers, records, VIEWERS, watch)
    await write_steadily(place.servers[0], records, 1, SECONDS, watch)
    await asyncio.sleep(1)  # what is still on its way
    what = f"{RECORDS} records × {VIEWERS} viewers, 1 change/s each, {place.name}"
    row(f"{what}: fact → other screen, p50 ms", f"{percentile(watch.fact, 50):.0f}")
    row("  p99 ms", f"{percentile(watch.fact, 99):.0f}", goal)
    row("  request sent → other screen, p99 ms", f"{percentile(watch.took, 99):.0f}")
    row("  shown of expected", f"{len(watch.took)} of {len(watch.own) * VIEWERS}", "all")
    leave(viewers)


async def one_room(place: Stage) -> None:
    records = await make_records(place.servers[0], 1)
    watch = Watch()
    viewers = await seat_viewers(place.servers, records, ROOM, watch)
    await write_steadily(place.servers[0], records, RATE, SECONDS, watch)
    await asyncio.sleep(1)  # what is still on its way
    row(
        f"act → other screen, {ROOM} viewers of one record, {RATE} changes/s, p99 ms",
        f"{percentile(watch.took, 99):.0f}",
    )
    row("  shown of expected", f"{len(watch.took)} of {len(watch.own) * ROOM}", "all")
    leave(viewers)


async def slow_readers(place: Stage) -> None:
    """Some readers read and stop reading by turns, in windows of one run: what else the machine does falls on both."""
    records = await make_records(place.servers[0], 10)
    watch = Watch()
    viewers = await seat_viewers(place.servers, records, VIEWERS, watch)
    sleepers = await seat_viewers(place.servers, records[:2], 10, Uncounted())
    pairs = []
    for number in range(PAIRS):
        order = (False, True) if number % 2 else (True, False)
        pairs.append({stopped: await _window(place, records, watch, sleepers, stopped) for stopped in order})
    ratios = [pair[True] / pair[False] for pair in pairs]
    low, high = spread_of_median(ratios)
    row(
        f"p99 of the others, 20 readers stopped / reading, median of {PAIRS} pairs of windows",
        f"{statistics.median(ratios):.2f}",
        "< 1.10 (P7)",
    )
    row("  where it lies with 95 %", f"{low:.2f} … {high:.2f}")
    stop_or_read(sleepers, stopped=True)
    before = place.megabytes()
    await write_steadily(place.servers[0], records, 2, SECONDS, watch)
    held = (place.megabytes() - before) * 1024 / len(sleepers)
    row("20 slow readers: memory held for each, KiB at most", f"{max(held, 0):.0f}", "≤ 1024 (P7)")
    leave(viewers + sleepers)


async def _window(place: Stage, records: list[str], watch: Watch, sleepers: list[Viewer], stopped: bool) -> float:
    stop_or_read(sleepers, stopped=stopped)
    await asyncio.sleep(0.5)  # what piled up while they did not read has come
    watch.fact.clear()
    await write_steadily(place.servers[0], records, 4, WINDOW, watch)
    return percentile(watch.fact, 99)


def stop_or_read(sleepers: list[Viewer], *, stopped: bool) -> None:
    for sleeper in sleepers:
        (sleeper.transport.pause_reading if stopped else sleeper.transport.resume_reading)()


def spread_of_median(values: list[float]) -> tuple[float, float]:
    """Between which the median would lie in 95 of 100 runs like this one (bootstrap)."""
    rng = random.Random(1)
    medians = sorted(statistics.median(rng.choices(values, k=len(values))) for _ in range(2000))
    return medians[50], medians[-50]


async def live_rows() -> None:
    async with stage() as place:
        await place.servers[0].start()
        await many_records(place, "≤ 100 (P11)")
        await one_room(place)
        await slow_readers(place)
    if has_second_engine():
        async with stage(2) as place:
            await asyncio.gather(*(server.start() for server in place.servers))
            await many_records(place, "≤ 150 (P11)")
