"""P16: CPU per delivered message through our shared-frame door, as a ratio to a bare uvloop writer in the same run."""

import asyncio
import contextlib
import multiprocessing
import os
import resource
import socket
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any, cast

import uvicorn
import uvloop
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket

from bench.table import row
from realtime.frames import wire_frame
from realtime.server_protocol import EXTENSION, uvicorn_options
from tests.needs import free_port

SUBSCRIBERS = 500
RATE = 20
SECONDS = 5
PAYLOAD = b'{"t":"p","topic":"room:1","n":1,"html":"' + b"x" * 358 + b'"}'


def cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


async def send_steadily(writers: list[Callable[[bytes], Any]], frame: bytes) -> float:
    """Microseconds of CPU per delivered message at 20 messages a second."""
    began = cpu()
    for _ in range(RATE * SECONDS):
        for write in writers:
            write(frame)
        await asyncio.sleep(1 / RATE)
    return (cpu() - began) / (RATE * SECONDS * len(writers)) * 1e6


def floor(port: int, answer: Connection) -> None:
    """The floor: bare transports, one write each."""

    async def main() -> None:
        transports: list[asyncio.Transport] = []

        class Bare(asyncio.Protocol):
            def connection_made(self, transport: asyncio.BaseTransport) -> None:
                transports.append(cast(asyncio.Transport, transport))  # uvloop's own class

        await asyncio.get_running_loop().create_server(Bare, "127.0.0.1", port)
        while len(transports) < SUBSCRIBERS:
            await asyncio.sleep(0.05)
        answer.send(await send_steadily([transport.write for transport in transports], wire_frame(PAYLOAD)))

    uvloop.run(main())
    os._exit(0)


def ours(port: int, answer: Connection) -> None:
    """The product's door: Starlette under uvicorn with the shared-frame protocol."""
    writers: list[Callable[[bytes], Any]] = []

    async def endpoint(websocket: WebSocket) -> None:
        await websocket.accept()
        writers.append(websocket.scope["extensions"][EXTENSION]["door"].write)
        if len(writers) == SUBSCRIBERS:
            answer.send(await send_steadily(writers, wire_frame(PAYLOAD)))
            os._exit(0)
        with contextlib.suppress(Exception):
            await websocket.receive_text()

    app = Starlette(routes=[WebSocketRoute("/", endpoint)])
    options = uvicorn_options() | {"ws_per_message_deflate": False, "ws_ping_interval": None}
    uvicorn.run(app, host="127.0.0.1", port=port, loop="uvloop", log_level="error", **options)


async def crowd(port: int, handshake: bytes) -> list[asyncio.Task[None]]:
    """Subscribers that read and throw away; in this process, so their cost is not counted."""

    async def one() -> None:
        reader, writer = await open_patiently(port)
        writer.write(handshake)
        while await reader.read(1 << 16):
            pass

    return [asyncio.create_task(one()) for _ in range(SUBSCRIBERS)]


async def open_patiently(port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    for _ in range(200):
        with contextlib.suppress(ConnectionError):
            return await asyncio.open_connection("127.0.0.1", port, family=socket.AF_INET)
        await asyncio.sleep(0.05)
    raise RuntimeError("nobody listens")


UPGRADE = (
    b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)


async def measure(run: Callable[[int, Connection], None], handshake: bytes) -> float:
    port = free_port()
    mine, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=run, args=(port, theirs))
    process.start()
    tasks = await crowd(port, handshake)
    figure: float = await asyncio.to_thread(mine.recv)
    for task in tasks:
        task.cancel()
    process.join(10)
    return figure


async def fanout_rows() -> None:
    bare, door = await measure(floor, b""), await measure(ours, UPGRADE)
    row(f"fan-out to {SUBSCRIBERS} at {RATE}/s, CPU µs a message: uvloop floor", f"{bare:.1f}", "the floor")
    row(f"fan-out to {SUBSCRIBERS} at {RATE}/s, CPU µs a message: our door", f"{door:.1f}")
    row("our door ÷ the uvloop floor (P16)", f"{door / bare:.2f}", "≤ 1.3")
