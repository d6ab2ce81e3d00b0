"""uvicorn's protocols: HTTP with an end to a request's head, WebSocket with a door for frames that many share."""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.extensions.permessage_deflate import PerMessageDeflate, ServerPerMessageDeflateFactory
from websockets.frames import Frame as Piece
from websockets.frames import Opcode
from websockets.server import ServerProtocol

from realtime.frames import WINDOW_BITS, Batch, Frame

EXTENSION = "tertulia.frames"
HIGH_WATER = 256 * 1024  # bytes waiting for one peer; above it the peer counts as slow
PACE = 64 * 1024  # bytes waiting above which a replay pauses
GRACE = 3.0  # seconds a closed peer has to read what waits for it, before it is cut off
FRAGMENTS = 1024  # pieces of one message kept apart before they are joined
BIGGEST = 128 * 1024  # bytes of the longest message a client may send: a call frame and some
HEAD = 64 * 1024  # bytes of a request's head that has not ended; the parser would keep whatever comes


class EndedHead(HttpToolsProtocol):
    """A head that never ends is refused before it fills the memory."""

    _is_in_head, _weight = False, 0

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._is_in_head:
            self._weight += len(data)
            if self._weight > HEAD and not self.transport.is_closing():
                self.send_400_response("The head of this request is too long.")

    def on_message_begin(self) -> None:
        self._is_in_head, self._weight = True, 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._is_in_head = False
        super().on_headers_complete()


class Door:
    """What the scope extension `tertulia.frames` offers; all but `drain` are synchronous.

    `deflate`: compressed frames are understood. What a write looks at stands here, together: written to a thousand
    peers in a row, each thing that is looked up elsewhere costs as much as the checks themselves.
    """

    __slots__ = ("deflate", "piling", "protocol", "transport")

    def __init__(self, protocol: "SharedFrameProtocol") -> None:
        self.protocol = protocol
        self.transport: asyncio.Transport | None = None  # while the door is open
        self.deflate = self.piling = False

    def write(self, batch: Frame | Batch) -> bool:
        """False when nothing was written: not open, closing, or more than HIGH_WATER bytes wait for the peer."""
        transport = self.transport
        if transport is None or (self.piling and transport.get_write_buffer_size() > HIGH_WATER):
            return False
        transport.write(batch.deflated if self.deflate else batch.plain)
        return True

    def close(self, code: int) -> None:
        """Sends a close frame behind what waits, and cuts the peer off after GRACE seconds."""
        self.protocol.close_behind(code)

    async def drain(self) -> None:
        """Returns when at most PACE bytes wait."""
        await self.protocol.writable.wait()

    def farewell(self, frame: Frame) -> None:
        """Names the frame to send before the server closes everything at its own end."""
        self.protocol.farewell = frame


def uvicorn_options() -> dict[str, Any]:
    """What `main` must pass to uvicorn.Config or uvicorn.run for the sockets to keep their promises."""
    return {
        "http": EndedHead,
        "ws": SharedFrameProtocol,
        "ws_ping_interval": 10.0,
        "ws_ping_timeout": 10.0,
        "ws_max_size": BIGGEST,
        "ws_per_message_deflate": True,
        "timeout_graceful_shutdown": 10,
    }


class Conversation(ServerProtocol):
    """RFC 6455 as `websockets` does it, but for one thing: 7.1.5."""

    def recv_frame(self, frame: Piece) -> None:
        # A close in the middle of a fragmented message is a close, answered with its own code, not with 1002.
        if frame.opcode is Opcode.CLOSE:
            self.current_size = None
        super().recv_frame(frame)


def mark(name: str) -> Any:
    """A mark that uvicorn sets: kept as it is, and passed on to the door."""

    def read(protocol: "SharedFrameProtocol") -> bool:
        return bool(vars(protocol)[name])

    def write(protocol: "SharedFrameProtocol", value: bool) -> None:
        vars(protocol)[name] = value
        protocol.mind_door()

    return property(read, write)


class SharedFrameProtocol(WebSocketsSansIOProtocol):
    handshake_complete: bool = mark("handshake_complete")
    close_sent: bool = mark("close_sent")
    disconnected: bool = mark("disconnected")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.door = Door(self)
        super().__init__(*args, **kwargs)
        self.farewell: Frame | None = None
        extensions = [shared_deflate()] if self.config.ws_per_message_deflate else []
        self.conn = Conversation(extensions=extensions, max_size=self.config.ws_max_size, logger=self.logger)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.transport.set_write_buffer_limits(high=PACE)

    async def run_asgi(self) -> None:
        self.door.deflate = self.understands_ours()
        self.scope["extensions"][EXTENSION] = {"door": self.door}
        await super().run_asgi()

    def mind_door(self) -> None:
        """Open between the handshake and whatever ends it first."""
        is_open = self.handshake_complete and not (self.close_sent or self.disconnected or self.transport.is_closing())
        self.door.transport = self.transport if is_open else None

    def pause_writing(self) -> None:
        super().pause_writing()
        self.door.piling = True

    def resume_writing(self) -> None:
        super().resume_writing()
        self.door.piling = False

    def understands_ours(self) -> bool:
        """A peer may have asked for a smaller window than ours: it gets plain frames, which are always allowed."""
        agreed = (extension for extension in self.conn.extensions if isinstance(extension, PerMessageDeflate))
        return any(deflate.local_max_window_bits >= WINDOW_BITS for deflate in agreed)

    def close_behind(self, code: int) -> None:
        if self.close_sent or self.disconnected or self.transport.is_closing():
            return
        self.stop_keepalive()
        self.conn.send_close(code)
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        self.queue.put_nowait({"type": "websocket.disconnect", "code": code, "reason": ""})
        self.close_timer = self.loop.call_later(GRACE, self.transport.abort)
        if self.read_paused:  # the peer's answer to the close must be read
            self.read_paused = False
            self.transport.resume_reading()

    def shutdown(self) -> None:
        if self.farewell:
            self.door.write(self.farewell)
        super().shutdown()
        self.cut_off_later()

    def keepalive_timeout(self) -> None:
        super().keepalive_timeout()
        self.cut_off_later(now=True)

    def cut_off_later(self, now: bool = False) -> None:
        """Closing a transport waits for a peer that may never read again: then the buffer is thrown away."""
        if self.transport.get_write_buffer_size() == 0 or self.disconnected:
            return
        if now:
            self.transport.abort()
            self.mind_door()
        elif self.close_timer is None:
            self.close_timer = self.loop.call_later(GRACE, self.transport.abort)

    def handle_close(self, event: Piece) -> None:
        super().handle_close(event)
        self.mind_door()

    def handle_ping(self) -> None:
        # Pongs are written without asking: a peer that pings and never reads must not fill our memory.
        if self.transport.get_write_buffer_size() > HIGH_WATER:
            self.transport.abort()
            self.mind_door()
        super().handle_ping()

    def handle_cont(self, event: Piece) -> None:
        super().handle_cont(event)
        if len(self.frames) >= FRAGMENTS:
            self.frames = [b"".join(self.frames)]


def shared_deflate() -> ServerPerMessageDeflateFactory:
    """No context is kept from message to message, so that one compressed frame suits every peer."""
    return ServerPerMessageDeflateFactory(
        server_no_context_takeover=True,
        client_no_context_takeover=True,
        server_max_window_bits=WINDOW_BITS,
        client_max_window_bits=WINDOW_BITS,
        compress_settings={"memLevel": 5},
    )
