"""The self-check's short connection: UDP to the addresses and ports of calls, without a call."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace

import pytest
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription

from realtime.calls import host
from realtime.calls.addresses import local_addresses
from realtime.calls.ports import MediaSettings
from tests.realtime.calls.desk import Site, site
from tests.realtime.fakes import until

PORTS = (42_100, 42_109)


@pytest.fixture
async def here(settings: MediaSettings) -> AsyncIterator[Site]:
    async with site(replace(settings, ports=PORTS)) as made:
        yield made


@asynccontextmanager
async def offering(*, media: bool = False) -> AsyncIterator[tuple[RTCPeerConnection, asyncio.Event]]:
    """A browser that offers a channel; the event says that it opened."""
    connection, opened = RTCPeerConnection(RTCConfiguration(iceServers=[])), asyncio.Event()
    connection.createDataChannel("probe").on("open", opened.set)
    if media:
        connection.addTransceiver("audio", direction="sendrecv")
    await connection.setLocalDescription(await connection.createOffer())
    try:
        yield connection, opened
    finally:
        await connection.close()


@contextmanager
def taken_ports(settings: MediaSettings) -> Iterator[None]:
    """Every port of the range is somebody else's."""
    held = []
    for address in local_addresses(settings):
        for port in range(PORTS[0], PORTS[1] + 1):
            one = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)
            one.bind((address, port))
            held.append(one)
    yield
    for one in held:
        one.close()


async def test_a_channel_opens_at_the_ports_of_calls(here: Site) -> None:
    member = await here.member(1)
    async with offering() as (connection, opened), asyncio.timeout(10):
        await member.say("probe", sdp=connection.localDescription.sdp)
        sdp = (await member.hear("probed"))["sdp"]
        ports = {int(line.split(" ")[5]) for line in sdp.splitlines() if line.startswith("a=candidate:")}
        assert ports and all(PORTS[0] <= port <= PORTS[1] for port in ports)
        await connection.setRemoteDescription(RTCSessionDescription(sdp, "answer"))
        await opened.wait()
    assert here.book.asked == {}, "no call, no right, no database"


@pytest.mark.parametrize("bad", ["media", "rubbish"])
async def test_what_is_no_such_offer_is_answered_why(here: Site, bad: str) -> None:
    member = await here.member(1)
    async with offering(media=True) as (connection, _opened):
        sdp = connection.localDescription.sdp if bad == "media" else "v=0\r\nm=application 9 x y\r\na=ice-ufrag:\r\n"
        await member.say("probe", sdp=sdp)
        assert (await member.hear("probed"))["why"] == "answer"


async def test_taken_ports_are_named(here: Site, settings: MediaSettings) -> None:
    member = await here.member(1)
    async with offering() as (connection, _opened):
        with taken_ports(settings):
            await member.say("probe", sdp=connection.localDescription.sdp)
            assert (await member.hear("probed"))["why"] == "ports"


async def test_guests_do_not_probe(here: Site) -> None:
    guest = await here.guest()
    async with offering() as (connection, _opened):
        await guest.say("probe", sdp=connection.localDescription.sdp)
        assert (await guest.hear("probed"))["why"] == "later"


async def test_only_some_at_once(here: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(host, "PROBES", 2)
    member = await here.member(1)
    async with offering() as (connection, _opened):
        for _more in range(4):
            await member.say("probe", sdp=connection.localDescription.sdp)
        await until(lambda: len(member.frames("probed")) == 4)
    assert [bool(frame.get("sdp")) for frame in member.frames("probed")].count(True) == 2
