"""Listeners that read and throw away. They are in the bench's own process, so their cost is not counted."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator


@contextlib.asynccontextmanager
async def audience(port: int, listeners: int, handshake: bytes) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(_listen(port, handshake)) for _ in range(listeners)]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()


async def _listen(port: int, handshake: bytes) -> None:
    reader, writer = await _open(port)
    writer.write(handshake)
    with contextlib.suppress(ConnectionError):
        while await reader.read(1 << 18):
            pass


async def _open(port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A server that starts has no event to wait for."""
    for _ in range(400):
        with contextlib.suppress(ConnectionError):
            return await asyncio.open_connection("127.0.0.1", port, family=socket.AF_INET)
        await asyncio.sleep(0.05)
    raise RuntimeError("nobody listens")
