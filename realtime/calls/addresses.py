"""Where media comes in: which local addresses and ports, which public address; and why it failed."""

import asyncio
import random
import re
import socket
from typing import Any

from aioice.candidate import Candidate, candidate_foundation, candidate_priority
from aioice.ice import StunProtocol, get_host_addresses

from realtime.calls.ports import MediaSettings

TRIES = 40  # ports of the range tried at random before all are tried in turn
BUFFER = 1 << 20  # bytes the system keeps for us while the loop is busy
WHY = {
    "answer": "The browser did not answer in time. Is the page still open?",
    "path": "No network path to the browser was found. Check that UDP reaches MEDIA_PORTS at MEDIA_ADDRESS,"
    " or set TURN_URL and TURN_SECRET for networks that let no UDP through.",
    "secure": "The encrypted connection could not be made. Something on the way changes or drops large UDP packets.",
    "address": "This server has no address to offer: it has only 127.0.0.1. Set MEDIA_BIND or MEDIA_ADDRESS.",
    "ports": "Every port of MEDIA_PORTS is taken. Widen the range: one port a person in a call.",
    "lost": "The connection was lost.",
}


class NoAddress(Exception):
    """Nothing could be bound; `why` is a key of WHY."""

    def __init__(self, why: str) -> None:
        super().__init__(WHY[why])
        self.why = why


def bind_within(connection: Any, settings: MediaSettings) -> None:
    """Let aioice's connection bind only where the settings say. It would bind port 0 of every address."""

    async def candidates(component: int, addresses: list[str], timeout: int = 5) -> list[Candidate]:
        found = [await _bind(connection, address, component, settings) for address in local_addresses(settings)]
        usable = [protocol for protocol in found if protocol is not None]
        if not usable:
            raise NoAddress("ports" if settings.ports is not None and local_addresses(settings) else "address")
        return [protocol.local_candidate for protocol in usable]

    vars(connection)["get_component_candidates"] = candidates


def local_addresses(settings: MediaSettings) -> list[str]:
    """MEDIA_BIND alone, or every address of this machine but loopback."""
    return [settings.bind] if settings.bind else get_host_addresses(use_ipv4=True, use_ipv6=True)


class _Direct(StunProtocol):
    """Media goes straight on, without being looked at as STUN first."""

    def datagram_received(self, data: bytes | str, addr: tuple[Any, ...]) -> None:
        if isinstance(data, bytes) and data and data[0] > 127:
            self.receiver.data_received(data, 1)
        else:
            super().datagram_received(data, addr)


async def _bind(connection: Any, address: str, component: int, settings: MediaSettings) -> StunProtocol | None:
    loop = asyncio.get_running_loop()
    for port in _tried(settings.ports):
        try:
            transport, protocol = await loop.create_datagram_endpoint(
                lambda: _Direct(connection), local_addr=(address, port)
            )
        except OSError:
            continue
        connection._protocols.append(protocol)  # closed with the connection, also when it ends in the middle of this
        opened = transport.get_extra_info("socket")
        for option in (socket.SO_RCVBUF, socket.SO_SNDBUF):
            opened.setsockopt(socket.SOL_SOCKET, option, BUFFER)
        host, bound = transport.get_extra_info("sockname")[:2]
        protocol.local_candidate = Candidate(
            foundation=candidate_foundation("host", "udp", host),
            component=component,
            transport="udp",
            priority=candidate_priority(component, "host"),
            host=host,
            port=bound,
            type="host",
        )
        return protocol
    return None


def _tried(ports: tuple[int, int] | None) -> list[int]:
    if ports is None:
        return [0]
    every = range(ports[0], ports[1] + 1)
    return random.sample(every, min(TRIES, len(every))) + list(every)


def with_public(sdp: str, address: str) -> str:
    """The description with the public address beside each local one of the same family, at the same port."""
    if not address:
        return sdp
    family = ":" in address
    lines: list[str] = []
    for line in sdp.split("\r\n"):
        lines.append(line)
        found = re.fullmatch(r"a=candidate:(\S+) (\d) udp (\d+) (\S+) (\d+) typ host", line)
        if found and (":" in found[4]) == family and found[4] != address:
            priority = int(found[3]) - 1
            lines.append(f"a=candidate:{found[1]}p {found[2]} udp {priority} {address} {found[5]} typ host")
    return "\r\n".join(lines)


def without_hidden(sdp: str) -> str:
    """An answer without names that only its own network could resolve, and without an end of candidates.

    A browser that hides its addresses is found by its own checks; the end would let us give up before they come.
    """
    kept = (
        line
        for line in sdp.split("\r\n")
        if line != "a=end-of-candidates" and not (line.startswith("a=candidate:") and is_hidden(line))
    )
    return "\r\n".join(kept)


def is_hidden(candidate: str) -> bool:
    parts = candidate.split(" ")
    return len(parts) < 6 or parts[4].endswith(".local") or parts[2].lower() != "udp"
