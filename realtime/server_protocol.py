"""uvicorn's WebSocket protocol with a door for frames that were made once and are shared by many connections."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.extensions.permessage_deflate import PerMessageDeflate, ServerPerMessageDeflateFactory
from websockets.frames import Frame, Opcode
from websockets.server import ServerProtocol

from realtime.frames import WINDOW_BITS

EXTENSION = "tertulia.frames"
HIGH_WATER = 256 * 1024  # bytes waiting for one peer; above it the peer counts as slow
PACE = 64 * 1024  # bytes waiting above which a replay pauses
GRACE = 3.0  # seconds a closed peer has to read what waits for it, before it is cut off
FRAGMENTS = 1024  # pieces of one message kept apart before they are joined
BIGGEST = 128 * 1024  # bytes of the longest message a client may send: a call frame and some


@dataclass(frozen=True, slots=True)
class Door:
    """What the scope extension `tertulia.frames` offers; all but `drain` are synchronous.

    `write` takes complete unmasked server frames and says False when nothing was written: not open, closing, or
    more than HIGH_WATER bytes wait for the peer. `close` sends a close frame behind what waits and cuts the peer
    off after GRACE seconds. `drain` returns when at most PACE bytes wait. `deflate`: compressed frames are
    understood. `farewell` names the frame to send before the server closes everything at its own end.
    """

    write: Callable[[bytes], bool]
    close: Callable[[int], None]
    drain: Callable[[], Awaitable[object]]
    farewell: Callable[[bytes], None]
    deflate: bool


def uvicorn_options() -> dict[str, Any]:
    """What `main` must pass to uvicorn.Config or uvicorn.run for the sockets to keep their promises."""
    return {
        "ws": SharedFrameProtocol,
        "ws_ping_interval": 10.0,
        "ws_ping_timeout": 10.0,
        "ws_max_size": BIGGEST,
        "ws_per_message_deflate": True,
        "timeout_graceful_shutdown": 10,
    }


class Conversation(ServerProtocol):
    """RFC 6455 as `websockets` does it, but for one thing: 7.1.5."""

    def recv_frame(self, frame: Frame) -> None:
        # A close in the middle of a fragmented message is a close, answered with its own code, not with 1002.
        if frame.opcode is Opcode.CLOSE:
            self.current_size = None
        super().recv_frame(frame)


class SharedFrameProtocol(WebSocketsSansIOProtocol):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.farewell = b""
        extensions = [shared_deflate()] if self.config.ws_per_message_deflate else []
        self.conn = Conversation(extensions=extensions, max_size=self.config.ws_max_size, logger=self.logger)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.transport.set_write_buffer_limits(high=PACE)

    async def run_asgi(self) -> None:
        deflate = self.understands_ours()
        door = Door(self.write_frames, self.close_behind, self.writable.wait, self.set_farewell, deflate)
        self.scope["extensions"][EXTENSION] = {"door": door}
        await super().run_asgi()

    def understands_ours(self) -> bool:
        """A peer may have asked for a smaller window than ours: it gets plain frames, which are always allowed."""
        agreed = (extension for extension in self.conn.extensions if isinstance(extension, PerMessageDeflate))
        return any(deflate.local_max_window_bits >= WINDOW_BITS for deflate in agreed)

    def write_frames(self, data: bytes) -> bool:
        if self.close_sent or self.disconnected or not self.handshake_complete or self.transport.is_closing():
            return False
        if not self.writable.is_set() and self.transport.get_write_buffer_size() > HIGH_WATER:
            return False
        self.transport.write(data)
        return True

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

    def set_farewell(self, frame: bytes) -> None:
        self.farewell = frame

    def shutdown(self) -> None:
        if self.farewell:
            self.write_frames(self.farewell)
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
        elif self.close_timer is None:
            self.close_timer = self.loop.call_later(GRACE, self.transport.abort)

    def handle_ping(self) -> None:
        # Pongs are written without asking: a peer that pings and never reads must not fill our memory.
        if self.transport.get_write_buffer_size() > HIGH_WATER:
            self.transport.abort()
        super().handle_ping()

    def handle_cont(self, event: Frame) -> None:
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
