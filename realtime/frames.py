"""WebSocket frames made once and shared by every connection that gets the same bytes."""

import json
import zlib
from collections.abc import Iterable
from functools import cached_property

from realtime.message import NOTHING, Message

DEFLATE_FROM = 1024  # bytes; below it compressing costs more than it saves
WINDOW_BITS = 12  # what server_protocol negotiates: a 4 KiB window keeps connections small
TEXT, COMPRESSED = 0x1, 0x40


def wire_frame(payload: bytes, first: int = TEXT) -> bytes:
    """One unmasked, final server frame (RFC 6455, section 5.2)."""
    size, head = len(payload), bytes((0x80 | first,))
    if size < 126:
        return head + bytes((size,)) + payload
    if size < 65536:
        return head + b"\x7e" + size.to_bytes(2, "big") + payload
    return head + b"\x7f" + size.to_bytes(8, "big") + payload


class Frame:
    """One text message in the forms that connections need, each built when first asked for."""

    def __init__(self, payload: bytes) -> None:
        self.payload = payload

    @cached_property
    def plain(self) -> bytes:
        return wire_frame(self.payload)

    @cached_property
    def deflated(self) -> bytes:
        """For every peer that negotiated permessage-deflate with at least our window.

        A fresh compressor never refers back beyond its own message, so one frame fits all of them.
        """
        if len(self.payload) < DEFLATE_FROM:
            return self.plain
        packer = zlib.compressobj(wbits=-WINDOW_BITS)
        packed = (packer.compress(self.payload) + packer.flush(zlib.Z_SYNC_FLUSH))[:-4]
        return wire_frame(packed, TEXT | COMPRESSED) if len(packed) < len(self.payload) else self.plain


class Batch:
    """The frames due for a connection in one loop turn, joined once for all that get the same ones."""

    def __init__(self, frames: Iterable[Frame]) -> None:
        self.frames = tuple(frames)

    @cached_property
    def plain(self) -> bytes:
        return b"".join(frame.plain for frame in self.frames)

    @cached_property
    def deflated(self) -> bytes:
        return b"".join(frame.deflated for frame in self.frames)


def json_frame(**members: object) -> Frame:
    return Frame(json.dumps(members, separators=(",", ":")).encode())


def message_frame(message: Message, variant: str, spread: int) -> Frame:
    """The `p` or `r` frame of a message; `spread` is the seconds over which its readers shall reload."""
    key = message.key(variant)
    body = NOTHING if key is None else message.bodies[key] or NOTHING
    kind = "p" if key is None else message.kind
    # Inside a JSON string a quote is escaped, so these bytes can only be a member's name.
    later = b',"spread":%d' % spread if kind == "r" or b'"regions":' in body else b""
    topic = json.dumps(message.topic).encode()
    return Frame(b'{"t":"%s","topic":%s,"n":%d,%s%s}' % (kind.encode(), topic, message.n, body, later))
