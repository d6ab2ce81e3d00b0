"""Calls through Debian's coturn, with the credentials that browsers get from us."""

import asyncio
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from aioice import stun, turn
from aiortc import RTCConfiguration, RTCIceServer
from aiortc.rtcconfiguration import RTCBundlePolicy, RTCIceTransportPolicy

from realtime.calls.ports import MediaSettings
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


async def allocated(settings: MediaSettings, now: float) -> bool:
    """Whether coturn gives these credentials a relayed address."""
    (server,) = ice_servers(settings, "room.7", now)
    port = int(settings.turn_url.split(":")[2].split("?")[0])
    await listening(port)
    try:
        transport, _ = await turn.create_turn_endpoint(
            asyncio.DatagramProtocol,
            server_addr=("127.0.0.1", port),
            username=server["username"],
            password=server["credential"],
        )
    except stun.TransactionFailed:
        return False
    inner = vars(transport)["_TurnTransport__inner_protocol"]
    transport.close()
    await until(inner.transport.is_closing)  # it takes leave of the relay first
    await settled()
    return True


async def listening(port: int) -> None:
    """coturn hears TCP at the same port."""
    async with asyncio.timeout(10):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
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
