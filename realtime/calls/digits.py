"""Keys pressed during a call: RFC 4733 telephone-events become digits."""

import struct

KEYS = "0123456789*#ABCD"


class Digits:
    """One line's events. A key is sent many times over, its end three times; it counts once."""

    def __init__(self) -> None:
        self._open: tuple[int, int] | None = None  # timestamp and event of a key whose end has not come
        self._done: int | None = None

    def feed(self, payload: bytes, timestamp: int) -> str:
        """The keys that ended with this packet: mostly none; two when the end of the former was lost."""
        if len(payload) < 4 or timestamp == self._done:
            return ""
        event, flags, _ = struct.unpack_from("!BBH", payload)
        if event >= len(KEYS):
            return ""
        pressed = ""
        if self._open is not None and self._open[0] != timestamp:
            pressed, self._open = KEYS[self._open[1]], None
        if flags & 0x80:
            self._open, self._done = None, timestamp
            return pressed + KEYS[event]
        self._open = (timestamp, event)
        return pressed


def keys_in(text: object) -> str:
    """What the data channel brought: its digits, at most 32, nothing else."""
    return "".join(key for key in text if key in KEYS)[:32] if isinstance(text, str) else ""
