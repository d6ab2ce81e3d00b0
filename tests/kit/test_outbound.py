"""The way out: every spelling of an inside address is refused, and what was checked is what is connected to."""

import asyncio
import contextlib
import re
import socket
from collections.abc import AsyncIterator
from typing import Any

import pytest

from server.kit.outbound import Outbound, Unreachable, is_outside
from server.kit.text import speaking

INSIDE = [
    "127.0.0.1", "127.1", "0177.0.0.1", "0x7f000001", "0x7f.1", "2130706433", "0", "0.0.0.0", "localhost",
    "localhost.", "::1", "::", "::ffff:127.0.0.1", "::ffff:7f00:1", "::127.0.0.1", "10.0.0.8", "172.16.3.1",
    "192.168.1.1", "169.254.169.254", "0xa9fea9fe", "100.100.100.200", "168.63.129.16", "224.0.0.1", "240.0.0.1",
    "255.255.255.255", "fe80::1", "fd00:ec2::254", "ff02::1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::a00:1", "2002:7f00:1::", "2001:0:4136:e378:8000:63bf:80ff:fffe",
]  # fmt: skip


@pytest.mark.parametrize("host", INSIDE)
async def test_inside_addresses_are_refused_in_every_spelling(host: str) -> None:
    with pytest.raises(Unreachable) as refused:
        await Outbound().connect(host, 80)
    assert refused.value.why == "inside"


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_the_internet_is_outside(address: str) -> None:
    assert is_outside(address)


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.org",
        "file:///etc/passwd",
        "http://",
        "http://user:pw@example.org/",
        "http://exa mple.org",
        "http://[::1",
        "javascript:1",
        "http://a:99999/",
    ],
)
async def test_what_is_no_web_address_is_refused(url: str) -> None:
    with pytest.raises(Unreachable) as refused:
        await Outbound().get(url)
    assert refused.value.why == "address"


class Site:
    """A web server of a few lines, to answer as badly as a test likes."""

    def __init__(self) -> None:
        self.answers: dict[str, bytes] = {}
        self.asked: list[bytes] = []
        self.port = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
        self.asked.append(head + (await reader.readexactly(int(length[1])) if length else b""))
        writer.write(self.answers.get(head.split()[1].decode(), b"HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n"))
        with contextlib.suppress(OSError):  # a client that has had enough
            await writer.drain()
        writer.close()

    def go(self, path: str, to: str) -> None:
        self.answers[path] = f"HTTP/1.1 302 Go\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n".encode()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    site = Site()
    server = await asyncio.start_server(site.serve, "127.0.0.1", 0)
    site.port = server.sockets[0].getsockname()[1]
    yield site
    server.close()
    await server.wait_closed()


async def test_an_exception_is_one_port_of_one_host(site: Site) -> None:
    site.answers["/"] = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain; x=y\r\nContent-Length: 2\r\n\r\nhi"
    reply = await Outbound(f"127.0.0.1:{site.port}").get(site.url + "/")
    assert (reply.status, reply.kind, reply.body) == (200, "text/plain", b"hi")
    for other in ("", "127.0.0.1:1", f"10.0.0.1:{site.port}"):
        with pytest.raises(Unreachable):
            await Outbound(other).get(site.url + "/")


async def test_each_redirect_is_checked_and_three_are_enough(site: Site) -> None:
    way = Outbound(f"127.0.0.1:{site.port}")
    site.answers["/end"] = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nend"
    for n in range(4):
        site.go(f"/{n}", f"/{n + 1}" if n < 3 else "/end")
    assert (await way.get(site.url + "/1")).body == b"end"
    with pytest.raises(Unreachable) as many:
        await way.get(site.url + "/0")
    assert many.value.why == "hops"
    for inside in ("http://127.0.0.1:1/", "http://169.254.169.254/latest/meta-data", "http://0x7f.1:1/"):
        site.go("/in", inside)
        with pytest.raises(Unreachable) as refused:
            await way.get(site.url + "/in")
        assert refused.value.why == "inside"
    site.go("/file", "file:///etc/passwd")
    with pytest.raises(Unreachable):
        await way.get(site.url + "/file")


async def test_a_post_is_not_sent_on(site: Site) -> None:
    site.go("/hook", "/other")
    reply = await Outbound(f"127.0.0.1:{site.port}").post(site.url + "/hook", b"{}", {"X-Signed": "1"})
    assert reply.status == 302 and len(site.asked) == 1 and b"X-Signed: 1" in site.asked[0]


async def test_large_and_slow_answers_end(site: Site) -> None:
    site.answers["/large"] = b"HTTP/1.1 200 OK\r\nContent-Length: 4000\r\n\r\n" + b"x" * 4000
    site.answers["/slow"] = b"HTTP/1.1 200 OK\r\nContent-Length: 4000\r\n\r\n"
    way = Outbound(f"127.0.0.1:{site.port}", largest=1000, patience=0.5)
    for path, why in (("/large", "large"), ("/slow", "broken")):
        with pytest.raises(Unreachable) as refused:
            await way.get(site.url + path)
        assert refused.value.why == why
    site.answers["/nonsense"] = b"nonsense that should not be repeated\r\n\r\n"
    with pytest.raises(Unreachable) as refused:
        await way.get(site.url + "/nonsense")
    assert "nonsense" not in refused.value.sentence
    silent = socket.create_server(("127.0.0.1", 0))
    with silent, pytest.raises(Unreachable) as refused:
        port = silent.getsockname()[1]
        await Outbound(f"127.0.0.1:{port}", patience=0.1).get(f"http://127.0.0.1:{port}/")
    assert refused.value.why == "late"
    with pytest.raises(Unreachable) as refused:
        await Outbound(f"127.0.0.1:{port}").get(f"http://127.0.0.1:{port}/")
    assert refused.value.why == "refused"


async def test_a_name_is_looked_up_once(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """DNS rebinding: what was checked is what is connected to, whatever the name says a moment later."""
    asked: list[Any] = []
    loop = asyncio.get_running_loop()

    async def lookup(host: str, port: int, **_rest: object) -> list[Any]:
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    monkeypatch.setattr(type(loop), "getaddrinfo", lambda self, host, port, **rest: lookup(host, port, **rest))
    site.answers["/"] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"
    reply = await Outbound(f"rebind.example:{site.port}").get(f"http://rebind.example:{site.port}/")
    assert reply.body == b"hi" and [one for one in asked if one == "rebind.example"] == ["rebind.example"]
    with pytest.raises(Unreachable) as refused:
        await Outbound().get(f"http://rebind.example:{site.port}/")
    assert refused.value.why == "inside"


async def test_one_inside_address_among_others_is_enough_to_refuse(monkeypatch: pytest.MonkeyPatch) -> None:
    async def lookup(port: int) -> list[Any]:
        return [(2, 1, 6, "", (at, port)) for at in ("93.184.216.34", "10.0.0.1")]

    monkeypatch.setattr(type(asyncio.get_running_loop()), "getaddrinfo", lambda self, host, port, **rest: lookup(port))
    with pytest.raises(Unreachable) as refused:
        await Outbound().connect("mixed.example", 443)
    assert refused.value.why == "inside"


def test_sentences_are_in_both_languages() -> None:
    for language, words in (("en", "not allowed"), ("es", "no se permiten")):
        with speaking(language):
            assert words in Unreachable("inside").sentence
