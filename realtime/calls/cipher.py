"""SRTP with a call a packet instead of five; knows the private names of pylibsrtp."""

from pylibsrtp import Session
from pylibsrtp._binding import ffi, lib

BIGGEST = 1500  # bytes of a packet before it is sealed
TRAILER = 160  # bytes that sealing may add


class Cipher:
    """One direction of one connection, with buffers of its own."""

    def __init__(self, session: Session) -> None:
        self._session = session  # frees the C structure when it goes
        self._srtp = session._srtp[0]
        self._space = ffi.new("char[]", BIGGEST + TRAILER)
        self._bytes = ffi.buffer(self._space)
        self._size = ffi.new("int *")

    def seal(self, header: bytes, rest: bytes) -> bytes:
        size = 12 + len(rest)
        space, length = self._bytes, self._size
        space[0:12] = header
        space[12:size] = rest
        length[0] = size
        if lib.srtp_protect(self._srtp, self._space, length) != 0:
            return b""
        sealed: bytes = space[0 : length[0]]
        return sealed

    def open(self, data: bytes) -> bytes:
        """The packet, or b"" for one that was changed on the way, or came before."""
        size = len(data)
        if size > BIGGEST:
            return b""
        space, length = self._bytes, self._size
        space[0:size] = data
        length[0] = size
        if lib.srtp_unprotect(self._srtp, self._space, length) != 0:
            return b""
        plain: bytes = space[0 : length[0]]
        return plain
