"""Outgoing mail: a real server, the house's or one that somebody typed, or a twin that keeps what it was given."""

import socket
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import TYPE_CHECKING, Protocol
from urllib.parse import unquote, urlsplit

from server.kit.outbound import PATIENCE, Outbound, Unreachable, telling

if TYPE_CHECKING:
    from aiosmtplib import SMTP


class Mailer(Protocol):
    is_real: bool

    async def send(self, to: str, subject: str, text: str) -> None:
        """Raises OSError when the server did not take it."""

    async def post(self, letter: EmailMessage) -> None:
        """The same for a letter that is written already, to everybody it names. PartlyTaken when it went to some."""


def compose(sender: str, to: str, subject: str, text: str) -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = sender, to, " ".join(subject.split())
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(text)
    return message


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """`security`: tls | starttls | none | any (STARTTLS when the server offers it)."""

    host: str
    port: int
    security: str = "any"
    username: str = ""
    password: str = field(default="", repr=False)


def server_of(url: str) -> SmtpServer:
    parts = urlsplit(url)
    tls = parts.scheme == "smtps"
    name, password = unquote(parts.username or ""), unquote(parts.password or "")
    return SmtpServer(parts.hostname or "", parts.port or (465 if tls else 25), "tls" if tls else "any", name, password)


class NotTaken(OSError):
    """The mail server said no. `is_final`: to this letter, and it would say so again."""

    def __init__(self, is_final: bool) -> None:
        super().__init__("not taken")
        self.is_final = is_final


class PartlyTaken(OSError):
    """The mail server took the letter, but not for these."""

    def __init__(self, refused: Collection[str]) -> None:
        super().__init__("partly taken")
        self.refused = refused


class SmtpMailer:
    """The installation's own server, from its settings."""

    is_real = True

    def __init__(self, url: str, sender: str) -> None:
        self._server, self._sender = server_of(url), sender

    async def send(self, to: str, subject: str, text: str) -> None:
        await self.post(compose(self._sender, to, subject, text))

    async def post(self, letter: EmailMessage) -> None:
        async with self._session() as session:
            refused, _answer = await session.send_message(letter)
        if refused:
            raise PartlyTaken(refused)

    async def test(self) -> None:
        """As far as one gets without a letter."""
        async with self._session() as session:
            await session.noop()

    async def _socket(self) -> socket.socket | None:
        return None

    @asynccontextmanager
    async def _session(self) -> "AsyncIterator[SMTP]":
        import aiosmtplib  # not at the start: it costs a twentieth of it, and a house without mail never needs it

        server, sock = self._server, await self._socket()
        try:
            with smtp_answers(), telling():
                async with aiosmtplib.SMTP(
                    hostname=server.host,
                    port=None if sock else server.port,
                    sock=sock,
                    username=server.username or None,
                    password=server.password or None,
                    use_tls=server.security == "tls",
                    start_tls={"starttls": True, "any": None}.get(server.security, False),
                    timeout=PATIENCE,
                ) as session:
                    yield session
        finally:
            if sock is not None:
                sock.close()


class AccountMailer(SmtpMailer):
    """A server that somebody typed: the way there is checked, and what it is called is not believed."""

    def __init__(self, server: SmtpServer, outbound: Outbound) -> None:
        self._server, self._sender, self._outbound = server, server.username, outbound

    async def _socket(self) -> socket.socket | None:
        return await self._outbound.connect(self._server.host, self._server.port)


class smtp_answers:  # noqa: N801  reads like contextlib's own
    """The server's numbers as our own errors: its words stay outside."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _trace: object) -> None:
        from aiosmtplib import errors as smtp

        if isinstance(error, smtp.SMTPAuthenticationError):
            raise Unreachable("login") from None
        if isinstance(error, smtp.SMTPRecipientsRefused):
            raise NotTaken(all(500 <= one.code < 600 for one in error.recipients)) from None
        if isinstance(error, smtp.SMTPResponseException):
            raise NotTaken(500 <= error.code < 600) from None
        if isinstance(error, smtp.SMTPException) and not isinstance(error, OSError):
            raise Unreachable("secure" if "STARTTLS" in str(error) else "broken") from None


class NullMailer:
    """No mail server is set: pages show links to copy instead."""

    is_real = False

    def __init__(self) -> None:
        self.sent: list[tuple[str, str, str]] = []
        self.posted: list[EmailMessage] = []

    async def send(self, to: str, subject: str, text: str) -> None:
        self.sent = [*self.sent[-99:], (to, subject, text)]

    async def post(self, letter: EmailMessage) -> None:
        self.posted = [*self.posted[-99:], letter]


def mailer(url: str, sender: str) -> Mailer:
    return SmtpMailer(url, sender) if url else NullMailer()
