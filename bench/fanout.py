"""P16: what a message costs for each of many listeners: our outbox and its door against what bare writers take in the
same run, steadily and as fast as it goes."""

import asyncio
import contextlib
import multiprocessing
import os
import resource
import statistics
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection as Pipe
from pathlib import Path
from typing import cast

import uvicorn
import uvloop
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket

from bench.audience import audience
from bench.floor import Load, compiled, kernel
from bench.table import row
from realtime.connection import Connection, Outbox
from realtime.frames import Frame, wire_frame
from realtime.server_protocol import uvicorn_options
from realtime.writers import DoorWriter, open_writer
from tests.needs import free_port

SUBSCRIBERS, RATE = 500, 20
STEADY, SATURATED = Load(SUBSCRIBERS, 100, RATE), Load(SUBSCRIBERS, 2_000, 0)
LINE = '<li class="line" id="line-%d" data-v="%d"><b>Lucía Ferrer</b> asked for offer %d until <time>14:%d</time></li>'
SMALL, LARGE = 400, 2_000  # bytes; what is below 1 KiB goes out as it is
BREATH = 20  # messages after which whoever sends without a pause lets the sockets take what waits


@dataclass(frozen=True)
class Listener:
    """As much of a person as the outbox looks at."""

    key: str = "user:1"
    id: int = 1
    variant: str = "en"
    head: int | None = 0
    is_member: bool = True


def payload(n: int, size: int) -> bytes:
    """A patch of about `size` bytes with lines as a timeline has them."""
    lines = [(LINE % (n + i, n, n * 7 % 1000 + i, i)).replace('"', '\\"') for i in range(size // len(LINE))]
    return f'{{"t":"p","topic":"contact:7","n":{n},"html":"{"".join(lines)}"}}'.encode()


def cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def bare(port: int, load: Load, size: int, answer: Pipe) -> None:
    """Transports of uvloop without a protocol above them, one write each."""

    async def main() -> None:
        transports: list[asyncio.Transport] = []

        class Bare(asyncio.Protocol):
            def connection_made(self, transport: asyncio.BaseTransport) -> None:
                transports.append(cast(asyncio.Transport, transport))  # uvloop's own class

        await asyncio.get_running_loop().create_server(Bare, "127.0.0.1", port)
        while len(transports) < load.listeners:
            await asyncio.sleep(0.05)
        frame, began = wire_frame(payload(1, size)), cpu()
        for _ in range(load.messages):
            for transport in transports:
                transport.write(frame)
            await asyncio.sleep(1 / load.rate)
        answer.send(load.each(cpu() - began))

    uvloop.run(main())
    os._exit(0)


def ours(port: int, load: Load, size: int, answer: Pipe) -> None:
    """As the hub sends: an outbox before the door of Starlette under uvicorn."""
    connections: list[Connection] = []

    async def endpoint(websocket: WebSocket) -> None:
        await websocket.accept()
        connections.append(Connection(Listener()))
        connections[-1].writer = open_writer(websocket, Frame(b"bye"))
        if len(connections) == load.listeners:
            answer.send(await send(load, size, connections))
            os._exit(0)
        with contextlib.suppress(Exception):
            await websocket.receive_text()

    app = Starlette(routes=[WebSocketRoute("/", endpoint)])
    uvicorn.run(app, host="127.0.0.1", port=port, loop="uvloop", log_level="error", **uvicorn_options())


async def send(load: Load, size: int, connections: list[Connection]) -> float:
    outbox, began = Outbox(too_slow), cpu()
    for n in range(load.messages):
        outbox.put(Frame(payload(n, size)), connections)
        if load.rate:
            await asyncio.sleep(1 / load.rate)
        elif n % BREATH == 0:
            await asyncio.sleep(0)
            for connection in connections:
                await cast(DoorWriter, connection.writer).drain()
    outbox.flush()
    return load.each(cpu() - began)


def too_slow(connection: Connection) -> None:
    raise RuntimeError("a listener of the bench fell behind: its figure would be too good")


async def measure(run: Callable[[int, Load, int, Pipe], None], load: Load, size: int, handshake: bytes) -> float:
    port = free_port()
    mine, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=run, args=(port, load, size, theirs))
    process.start()
    async with audience(port, load.listeners, handshake):
        figure: float = await asyncio.to_thread(mine.recv)
    process.join(10)
    return figure


def upgrade(deflate: bool) -> bytes:
    more = b"Sec-WebSocket-Extensions: permessage-deflate\r\n" if deflate else b""
    return (
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n" + more + b"\r\n"
    )


async def of_three(once: Callable[[], Awaitable[float]]) -> float:
    """The median of three runs: what else the machine does falls on one of them."""
    return statistics.median([await once() for _ in range(3)])


async def fanout_rows() -> None:
    title = f"fan-out to {SUBSCRIBERS}, CPU µs a delivered message:"
    steady = await of_three(lambda: measure(ours, STEADY, SMALL, upgrade(False)))
    with compiled() as program:
        if program is None:
            floor = await of_three(lambda: measure(bare, STEADY, SMALL, b""))
            row(f"{title} uvloop's bare writer, {RATE}/s", f"{floor:.1f}", "the floor: no C compiler here")
            row(f"  ours, {RATE}/s", f"{steady:.1f} = {steady / floor:.2f} ×", "≤ 1.3 × (P16)")
            return
        floor = await of_three(lambda: kernel(program, STEADY, wire_frame(payload(1, SMALL))))
        row(f"{title} one send each in C, {RATE}/s", f"{floor:.1f}", "the floor")
        row(f"  ours, {RATE}/s", f"{steady:.1f} = {steady / floor:.2f} ×", "≤ 1.6 × (P16)")
        await saturated_rows(program, SMALL, deflate=False, goal=0.5)
        await saturated_rows(program, LARGE, deflate=True, goal=0.6)


async def saturated_rows(program: Path, size: int, *, deflate: bool, goal: float) -> None:
    floor = await of_three(lambda: kernel(program, SATURATED, wire_frame(payload(1, size))))
    busy = await of_three(lambda: measure(ours, SATURATED, size, upgrade(deflate)))
    row(f"  in C, {size} bytes, without a pause", f"{floor:.1f}", "the floor")
    words = " and compressed" if deflate else ""
    row(f"  ours, the same{words}", f"{busy:.1f} = {busy / floor:.2f} ×", f"≤ {goal} × (P16)")
