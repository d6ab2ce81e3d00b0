"""What the self-check asks about calls: where media comes in, and whether the relay answers."""

import asyncio
import os
import socket

from server.admin.queries import Check
from server.kit.text import _
from server.settings import RELAY, Settings

PATIENCE = 2.0  # seconds a relay may take to answer
QUESTION = b"\x00\x01\x00\x00\x21\x12\xa4\x42"  # a STUN binding request: any relay answers it, and it needs no name


def check_media(settings: Settings) -> Check:
    title = _("Calls: addresses")
    where = settings.media_address or settings.media_bind or own_address()
    if not where or where.startswith("127."):
        text = _("This server has no address that callers could reach. Set MEDIA_ADDRESS or MEDIA_BIND")
        return Check("bad", title, text)
    ports = _("ports %(ports)s") % {"ports": settings.media_ports} if settings.media_ports else _("any port")
    told = {"where": f"{where}, {ports}"}
    if settings.media_address:
        return Check("ok", title, _("Media comes in at %(where)s") % told)
    text = _("Media comes in at %(where)s. From outside of this network, set MEDIA_ADDRESS to the public address")
    return Check("warn", title, text % told)


def own_address() -> str:
    """The one that a packet to the world would leave by; nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return ""
        return str(probe.getsockname()[0])


async def check_relay(settings: Settings) -> Check:
    title = _("Calls: relay")
    urls = [url.strip() for url in settings.turn_url.split(",") if url.strip()]
    if not urls:
        text = _("No relay is set. Networks that let no UDP through need TURN_URL and TURN_SECRET")
        return Check("warn", title, text)
    if not settings.turn_secret:
        return Check("bad", title, _("TURN_URL is set without TURN_SECRET: browsers get no credentials"))
    for url in urls:
        if not await is_there(url):
            text = _("%(url)s does not answer. Check the address, the port and the firewall") % {"url": url}
            return Check("bad", title, text)
    return Check("ok", title, _("%(url)s answers") % {"url": ", ".join(urls)})


async def is_there(url: str) -> bool:
    """Whether anything answers where TURN_URL, which was read at the start, says that a relay is."""
    found = RELAY.fullmatch(url)
    assert found is not None
    scheme, host, port, transport = found.groups()
    by_tcp = scheme == "turns" or transport == "tcp"
    try:
        async with asyncio.timeout(PATIENCE):
            await (reached if by_tcp else answered)(host, int(port or (5349 if scheme == "turns" else 3478)))
    except (OSError, TimeoutError):
        return False
    return True


async def reached(host: str, port: int) -> None:
    _reader, writer = await asyncio.open_connection(host, port)
    writer.close()


class Ear(asyncio.DatagramProtocol):
    def __init__(self) -> None:
        self.heard: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    def datagram_received(self, data: bytes, addr: object) -> None:
        if not self.heard.done():
            self.heard.set_result(data)

    def error_received(self, exc: Exception) -> None:
        if not self.heard.done():
            self.heard.set_exception(exc)


async def answered(host: str, port: int) -> None:
    transport, ear = await asyncio.get_running_loop().create_datagram_endpoint(Ear, remote_addr=(host, port))
    try:
        transport.sendto(QUESTION + os.urandom(12))
        await ear.heard
    finally:
        transport.close()
