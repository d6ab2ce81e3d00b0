"""Letters that a mail server brings, by LMTP or SMTP: the recipient decides whose they are, never a header."""

import asyncio
import contextlib
import logging
from typing import TYPE_CHECKING, Any

from server.channels.access import channel_at
from server.channels.taking import LARGEST, Post, spare_id
from server.kit.db import Database
from server.kit.logging import log

if TYPE_CHECKING:
    from aiosmtpd.smtp import SMTP, Envelope, Session

CONNECTIONS = 20  # at once: each may hold a letter in memory
RECIPIENTS = 50  # of one letter
UNKNOWN = "550 5.1.1 Nobody here has this address"
LATER = "451 4.3.0 Not now, please try again"
TAKEN = "250 2.0.0 Taken"


class Doorway:
    """Listens while the process runs; several processes share the port."""

    def __init__(self, database: Database, post: Post, *, lmtp: str = "", smtp: str = "") -> None:
        self._database, self._post = database, post
        self._places = [(place, kind) for place, kind in ((lmtp, "lmtp"), (smtp, "smtp")) if place]
        self._stopped = asyncio.Event()
        self._open: set[asyncio.BaseTransport] = set()

    def stop(self) -> None:
        self._stopped.set()

    async def run(self) -> None:
        servers = [await self._listen(place, kind) for place, kind in self._places]
        await self._stopped.wait()
        for server in servers:
            server.close()
        for transport in list(self._open):
            transport.close()
        for server in servers:
            await server.wait_closed()

    async def _listen(self, place: str, kind: str) -> asyncio.Server:
        host, _, port = place.rpartition(":")
        loop = asyncio.get_running_loop()
        factory = _protocol(kind, Porter(self._database, self._post, kind), self._open)
        server = await loop.create_server(factory, host.strip("[]"), int(port), reuse_port=True)
        log.info("mail.listening", kind=kind, place=place)
        return server


def _protocol(kind: str, porter: "Porter", open_ones: set[asyncio.BaseTransport]) -> Any:
    """aiosmtpd's own, with a limit of connections; loaded only where somebody listens."""
    from aiosmtpd.lmtp import LMTP
    from aiosmtpd.smtp import SMTP

    logging.getLogger("mail.log").setLevel(logging.WARNING)  # it writes down who gets letters
    base: type[SMTP] = LMTP if kind == "lmtp" else SMTP

    class Limited(base):  # type: ignore[valid-type, misc]
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            if len(open_ones) >= CONNECTIONS:
                with contextlib.suppress(AttributeError):
                    transport.write(b"421 4.3.2 Too many connections, please try again\r\n")  # type: ignore[attr-defined]
                return transport.close()
            open_ones.add(transport)
            self._place = transport
            super().connection_made(transport)

        def connection_lost(self, error: Exception | None) -> None:
            if hasattr(self, "_place"):
                open_ones.discard(self._place)
                super().connection_lost(error)

    def made() -> "SMTP":
        return Limited(porter, data_size_limit=LARGEST, enable_SMTPUTF8=True, hostname="tertulia", ident="Tertulia")

    return made


class Porter:
    """What is said to each command. Nothing is kept of a letter whose recipient is unknown."""

    def __init__(self, database: Database, post: Post, kind: str) -> None:
        self._database, self._post, self._kind = database, post, kind

    async def handle_RCPT(  # noqa: N802  the library's own name
        self, server: "SMTP", session: "Session", envelope: "Envelope", address: str, options: list[str]
    ) -> str:
        if len(envelope.rcpt_tos) >= RECIPIENTS:
            return "452 4.5.3 Too many recipients"
        try:
            async with self._database.transaction(read=True) as tx:
                is_known = await channel_at(tx, address) is not None
        except Exception as error:
            log.error("mail.recipient_failed", error=repr(error))
            return LATER
        if not is_known:
            return UNKNOWN
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: "SMTP", session: "Session", envelope: "Envelope") -> str:  # noqa: N802
        """One word for each recipient by LMTP. By SMTP one for all: who is asked again holds the letter already."""
        raw = envelope.content if isinstance(envelope.content, bytes) else b""
        raw = raw if envelope.mail_from else b"Return-Path: <>\r\n" + raw  # a letter that wants no answer
        said = [await self._deliver(address, raw) for address in envelope.rcpt_tos]
        if self._kind == "lmtp":
            return "\r\n".join(said)
        return LATER if LATER in said else TAKEN if TAKEN in said else UNKNOWN

    async def _deliver(self, address: str, raw: bytes) -> str:
        try:
            opened = await self._post.open(raw, spare_id(raw))
            async with self._database.transaction() as tx:
                channel = await channel_at(tx, address)
                if channel is None:  # closed since it was asked for
                    return UNKNOWN
                await self._post.take(tx, channel, opened, address)
        except Exception as error:
            log.error("mail.letter_failed", to=address, error=repr(error))
            return LATER
        return TAKEN
