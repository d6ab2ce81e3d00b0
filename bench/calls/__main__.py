"""Prints a row per promise of calls: what, the figure, the goal. Load and server share the machine: read ratios.

python -m bench.calls [forwarding joins leaves loss mesh live browsers] [--seconds 10] [--people 3]
"""

import argparse
import asyncio
import contextlib
import shutil
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass
from typing import Any

import psutil
from websockets.asyncio.client import connect

from bench.calls.browsers import browsers
from bench.calls.janus import JanusCaller, Talk, janus
from bench.calls.live import live
from bench.calls.shared import HEIGHT, WIDTH, heard_by
from bench.table import percentile, row
from realtime.calls.addresses import local_addresses
from realtime.calls.ports import MediaSettings
from tests.realtime.calls.desk import Member
from tests.realtime.calls.scripted import Heard
from tests.realtime.calls.test_lost import drop
from tests.realtime.fakes import until


@dataclass
class Cost:
    """CPU seconds of a server while it passed packets on, over some seconds; `streams` of pictures."""

    cpu: float
    packets: int
    seconds: float
    streams: int

    @property
    def each(self) -> float:
        """Microseconds a packet passed on."""
        return self.cpu / max(1, self.packets) * 1e6

    @property
    def part(self) -> float:
        """% of a core for each stream of pictures and the sound that comes with it."""
        return self.cpu / self.seconds / self.streams * 100


@contextlib.asynccontextmanager
async def carrier() -> AsyncIterator[tuple[str, psutil.Process]]:
    bind = local_addresses(MediaSettings(None))[0]  # type: ignore[arg-type]
    words = [sys.executable, "-m", "bench.calls.carrier", bind]
    process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        address = (await asyncio.to_thread(process.stdout.readline)).strip()
        yield address, psutil.Process(process.pid)
    finally:
        process.communicate("")


async def member(address: str, me: int, *, video: bool = True) -> Member:
    socket = await connect(f"{address}/live?me={me}", max_size=None, close_timeout=1)
    made = Member(socket, me, video=video)
    if video:
        from tests.realtime.calls.scripted import Caller

        made.caller = Caller(width=WIDTH, height=HEIGHT)
    return made


async def measured(process: psutil.Process, heard: Callable[[], list[Heard]], seconds: float, streams: int) -> Cost:
    before, packets, begun = process.cpu_times(), sum(each.packets for each in heard()), time.perf_counter()
    await asyncio.sleep(seconds)
    after, took = process.cpu_times(), time.perf_counter() - begun
    cpu = after.user + after.system - before.user - before.system
    return Cost(cpu, sum(each.packets for each in heard()) - packets, took, streams)


async def ours(people: int, seconds: float) -> Cost:
    async with carrier() as (address, process):
        members = [await (await member(address, me)).join() for me in range(1, people + 1)]
        await until(lambda: all(each.packets > 50 for each in heard_by(members)))
        cost = await measured(process, lambda: heard_by(members), seconds, people * (people - 1))
        for one in members:
            await one.close()
        return cost


async def theirs(people: int, seconds: float) -> Cost:
    async with janus() as process:
        talk = await Talk.begin()
        callers = [JanusCaller(talk, WIDTH, HEIGHT) for _ in range(people)]
        for caller in callers:
            await caller.publish()
        for caller in callers:
            await caller.watch([other.feed for other in callers if other is not caller])
        heard = [each for caller in callers for each in caller.heard]
        await until(lambda: all(each.packets > 50 for each in heard))
        cost = await measured(psutil.Process(process.pid), lambda: heard, seconds, people * (people - 1))
        for caller in callers:
            await caller.close()
        await talk.close()
        return cost


async def forwarding(said: argparse.Namespace) -> None:
    own = await ours(said.people, said.seconds)
    what = f"{own.streams} streams 640×480@20 with sound passed on"
    row(f"{what}: CPU a stream", f"{own.part:.2f} %")
    row(f"{what}: CPU a packet", f"{own.each:.1f} µs")
    row("streams a core, as far as that goes on", f"{100 / own.part:.0f}", "≥ 40")
    if shutil.which("janus") is None:
        row("the same through Janus: left out, janus is not installed", "")
        return
    other = await theirs(said.people, said.seconds)
    row("the same through Janus: CPU a stream", f"{other.part:.2f} %")
    row("the same through Janus: CPU a packet", f"{other.each:.1f} µs")
    row("ours to Janus, a packet", f"{own.each / other.each:.2f}", "≤ 1.5")


async def joins(said: argparse.Namespace) -> None:
    """From *Join* to the first sound and the first picture of the one who is there, and the other way round."""
    took: list[float] = []
    async with carrier() as (address, _):
        ana = await (await member(address, 1)).join()
        for _ in range(20):
            ben = await member(address, 2)
            begun = time.perf_counter()
            await ben.join()
            await until(lambda ben=ben: all(each.packets for each in heard_by([ana, ben])[2:]))
            await until(lambda: ana.caller.of(2, "camera").keys)
            took.append(time.perf_counter() - begun)
            await ben.say("leave")
            await ben.hear("bye")
            await ben.close()
            await until(lambda: not any(line["who"] == 2 for line in ana.caller.lines.values()))
        await ana.close()
    row("join → both see and hear each other, p95 of 20, without a browser", f"{percentile(took, 95):.2f} s", "≤ 2 s")


async def leaves(said: argparse.Namespace) -> None:
    async with carrier() as (address, process):
        ana = await (await member(address, 1, video=False)).join()

        async def come_and_go(times: int) -> None:
            for _ in range(times):
                ben = await (await member(address, 2, video=False)).join()
                await ben.hears(1, more=1)
                await ben.say("leave")
                await ben.hear("bye")
                await ben.close()

        await come_and_go(60)  # until what is kept for later is there
        before = process.num_fds(), process.num_threads(), process.memory_info().rss
        await come_and_go(100)
        after = process.num_fds(), process.num_threads(), process.memory_info().rss
        await ana.close()
    row(
        "files and threads left over by 100 joins and leaves", f"{after[0] - before[0]}, {after[1] - before[1]}", "0, 0"
    )
    row("memory left over by them", f"{(after[2] - before[2]) / 1024:.0f} KiB")


async def loss(said: argparse.Namespace) -> None:
    """A seeded dropper at the sockets of the callers: 2 % of all media, both ways."""
    async with carrier() as (address, _):
        members = [await (await member(address, me)).join() for me in (1, 2)]
        await until(lambda: all(each.packets > 50 for each in heard_by(members)))
        for one in members:
            drop(one.caller, seed=one.me, part=0.02)
        camera = members[1].caller.of(1, "camera")
        before = camera.packets
        await asyncio.sleep(said.seconds)
        window = range(camera.numbers[-400], camera.numbers[-100])
        missing = len(set(window) - set(camera.numbers)) / len(window)
        row("2 % loss (dropper at the sockets): packets of pictures still missing", f"{missing:.2%}")
        row("the same: packets a second that came", f"{(camera.packets - before) / said.seconds:.0f}")
        for one in members:
            await one.close()


async def mesh(said: argparse.Namespace) -> None:
    """Two talk directly; a third joins: how long until packets of the first reach the second through the server."""
    gaps: list[float] = []
    for _ in range(5):
        async with carrier() as (address, _):
            ana, ben = [await (await member(address, me)).join() for me in (1, 2)]
            for one in (ana, ben):
                await one.hear("mesh", on=False)
                await one.say("mesh", up=True)
            await ana.hear("mesh", on=True)
            await asyncio.sleep(0.5)
            heard = ben.caller.of(1, "camera")
            packets, begun = heard.packets, time.perf_counter()
            eva = await member(address, 3)
            await eva.join()
            await until(lambda heard=heard, packets=packets: heard.packets > packets)
            gaps.append(time.perf_counter() - begun)
            for one in (ana, ben, eva):
                await one.close()
    row("direct → through the server when a third joins, longest of 5", f"{max(gaps):.2f} s", "≤ 1.5 s")


SUBJECTS: dict[str, Callable[[argparse.Namespace], Coroutine[Any, Any, None]]] = {
    "forwarding": forwarding, "joins": joins, "leaves": leaves, "loss": loss, "mesh": mesh,
    "live": lambda said: live(said.seconds), "browsers": browsers,
}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.calls", description=__doc__.splitlines()[0])
    parser.add_argument("subject", nargs="*", help="which rows; without any, all of them")
    parser.add_argument("--seconds", type=float, default=10.0, help="how long each figure is taken")
    parser.add_argument("--people", type=int, default=3, help="in the room while forwarding is measured")
    said = parser.parse_args()
    if strange := set(said.subject) - SUBJECTS.keys():
        parser.error(f"no such subject: {', '.join(sorted(strange))}; there are {', '.join(SUBJECTS)}")
    for name in said.subject or SUBJECTS:
        asyncio.run(SUBJECTS[name](said))


if __name__ == "__main__":
    main()
