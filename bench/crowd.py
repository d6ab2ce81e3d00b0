"""Thousands of listeners in one process: the least a WebSocket client can be, so that the server is measured."""

import asyncio
import base64
import json
import os
import struct
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

TEXT, CLOSE, PING, PONG = 0x1, 0x8, 0x9, 0xA


class Viewer(asyncio.Protocol):
    """`heard` gets the bytes of every text frame; `ended` is set when the line is gone."""

    def __init__(self, token: str, topics: dict[str, int | None], heard: Callable[["Viewer", bytes], None]) -> None:
        self._token, self.topics, self._heard = token, topics, heard
        self._data = bytearray()
        self._open = False
        self.transport: asyncio.Transport
        self.settled, self.ended = asyncio.Event(), asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]  # uvloop's own class
        key = base64.b64encode(os.urandom(16)).decode()
        words = [
            "GET /live HTTP/1.1", "Host: 127.0.0.1", "Upgrade: websocket", "Connection: Upgrade",
            f"Sec-WebSocket-Key: {key}", "Sec-WebSocket-Version: 13", f"Authorization: Bearer {self._token}", "", "",
        ]  # fmt: skip
        self.transport.write("\r\n".join(words).encode())

    def connection_lost(self, error: Exception | None) -> None:
        self.ended.set()

    def data_received(self, data: bytes) -> None:
        self._data += data
        if not self._open:
            end = self._data.find(b"\r\n\r\n")
            if end < 0:
                return
            if not self._data.startswith(b"HTTP/1.1 101"):
                self.transport.abort()
                return
            self._open = True
            del self._data[: end + 4]
            self.say(t="sub", topics=self.topics)
        while self._take_frame():
            pass

    def say(self, **members: Any) -> None:
        self._send(TEXT, json.dumps(members).encode())

    def _send(self, opcode: int, payload: bytes) -> None:
        # A mask of zeros: allowed, and it costs nothing here.
        size = struct.pack("!BB", 0x80 | opcode, 0x80 | len(payload)) if len(payload) < 126 else None
        head = size or struct.pack("!BBH", 0x80 | opcode, 0x80 | 126, len(payload))
        self.transport.write(head + b"\0\0\0\0" + payload)

    def _take_frame(self) -> bool:
        data = self._data
        if len(data) < 2:
            return False
        length, start = data[1], 2
        if length == 126:
            length, start = int.from_bytes(data[2:4], "big"), 4
        elif length == 127:
            length, start = int.from_bytes(data[2:10], "big"), 10
        if len(data) < start + length:
            return False
        opcode, payload = data[0] & 0xF, bytes(data[start : start + length])
        del data[: start + length]
        if opcode == TEXT:
            if payload.startswith(b'{"t":"ok"'):
                self.settled.set()
            self._heard(self, payload)
        elif opcode == PING:
            self._send(PONG, payload)
        elif opcode == CLOSE:
            self.transport.close()
        return True


async def seat(url: str, token: str, topics: dict[str, int | None], heard: Callable[[Viewer, bytes], None]) -> Viewer:
    """A viewer on its way; await `settled`."""
    host = urlsplit(url)
    make = lambda: Viewer(token, topics, heard)  # noqa: E731
    _transport, viewer = await asyncio.get_running_loop().create_connection(make, host.hostname, host.port)
    return viewer
