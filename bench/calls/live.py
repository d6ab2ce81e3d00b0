"""P11 while a call of four people is recorded: the same windows of one run without the call and with it."""

import asyncio
import contextlib
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import httpx2 as httpx
import psutil

from bench.live import RECORDS, VIEWERS, Watch, leave, seat_viewers, write_steadily
from bench.stage import Stage, stage
from bench.table import percentile, row
from server.calls.models import Call
from tests.calls.conftest import AGREED
from tests.calls.test_whole import carrying
from tests.server import OWNER, add_colleague
from tests.writers import make_records

PEOPLE = ("mateo@example.org", "priya@example.org", "tom@example.org")
LATE = 20.0  # seconds that the last patches of a window may take
ROUNDS = 2  # each: without, with, with, without


async def live(seconds: float) -> None:
    async with stage() as place:
        await place.servers[0].start()
        await beside_a_call(place, "one process, SQLite", seconds)
    async with stage(bus=True) as place:
        place.servers[0].env["CALLS_PROCESS"] = "1"
        await place.servers[0].start()
        async with carrying(place.servers[0]):
            await beside_a_call(place, "the media in a process of its own", seconds)


@dataclass
class Windows:
    """What was seen in the windows of one kind: milliseconds to the screens, and the server's seconds of CPU."""

    took: list[float] = field(default_factory=list)
    cpu: float = 0.0
    seconds: float = 0.0


async def beside_a_call(place: Stage, name: str, seconds: float) -> None:
    server = place.servers[0]
    tokens = [server.token, *[await add_colleague(place.settings, one, one.partition("@")[0]) for one in PEOPLE]]
    records, watch = await make_records(server, RECORDS), Watch()
    viewers = await seat_viewers(place.servers, records, VIEWERS, watch)
    alone, beside = Windows(), Windows()
    packets: list[str] = []
    for _ in range(ROUNDS):
        await window(place, records, watch, seconds, alone)
        async with recorded_call(place, tokens, packets):
            for _twice in range(2):
                await window(place, records, watch, seconds, beside)
        await window(place, records, watch, seconds, alone)
    size = sum(file.stat().st_size for file in place.settings.parts_dir.glob("*.webm"))
    await report(name, alone, beside)
    row("  packets a second that the four got; MiB recorded", f"{', '.join(packets)}; {size / 2**20:.1f}")
    row("  shown of expected", f"{len(watch.took)} of {len(watch.own) * VIEWERS}", "all")
    leave(viewers)


async def report(name: str, alone: Windows, beside: Windows) -> None:
    without, during = percentile(alone.took, 99), percentile(beside.took, 99)
    row(
        f"fact → other screen, {RECORDS} × {VIEWERS}, while four are recorded, {name}, p99 ms",
        f"{during:.0f}",
        "≤ 100 (P11)",
    )
    row("  without the call, p99 ms", f"{without:.0f}", "≤ 100 (P11)")
    middle = percentile(beside.took, 50) / percentile(alone.took, 50)
    row("  with to without: p99, p50", f"{during / without:.2f}, {middle:.2f}")
    cores = f"{beside.cpu / beside.seconds:.2f}, {alone.cpu / alone.seconds:.2f}"
    row("  CPU of the web process, cores: with, without", cores)


async def window(place: Stage, records: list[str], watch: Watch, seconds: float, into: Windows) -> None:
    watch.fact.clear()
    process, begun = psutil.Process(place.servers[0].pid), time.perf_counter()
    before = process.cpu_times()
    await write_steadily(place.servers[0], records, 1, seconds, watch)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(LATE):
            while len(watch.took) < len(watch.own) * VIEWERS:  # what is still on its way
                await asyncio.sleep(0.1)
    after = process.cpu_times()
    into.cpu += after.user + after.system - before.user - before.system
    into.seconds += time.perf_counter() - begun
    into.took += watch.fact


@contextlib.asynccontextmanager
async def recorded_call(place: Stage, tokens: list[str], packets: list[str]) -> AsyncIterator[None]:
    """Four in a new call, all of whom said yes; it is being recorded."""
    server = place.servers[0]
    async with contextlib.AsyncExitStack() as stack:
        pages = [await stack.enter_async_context(server.browser(one)) for one in (OWNER, *PEOPLE)]
        call = (await pages[0].post("/calls", data={"about": "contact:1"})).headers["location"]
        async with place.database.transaction(read=True) as tx:
            room = (await tx.get_one(Call, int(call.rpartition("/")[2]))).room
        words = [sys.executable, "-m", "bench.calls.four", server.url.replace("http", "ws"), room, *tokens]
        process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        try:
            assert process.stdout is not None
            assert (await asyncio.to_thread(process.stdout.readline)).strip() == "in"
            await say_yes(pages, call)
            yield
        finally:
            told, _nothing = await asyncio.to_thread(process.communicate, "")
            packets.append(told.strip())
            await pages[0].delete(call)


async def say_yes(pages: list[httpx.AsyncClient], call: str) -> None:
    for page in pages:
        assert (await page.put(f"{call}/consent", data=AGREED)).status_code == 200
    assert (await pages[0].put(f"{call}/recording", data={"state": "on"})).status_code == 200
