"""Two ways to write to a socket: through the shared-frame door, or, on any other server, through `send_text`."""

import asyncio
from collections import deque
from typing import Any, Protocol

from starlette.websockets import WebSocket

from realtime.frames import Batch, Frame
from realtime.server_protocol import EXTENSION, GRACE, HIGH_WATER, Door

Event = dict[str, Any]
DISCONNECT: Event = {"type": "websocket.disconnect", "code": 1006}


class SocketWriter(Protocol):
    def write(self, batch: Batch) -> bool: ...

    def close(self, code: int) -> None: ...

    async def drain(self) -> None: ...

    async def receive(self) -> Event:
        """The next ASGI event; a disconnect also when we closed."""

    async def stop(self) -> None: ...


def open_writer(websocket: WebSocket, farewell: Frame) -> SocketWriter:
    """The best writer for this server; `farewell` is said when the server closes all its sockets by itself."""
    extension = websocket.scope.get("extensions", {}).get(EXTENSION)
    if extension is None:
        return TextWriter(websocket)
    return DoorWriter(websocket, extension["door"], farewell)


class DoorWriter:
    __slots__ = ("_websocket", "close", "drain", "write")

    def __init__(self, websocket: WebSocket, door: Door, farewell: Frame) -> None:
        self._websocket = websocket
        self.write, self.close, self.drain = door.write, door.close, door.drain
        door.farewell(farewell)

    async def receive(self) -> Event:
        return dict(await self._websocket.receive())

    async def stop(self) -> None:
        return None


class TextWriter:
    """A queue of its own, bounded in bytes, and a task that empties it."""

    def __init__(self, websocket: WebSocket) -> None:
        self._websocket = websocket
        self._queue: deque[bytes] = deque()
        self._size = 0
        self._code: int | None = None
        self._more, self._empty, self._ended = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self._task = asyncio.create_task(self._run())

    def write(self, batch: Batch) -> bool:
        if self._code is not None or self._size > HIGH_WATER:
            return False
        for frame in batch.frames:
            self._queue.append(frame.payload)
            self._size += len(frame.payload)
        self._empty.clear()
        self._more.set()
        return True

    def close(self, code: int) -> None:
        self._code = code
        self._more.set()
        asyncio.get_running_loop().call_later(GRACE, self._ended.set)

    async def drain(self) -> None:
        if self._queue:
            await self._empty.wait()

    async def receive(self) -> Event:
        reading = asyncio.ensure_future(self._websocket.receive())
        ended = asyncio.ensure_future(self._ended.wait())
        try:
            await asyncio.wait({reading, ended}, return_when=asyncio.FIRST_COMPLETED)
            return dict(reading.result()) if reading.done() else DISCONNECT
        finally:
            reading.cancel()
            ended.cancel()

    async def stop(self) -> None:
        self._task.cancel()
        await asyncio.wait({self._task})
        if not self._task.cancelled():
            self._task.exception()  # a peer that left in the middle of a word is nothing to report

    async def _run(self) -> None:
        try:
            while self._code is None or self._queue:
                await self._more.wait()
                self._more.clear()
                while self._queue:
                    payload = self._queue.popleft()
                    await self._websocket.send_text(payload.decode())
                    self._size -= len(payload)
                self._empty.set()
            await self._websocket.close(self._code)
        finally:
            self._ended.set()
