"""The one way out to addresses that people type: looked up once, checked, and connected to exactly what was checked."""

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urljoin, urlsplit

from server.kit.text import _

if TYPE_CHECKING:
    from httpcore2 import AsyncNetworkStream

PATIENCE = 10.0  # seconds, for all of a request
LARGEST = 5 * 1024 * 1024
HOPS = 3
REDIRECTS = (301, 302, 303, 307, 308)
Why = Literal[
    "address",
    "name",
    "inside",
    "refused",
    "late",
    "certificate",
    "secure",
    "login",
    "folder",
    "large",
    "hops",
    "broken",
]
Ip = ipaddress.IPv4Address | ipaddress.IPv6Address
# Outside by their number, inside by their nature: Azure's metadata, and IPv4 that a gateway turns into IPv6.
METADATA = ipaddress.ip_address("168.63.129.16")
NAT64 = (ipaddress.ip_network("64:ff9b::/96"), ipaddress.ip_network("64:ff9b:1::/48"))
COMPATIBLE = ipaddress.ip_network("::/96")


class Unreachable(OSError):
    """`why` in one word; `sentence` for people. Nothing the other side said is in either."""

    def __init__(self, why: Why) -> None:
        super().__init__(why)
        self.why: Why = why

    @property
    def sentence(self) -> str:
        return sentence(self.why)


def sentence(why: str) -> str:
    return {
        "address": _("This is no address we can connect to"),
        "name": _("There is no server of this name"),
        "inside": _("Addresses inside the house's own network are not allowed"),
        "refused": _("The server refuses the connection: is the port right?"),
        "late": _("The server did not answer in time"),
        "certificate": _("The server's certificate is not trusted"),
        "secure": _("No encrypted connection came about: try another kind of encryption"),
        "login": _("The server does not accept the name and the password"),
        "folder": _("There is no such folder in the mailbox"),
        "large": _("The answer is too large"),
        "hops": _("The server sends us on and on"),
        "broken": _("The server answers in a way that we do not understand"),
    }.get(why, "")


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    kind: str  # its content type, without parameters
    body: bytes
    url: str  # where it was found in the end


def is_outside(address: str) -> bool:
    """Whether an address, as a resolver gives it, belongs to the public internet."""
    ip: Ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        inner = _ipv4_within(ip)
        if inner is not None:
            return is_outside(str(inner))
    return ip.is_global and not ip.is_multicast and not ip.is_reserved and ip != METADATA


def _ipv4_within(ip: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    if ip.ipv4_mapped or ip.sixtofour:
        return ip.ipv4_mapped or ip.sixtofour
    if ip.teredo:
        return ip.teredo[1]
    if ip in COMPATIBLE or any(ip in network for network in NAT64):
        return ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    return None


class Outbound:
    """`allow`: the installation's exceptions, host:port by comma; a name as it is typed, or an address."""

    def __init__(self, allow: str = "", largest: int = LARGEST, patience: float = PATIENCE) -> None:
        self._allowed = {one.strip().lower() for one in allow.split(",") if one.strip()}
        self._largest, self._patience = largest, patience

    async def resolve(self, host: str, port: int) -> str:
        """The address to connect to. All that the name stands for must be allowed: a mixed answer is an attack."""
        name = host.strip().rstrip(".").lower()
        if not name or not 0 < port < 65536 or any(ch in name for ch in "/@\\ \x00"):
            raise Unreachable("address")
        try:
            name.encode("idna")
            found = await asyncio.get_running_loop().getaddrinfo(name, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            raise Unreachable("name") from None
        addresses = list(dict.fromkeys(str(one[4][0]) for one in found))
        if not addresses:
            raise Unreachable("name")
        if not self._is_exempt(name, port) and not all(
            is_outside(address) or self._is_exempt(address, port) for address in addresses
        ):
            raise Unreachable("inside")
        # IPv4 first: a host without a way to IPv6 would wait for nothing.
        return min(addresses, key=lambda address: ":" in address)

    async def check(self, url: str) -> None:
        """Refuses a web address of which it can be said now that nothing may be sent there; when something is, it is
        looked up again. A name that nobody knows, or nobody tells in time, may be known tomorrow."""
        check_url(url)
        parts = urlsplit(url)
        try:
            async with asyncio.timeout(self._patience):
                await self.resolve(parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80))
        except TimeoutError:
            return
        except Unreachable as error:
            if error.why != "name":
                raise

    def _is_exempt(self, name: str, port: int) -> bool:
        shown = f"[{name}]" if ":" in name else name
        return f"{shown}:{port}" in self._allowed

    async def connect(self, host: str, port: int) -> socket.socket:
        """A connected socket, not yet encrypted. Libraries get it in place of a name that they would look up again."""
        address = await self.resolve(host, port)
        made = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
        made.setblocking(False)
        try:
            with telling():
                async with asyncio.timeout(self._patience):
                    await asyncio.get_running_loop().sock_connect(made, (address, port))
        except BaseException:
            made.close()
            raise
        return made

    async def get(self, url: str, largest: int | None = None) -> Reply:
        return await self._follow("GET", url, {}, b"", largest or self._largest)

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Reply:
        """Never follows: what was signed for one address is not for another."""
        with telling():
            async with asyncio.timeout(self._patience):
                return (await self._once("POST", url, headers, body, self._largest))[0]

    async def _follow(self, method: str, url: str, headers: Mapping[str, str], body: bytes, largest: int) -> Reply:
        with telling():
            async with asyncio.timeout(self._patience):
                for _hop in range(HOPS + 1):
                    reply, where = await self._once(method, url, headers, body, largest)
                    if reply.status not in REDIRECTS or not where:
                        return reply
                    url = urljoin(url, where)
        raise Unreachable("hops")

    async def _once(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes, largest: int
    ) -> tuple[Reply, str]:
        import httpcore2  # not at the start: most processes never go out

        check_url(url)
        given = {"User-Agent": "Tertulia", "Accept-Encoding": "identity", **headers}
        async with (
            httpcore2.AsyncConnectionPool(
                ssl_context=ssl.create_default_context(), network_backend=_backend(self)
            ) as pool,
            pool.stream(method, url, headers=list(given.items()), content=body or None) as response,
        ):
            read = await _read(response.aiter_stream(), largest)
            told = {name.lower(): value.decode("latin-1") for name, value in response.headers}
        kind = told.get(b"content-type", "").partition(";")[0].strip().lower()
        return Reply(response.status, kind, read, url), told.get(b"location", "")


class NullOutbound:
    """A web that is made up: pages by their address, and nothing else in it."""

    def __init__(self, pages: Mapping[str, Reply] | None = None) -> None:
        self.pages = dict(pages or {})

    async def check(self, url: str) -> None:
        check_url(url)

    async def get(self, url: str, largest: int | None = None) -> Reply:
        check_url(url)
        if url not in self.pages:
            raise Unreachable("name")
        if len(self.pages[url].body) > (largest or LARGEST):
            raise Unreachable("large")
        return self.pages[url]


async def _read(chunks: AsyncIterator[bytes], largest: int) -> bytes:
    read = bytearray()
    async for chunk in chunks:
        read += chunk
        if len(read) > largest:
            raise Unreachable("large")
    return bytes(read)


def check_url(url: str) -> None:
    """A web address without a name and password in it."""
    try:
        parts = urlsplit(url)
        is_whole = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        raise Unreachable("address") from None
    if not is_whole or parts.username is not None or any(not ch.isascii() or ch <= " " for ch in url):
        raise Unreachable("address")


def _backend(outbound: Outbound) -> Any:
    """httpcore's way to the network with our look-up in place of its own; certificates still answer for the name."""
    from httpcore2 import AnyIOBackend

    class Checked(AnyIOBackend):
        async def connect_tcp(
            self,
            host: str,
            port: int,
            timeout: float | None = None,
            local_address: str | None = None,
            socket_options: Iterable[Any] | None = None,
        ) -> "AsyncNetworkStream":
            address = await outbound.resolve(host, port)
            return await super().connect_tcp(address, port, timeout, local_address, socket_options)

    return Checked()


class telling:  # noqa: N801  reads like contextlib's own
    """What went wrong on the way, as one of our own words: drivers' errors carry what the other side said."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _trace: object) -> None:
        if error is not None and not isinstance(error, Unreachable) and (why := _why(error)) is not None:
            raise Unreachable(why) from None


def _why(error: BaseException) -> Why | None:
    causes = [error, error.__cause__, error.__context__, *error.args[:1]]
    if any(isinstance(one, ssl.SSLCertVerificationError) for one in causes):
        return "certificate"
    if any(isinstance(one, ssl.SSLError) for one in causes):
        return "secure"
    if isinstance(error, TimeoutError):
        return "late"
    if isinstance(error, OSError):
        return "refused"
    name = type(error).__name__
    if type(error).__module__.startswith("httpcore2"):
        return "late" if "Timeout" in name else "refused" if name == "ConnectError" else "broken"
    return None


@asynccontextmanager
async def connected(outbound: Outbound, host: str, port: int) -> AsyncIterator[socket.socket]:
    """The socket, closed at the end whoever took it over."""
    made = await outbound.connect(host, port)
    try:
        yield made
    finally:
        made.close()
