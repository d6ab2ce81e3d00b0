"""A mailbox read by IMAP: connected to through the checked way, opened without changing anything in it."""

import asyncio
import contextlib
import imaplib
import socket
import ssl
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from imapclient import IMAPClient
from imapclient.exceptions import CapabilityError, IMAPClientError, LoginError

from server.channels.inbox import AT_ONCE, Login, Position
from server.kit.outbound import PATIENCE, Outbound, Unreachable, telling

T = TypeVar("T")
POLL = 60.0  # seconds between looks at a server that cannot IDLE


class ImapInbox:
    """The library's blocking calls run on threads; while nothing happens the event loop waits for the socket, so that
    an account costs a connection and no thread."""

    pushes = True

    def __init__(self, outbound: Outbound, login: Login) -> None:
        self._outbound, self._login = outbound, login
        self._sock: socket.socket | None = None
        self._client: IMAPClient | None = None

    async def open(self) -> Position:
        self._sock = await self._outbound.connect(self._login.host, self._login.port)
        return await self._do(self._enter)

    async def _do(self, work: Callable[[], T]) -> T:
        with telling(), imap_answers():
            return await asyncio.to_thread(work)

    def _enter(self) -> Position:
        login, sock = self._login, self._sock
        assert sock is not None
        sock.settimeout(PATIENCE)
        if login.security == "tls":
            self._sock = sock = ssl.create_default_context().wrap_socket(sock, server_hostname=login.host)
        client = self._client = _Client(login.host, sock)
        if login.security == "starttls":
            client.starttls(ssl.create_default_context())
            self._sock = client.socket()
        client.login(login.username, login.password)
        self.pushes = client.has_capability("IDLE")
        try:
            told = client.select_folder(login.folder, readonly=True)
        except IMAPClientError as error:
            if isinstance(error, imaplib.IMAP4.abort):
                raise
            raise Unreachable("folder") from None
        return Position(int(told[b"UIDVALIDITY"]), int(told[b"UIDNEXT"]))

    @property
    def _open(self) -> IMAPClient:
        assert self._client is not None
        return self._client

    async def after(self, uid: int) -> list[tuple[int, int]]:
        def look() -> list[tuple[int, int]]:
            found = self._open.search(["UID", f"{uid + 1}:*"])  # "*" is the last one, also when it is older
            fresh = sorted(number for number in found if number > uid)[:AT_ONCE]
            told = self._open.fetch(fresh, ["RFC822.SIZE"]) if fresh else {}
            return [(number, int(told[number].get(b"RFC822.SIZE", 0))) for number in fresh if number in told]

        return await self._do(look)

    async def fetch(self, uids: Sequence[int]) -> dict[int, bytes]:
        def read() -> dict[int, bytes]:
            told = self._open.fetch(list(uids), ["BODY.PEEK[]"])
            return {number: one[b"BODY[]"] for number, one in told.items() if one.get(b"BODY[]") is not None}

        return await self._do(read)

    async def wait(self, seconds: float) -> None:
        if not self.pushes:
            await asyncio.sleep(min(seconds, POLL))
            await self._do(self._open.noop)
            return
        await self._do(self._open.idle)
        assert isinstance(self._client, _Client)
        if not self._client.has_read_ahead():
            await _readable(self._open.socket(), seconds)
        await self._do(self._open.idle_done)

    async def close(self) -> None:
        """Without a word: a server that hangs must not hold us up."""
        if self._sock is None:
            return
        with contextlib.suppress(OSError):
            self._sock.shutdown(socket.SHUT_RDWR)  # whoever reads on a thread ends now
        if self._client is not None:
            with contextlib.suppress(OSError, imaplib.IMAP4.error):
                await asyncio.to_thread(self._client.shutdown)
        self._sock.close()


class _Imap(imaplib.IMAP4):
    """On a socket that is connected already."""

    def __init__(self, host: str, sock: socket.socket) -> None:
        self._given, self._named = sock, host
        super().__init__(host)

    def _create_socket(self, timeout: float | None = None) -> socket.socket:
        return self._given


class _Client(IMAPClient):  # type: ignore[misc]
    def __init__(self, host: str, sock: socket.socket) -> None:
        self._given = sock
        super().__init__(host, ssl=False, timeout=PATIENCE)
        self._imap.debug = 0  # the library would log every line of every letter, and the names of people

    def _create_IMAP4(self) -> imaplib.IMAP4:  # noqa: N802  the library's own name
        return _Imap(self.host, self._given)

    def has_read_ahead(self) -> bool:
        """Whether news came in the same packet as the last answer: the socket does not become readable for them."""
        sock = self._imap.sock
        if isinstance(sock, ssl.SSLSocket) and sock.pending():
            return True
        file: Any = getattr(self._imap, "_file", None) or self._imap.file
        sock.settimeout(0)
        try:
            return bool(file.peek(1))
        except OSError:
            return False
        finally:
            sock.settimeout(PATIENCE)


async def _readable(sock: socket.socket, seconds: float) -> None:
    loop, news = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(sock.fileno(), news.set)
    try:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(news.wait(), seconds)
    finally:
        loop.remove_reader(sock.fileno())


class imap_answers:  # noqa: N801  reads like contextlib's own
    """The library's errors as our own: their texts are the server's."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, LoginError):
            raise Unreachable("secure" if "PRIVACYREQUIRED" in str(error) else "login") from None
        if isinstance(error, CapabilityError):
            raise Unreachable("secure") from None
        if isinstance(error, (imaplib.IMAP4.error, KeyError, ValueError)) and not isinstance(error, OSError):
            raise Unreachable("broken") from None
