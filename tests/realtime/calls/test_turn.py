"""Calls through Debian's coturn, with the credentials that browsers get from us."""

import asyncio
import re
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aioice import stun, turn
from aiortc import RTCConfiguration, RTCIceServer
from aiortc.rtcconfiguration import RTCBundlePolicy, RTCIceTransportPolicy

from realtime.calls.addresses import local_addresses
from realtime.calls.ports import MediaSettings
from realtime.calls.recorder import Writer
from realtime.calls.sfu import Sfu
from realtime.calls.turn import CREDENTIAL_SECONDS, ice_servers
from tests import needs
from tests.realtime.calls.conftest import everybody_hears
from tests.realtime.calls.scripted import Caller, Table
from tests.realtime.calls.test_sfu import seated
from tests.realtime.fakes import settled, until


@pytest.fixture
def relay(tmp_path: Path) -> Iterator[MediaSettings]:
    path = needs.find("turnserver")
    if path is None:
        pytest.skip("left out: no turnserver")
    port = needs.free_port()
    words = [path, "-n", "--listening-ip=127.0.0.1", f"--listening-port={port}", "--relay-ip=127.0.0.1"]
    words += ["--use-auth-secret", "--static-auth-secret=shared", "--realm=test", "--no-tls", "--no-dtls", "--no-cli"]
    words += ["--allow-loopback-peers", f"--pidfile={tmp_path / 'pid'}", "--log-file=stdout"]
    words += [f"--userdb={tmp_path / 'users'}"]
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    yield MediaSettings(tmp_path, turn_url=f"turn:127.0.0.1:{port}?transport=udp", turn_secret="shared")
    process.kill()
    process.wait(10)


CONF = Path("docs/deploy/coturn.conf")


@pytest.fixture
def deployed(tmp_path: Path) -> Iterator[MediaSettings]:
    """The file that docs/deploy hands out, its marked values filled in; only where it listens is this test's own."""
    path = needs.find("turnserver")
    if path is None:
        pytest.skip("left out: no turnserver")
    own, port = local_addresses(MediaSettings(tmp_path))[0], needs.free_port()
    values = {"turn.example.org": "test", "public address of this machine": own, "the same secret": "shared",
              "Tertulia's media address": own}  # fmt: skip
    text = re.sub(r"<(.+?)>", lambda found: values.get(found[1], found[0]), CONF.read_text())
    assert "<" not in re.sub(r"#.*", "", text), "a value that this test does not know"
    text = text.replace("listening-port=3478", f"listening-port={port}\nlistening-ip={own}\nrelay-ip={own}")
    text += f"\npidfile={tmp_path / 'pid'}\nuserdb={tmp_path / 'users'}\nlog-file=stdout\n"
    file = tmp_path / "turnserver.conf"
    file.write_text(text)
    process = subprocess.Popen([path, "-c", str(file)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    yield MediaSettings(tmp_path, turn_url=f"turn:{own}:{port}?transport=udp", turn_secret="shared")
    process.kill()
    process.wait(10)


def where(settings: MediaSettings) -> tuple[str, int]:
    _turn, host, port = settings.turn_url.partition("?")[0].split(":")
    return host, int(port)


async def allocation(settings: MediaSettings, now: float) -> Any:
    """A relayed address for credentials of that moment; TransactionFailed when coturn does not like them."""
    (server,) = ice_servers(settings, "room.7", now)
    await listening(*where(settings))
    transport, _ = await turn.create_turn_endpoint(
        asyncio.DatagramProtocol,
        server_addr=where(settings),
        username=server["username"],
        password=server["credential"],
    )
    return transport


def inner_of(transport: Any) -> Any:
    return vars(transport)["_TurnTransport__inner_protocol"]


async def released(transport: Any) -> None:
    transport.close()
    await until(inner_of(transport).transport.is_closing)  # it takes leave of the relay first
    await settled()


async def allocated(settings: MediaSettings, now: float) -> bool:
    """Whether coturn gives these credentials a relayed address."""
    try:
        transport = await allocation(settings, now)
    except stun.TransactionFailed:
        return False
    await released(transport)
    return True


async def listening(host: str, port: int) -> None:
    """coturn hears TCP at the same port."""
    async with asyncio.timeout(10):
        while True:
            try:
                _, writer = await asyncio.open_connection(host, port)
            except OSError:
                await asyncio.sleep(0.01)
                continue
            writer.close()
            await writer.wait_closed()
            return


async def test_fresh_credentials_are_taken_and_ended_ones_are_not(relay: MediaSettings) -> None:
    assert await allocated(relay, time.time())
    assert not await allocated(relay, time.time() - CREDENTIAL_SECONDS - 5)
    forged = MediaSettings(relay.folder, turn_url=relay.turn_url, turn_secret="guessed")
    assert not await allocated(forged, time.time())


async def test_a_relayed_call(table: Table, relay: MediaSettings) -> None:
    assert await allocated(relay, time.time())
    servers = [RTCIceServer(**server) for server in ice_servers(relay, "room.2", time.time())]
    through = RTCConfiguration(
        iceServers=servers, bundlePolicy=RTCBundlePolicy.MAX_BUNDLE, iceTransportPolicy=RTCIceTransportPolicy.RELAY
    )
    table.callers[2] = Caller(ice=through)
    await seated(table, 1, 2)
    await everybody_hears(table, 1, 2)
    caller = table.callers[2].connection
    assert caller is not None
    (candidate,) = caller.getTransceivers()[0].receiver.transport.transport.iceGatherer.getLocalCandidates()
    assert candidate.type == "relay"
    pair = table.sfu._peers[2].pipe.candidates._nominated[1]
    assert pair.remote_addr[1] == candidate.port, "what reaches us comes from the relay"
    await table.callers[2].close()  # while there is a relay to take leave of


@pytest.mark.parametrize(
    "peer", ["10.0.0.1", "172.16.0.9", "192.168.1.1", "127.0.0.1", "169.254.169.254", "100.64.0.1", "0.0.0.0"]
)
async def test_the_deployed_relay_leads_nowhere_inside(deployed: MediaSettings, peer: str) -> None:
    """But to our own media address, which stands in such a range on most machines."""
    transport = await allocation(deployed, time.time())
    try:
        with pytest.raises(stun.TransactionFailed, match="403"):
            await inner_of(transport).channel_bind(0x4001, (peer, 9))
        await inner_of(transport).channel_bind(0x4002, (where(deployed)[0], 9))
    finally:
        await released(transport)


async def test_the_deployed_relay_opens_no_tcp_connections_for_anybody(
    deployed: MediaSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Calls relay packets of UDP alone; a guest's credentials shall make no proxy of it (RFC 6062)."""
    await listening(*where(deployed))
    (server,) = ice_servers(deployed, "room.7", time.time())
    words = {"username": server["username"], "password": server["credential"]}
    monkeypatch.setattr(turn, "UDP_TRANSPORT", 6 << 24)
    with pytest.raises(stun.TransactionFailed):
        await turn.create_turn_endpoint(asyncio.DatagramProtocol, where(deployed), **words, transport="tcp")


async def test_a_relayed_call_outlives_its_credential(table: Table, deployed: MediaSettings) -> None:
    """Credentials of five seconds: afterwards they open nothing new, but what stands goes on and is renewed."""
    media = MediaSettings(deployed.folder / "parts", bind=where(deployed)[0])  # coturn lets nobody to loopback
    table.sfu = Sfu("room", table, media, Writer(media.folder))
    begun = time.time()
    early = begun - CREDENTIAL_SECONDS + 5
    assert await allocated(deployed, early)
    servers = [RTCIceServer(**server) for server in ice_servers(deployed, "room.2", early)]
    through = RTCConfiguration(
        iceServers=servers, bundlePolicy=RTCBundlePolicy.MAX_BUNDLE, iceTransportPolicy=RTCIceTransportPolicy.RELAY
    )
    table.callers[2] = Caller(ice=through)
    await seated(table, 1, 2)
    standing = await allocation(deployed, early)
    await everybody_hears(table, 1, 2)
    async with asyncio.timeout(20):
        while time.time() < begun + 7:  # coturn reads its own clock
            await everybody_hears(table, 1, 2)
    assert not await allocated(deployed, early)
    renewal = stun.Message(message_method=stun.Method.REFRESH, message_class=stun.Class.REQUEST)
    renewal.attributes["LIFETIME"] = 600
    answer, _ = await inner_of(standing).request_with_retry(renewal)
    assert answer.attributes["LIFETIME"] == 600
    await everybody_hears(table, 1, 2)
    await released(standing)
    await table.callers[2].close()  # while there is a relay to take leave of
