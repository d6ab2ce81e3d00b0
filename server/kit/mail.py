"""Outgoing mail: a real server, or a twin that keeps what it was given."""

from email.message import EmailMessage
from typing import Protocol
from urllib.parse import unquote, urlsplit


class Mailer(Protocol):
    is_real: bool

    async def send(self, to: str, subject: str, text: str) -> None:
        """Raises OSError when the server did not take it."""

    async def post(self, letter: EmailMessage) -> None:
        """The same for a letter that is written already, to everybody it names."""


def compose(sender: str, to: str, subject: str, text: str) -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = sender, to, " ".join(subject.split())
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(text)
    return message


class SmtpMailer:
    is_real = True

    def __init__(self, url: str, sender: str) -> None:
        self._parts, self._sender = urlsplit(url), sender

    async def send(self, to: str, subject: str, text: str) -> None:
        await self.post(compose(self._sender, to, subject, text))

    async def post(self, letter: EmailMessage) -> None:
        import aiosmtplib  # not at the start: it costs a twentieth of it, and a house without mail never needs it

        tls = self._parts.scheme == "smtps"
        await aiosmtplib.send(
            letter,
            hostname=self._parts.hostname,
            port=self._parts.port or (465 if tls else 25),
            username=unquote(self._parts.username) if self._parts.username else None,
            password=unquote(self._parts.password) if self._parts.password else None,
            use_tls=tls,
            timeout=10,
        )


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
