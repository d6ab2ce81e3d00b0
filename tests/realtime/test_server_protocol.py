"""The shared-frame door under a real uvicorn, with the `websockets` client and with bare frames."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import pytest
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect
from websockets.client import ClientProtocol
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory
from websockets.frames import Frame as Piece
from websockets.frames import Opcode
from websockets.uri import parse_uri

from realtime.frames import Batch, Frame
from realtime.server_protocol import EXTENSION, HEAD, HIGH_WATER, Door
from tests.realtime.fakes import until
from tests.realtime.live_server import browsing, serving


@pytest.fixture
def opened() -> list[Door]:
    return []


@pytest.fixture
async def echo(opened: list[Door]) -> AsyncIterator[str]:
    """Echoes what it hears, and shows its doors to the test."""

    async def endpoint(websocket: WebSocket) -> None:
        await websocket.accept()
        opened.append(websocket.scope["extensions"][EXTENSION]["door"])
        try:
            while True:
                await websocket.send_text(await websocket.receive_text())
        except WebSocketDisconnect:
            pass

    async with serving(WebSocketRoute("/", endpoint)) as url:
        yield url


@pytest.mark.parametrize("compression", ["deflate", None])
async def test_shared_and_ordinary_frames_mix(echo: str, opened: list[Door], compression: Any):
    frames = [Frame((f"{n} " + "abc " * 1000).encode()) for n in range(3)]
    async with browsing(echo, compression=compression) as client:
        for frame in frames:
            await client.socket.send("x" * 3000)
            assert await client.socket.recv() == "x" * 3000
            door = opened[0]
            assert door.deflate is (compression == "deflate")
            assert door.write(frame)
            assert await client.socket.recv() == frame.payload.decode()
            assert door.write(Batch([frame]))
            assert await client.socket.recv() == frame.payload.decode()


@pytest.mark.parametrize(("window", "ours"), [(9, False), (11, False), (12, True), (15, True)])
async def test_a_peer_with_a_small_window_gets_plain_frames(echo: str, opened: list[Door], window: int, ours: bool):
    small = ClientPerMessageDeflateFactory(server_max_window_bits=window)
    async with browsing(echo, compression=None, extensions=[small]) as client:
        await client.socket.send("x" * 5000)
        assert await client.socket.recv() == "x" * 5000
        assert opened[0].deflate is ours


async def test_after_the_close_nothing_is_written(echo: str, opened: list[Door]):
    async with browsing(echo) as client:
        await client.socket.send("x")
        await client.socket.recv()
        opened[0].close(4401)
        assert opened[0].write(Frame(b"late")) is False
        opened[0].close(4408)
        assert await client.closed() == 4401 and client.seen == []


async def test_after_the_peer_left_nothing_is_written(echo: str, opened: list[Door]):
    async with browsing(echo) as client:
        await client.socket.send("x")
        await client.socket.recv()
    assert opened[0].write(Frame(b"late")) is False
    opened[0].close(1000)


class Bare:
    """A client of bare frames, to say what no decent client says."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, protocol: ClientProtocol) -> None:
        self.reader, self.writer, self.protocol = reader, writer, protocol

    @classmethod
    async def connect(cls, url: str) -> "Bare":
        address = parse_uri(url)
        reader, writer = await asyncio.open_connection(address.host, address.port)
        protocol = ClientProtocol(address)
        protocol.send_request(protocol.connect())
        writer.writelines(protocol.data_to_send())
        protocol.receive_data(await reader.readuntil(b"\r\n\r\n"))
        protocol.events_received()
        return cls(reader, writer, protocol)

    def say(self, *pieces: Piece) -> None:
        for piece in pieces:
            self.writer.write(piece.serialize(mask=True))

    async def close_code(self) -> int | None:
        async with asyncio.timeout(10):
            self.protocol.receive_data(await self.reader.read())
        self.writer.close()
        closes = [event for event in self.protocol.events_received() if event.opcode is Opcode.CLOSE]
        return int.from_bytes(closes[0].data[:2], "big") if closes else None


async def test_a_close_in_the_middle_of_a_message_is_answered_with_its_own_code(echo: str):
    """RFC 6455, 7.1.5: a fragment, a close, a fragment."""
    bare = await Bare.connect(echo)
    bare.say(
        Piece(Opcode.TEXT, b"frag", fin=False),
        Piece(Opcode.CLOSE, (1000).to_bytes(2, "big")),
        Piece(Opcode.CONT, b"ment", fin=True),
    )
    assert await bare.close_code() == 1000


@pytest.mark.parametrize(
    ("pieces", "code"),
    [
        ([Piece(Opcode.CLOSE, (4000).to_bytes(2, "big"))], 4000),
        ([Piece(Opcode.CLOSE, (1005).to_bytes(2, "big"))], 1002),
        ([Piece(Opcode.CONT, b"x")], 1002),
        ([Piece(Opcode.TEXT, b"\xff")], 1007),
        ([Piece(Opcode.TEXT, b"x", fin=False), Piece(Opcode.TEXT, b"x")], 1002),
    ],
)
async def test_other_closes_are_as_they_were(echo: str, pieces: list[Piece], code: int):
    bare = await Bare.connect(echo)
    bare.say(*pieces)
    assert await bare.close_code() == code


async def test_a_slow_peer_is_told_apart_and_then_cut_off(echo: str, opened: list[Door], monkeypatch):
    monkeypatch.setattr("realtime.server_protocol.GRACE", 0.1)
    bare = await Bare.connect(echo)
    bare.say(Piece(Opcode.TEXT, b"x"))
    await until(lambda: opened)
    bare.writer.transport.pause_reading()
    frame = Frame(b"x" * 50_000)
    written = 0
    while opened[0].write(frame):
        written += len(frame.plain)
        await asyncio.sleep(0)
    held = written_to(opened[0])
    assert HIGH_WATER < held <= HIGH_WATER + len(frame.plain)
    opened[0].close(4408)
    await until(lambda: written_to(opened[0]) == 0)
    bare.writer.transport.abort()


def written_to(door: Door) -> int:
    """Bytes still waiting in the server for this peer."""
    return door.protocol.transport.get_write_buffer_size()


async def test_draining_waits_for_the_peer(echo: str, opened: list[Door]):
    bare = await Bare.connect(echo)
    bare.say(Piece(Opcode.TEXT, b"x"))
    await until(lambda: opened)
    bare.writer.transport.pause_reading()
    while opened[0].write(Frame(b"x" * 50_000)):
        await asyncio.sleep(0)
    drained = asyncio.ensure_future(opened[0].drain())
    await asyncio.sleep(0)
    assert not drained.done()
    bare.writer.transport.resume_reading()
    while not drained.done():
        await asyncio.wait_for(bare.reader.read(100_000), 10)
    bare.writer.transport.abort()


async def test_a_peer_that_pings_and_never_reads_does_not_fill_our_memory(echo: str, opened: list[Door]):
    bare = await Bare.connect(echo)
    bare.say(Piece(Opcode.TEXT, b"x"))
    await until(lambda: opened)
    bare.writer.transport.pause_reading()
    server = opened[0].protocol
    pings = Piece(Opcode.PING, b"x" * 125).serialize(mask=True) * 1000
    async with asyncio.timeout(20):
        while not server.disconnected:
            if bare.writer.transport.get_write_buffer_size() < 1_000_000:
                bare.writer.write(pings)
            await asyncio.sleep(0)
            assert server.transport.get_write_buffer_size() < 4 * HIGH_WATER
    bare.writer.transport.abort()


async def test_a_dead_peer_is_cut_off_even_when_something_waits_for_it(opened: list[Door]):
    """P8: without an answer to the ping the transport is thrown away, buffer and all."""
    ended = asyncio.Event()

    async def endpoint(websocket: WebSocket) -> None:
        await websocket.accept()
        opened.append(websocket.scope["extensions"][EXTENSION]["door"])
        await websocket.receive()
        ended.set()

    route = WebSocketRoute("/", endpoint)
    async with serving(route, ws_ping_interval=0.1, ws_ping_timeout=0.1) as url:
        bare = await Bare.connect(url)
        await until(lambda: opened)
        bare.writer.transport.pause_reading()
        while opened[0].write(Frame(b"x" * 50_000)):
            await asyncio.sleep(0)
        async with asyncio.timeout(10):
            await ended.wait()
        bare.writer.transport.abort()


async def test_a_peer_that_leaves_rudely_is_noticed(echo: str, opened: list[Door]):
    bare = await Bare.connect(echo)
    bare.say(Piece(Opcode.TEXT, b"x"))
    await until(lambda: opened)
    bare.writer.transport.abort()
    await until(lambda: opened[0].write(Frame(b"")) is False)


async def hang_up(writer: asyncio.StreamWriter) -> None:
    """At once, whatever waits to be sent: nothing of the connection outlives the test."""
    writer.transport.abort()
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()


async def test_a_head_that_never_ends_is_refused(echo: str):
    """Whoever knows nothing of us could fill the memory with it."""
    address = parse_uri(echo)
    reader, writer = await asyncio.open_connection(address.host, address.port)
    writer.write(b"GET / HTTP/1.1\r\nHost: x\r\nX: ")
    with contextlib.suppress(ConnectionError):
        for _ in range(100):
            writer.write(b"a" * HEAD)
            await writer.drain()
    async with asyncio.timeout(5):
        with contextlib.suppress(ConnectionError):
            assert (await reader.read()).startswith(b"HTTP/1.1 400 ")
    await hang_up(writer)


async def test_a_long_body_is_no_head(echo: str):
    """Also when it comes along with the end of the head."""
    address = parse_uri(echo)
    reader, writer = await asyncio.open_connection(address.host, address.port)
    writer.write(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Len")
    await writer.drain()
    body = b"a" * (2 * HEAD)
    writer.write(b"gth: %d\r\nConnection: close\r\n\r\n" % len(body) + body)
    async with asyncio.timeout(5):
        assert not (await reader.readline()).startswith(b"HTTP/1.1 400 ")
    await hang_up(writer)
