"""A real uvicorn in the test's own loop, and a client that remembers every frame it got."""

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.routing import BaseRoute
from uvicorn.server import ServerState
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from realtime.server_protocol import uvicorn_options


def serving(*routes: BaseRoute, **options: Any) -> AbstractAsyncContextManager[str]:
    return serving_app(Starlette(routes=list(routes)), **options)


@contextlib.asynccontextmanager
async def serving_app(app: Starlette, **options: Any) -> AsyncIterator[str]:
    """uvicorn's protocols on a socket of ours; gives "ws://127.0.0.1:…". Without its lifespan and the pauses of its
    shutdown."""
    config = uvicorn.Config(app, log_level="warning", lifespan="off", **{**uvicorn_options(), **options})
    config.load()
    state = ServerState()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: config.http_protocol_class(config=config, server_state=state, app_state={}), "127.0.0.1", 0
    )
    try:
        yield f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        for connection in list(state.connections):
            connection.shutdown()
        async with asyncio.timeout(10):
            while state.connections or state.tasks:
                await asyncio.sleep(0.001)


@contextlib.asynccontextmanager
async def whole_server(*routes: BaseRoute) -> AsyncIterator[tuple[str, uvicorn.Server]]:
    """All of uvicorn, for how it stops."""
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    config = uvicorn.Config(Starlette(routes=list(routes)), log_level="warning", lifespan="off", **uvicorn_options())
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve([listening]))
    while not server.started:
        await asyncio.sleep(0.001)
    try:
        yield f"ws://127.0.0.1:{listening.getsockname()[1]}", server
    finally:
        server.should_exit = True
        await task


class Client:
    """`take` waits for the next frame of a kind; what came before it is kept in `seen`."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.seen: list[dict[str, Any]] = []

    async def say(self, **members: Any) -> None:
        await self.socket.send(json.dumps(members))

    async def take(self, kind: str) -> dict[str, Any]:
        async with asyncio.timeout(10):
            while True:
                self.seen.append(json.loads(await self.socket.recv()))
                if self.seen[-1]["t"] == kind:
                    return self.seen[-1]

    async def closed(self) -> int | None:
        """Read to the end; the close code."""
        async with asyncio.timeout(10):
            with contextlib.suppress(ConnectionClosed):
                while True:
                    self.seen.append(json.loads(await self.socket.recv()))
            await self.socket.wait_closed()
        return self.socket.close_code


@contextlib.asynccontextmanager
async def browsing(url: str, **options: Any) -> AsyncIterator[Client]:
    async with connect(url, proxy=None, **options) as socket:
        yield Client(socket)
