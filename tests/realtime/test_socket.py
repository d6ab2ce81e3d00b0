"""The endpoint under a real server, with a real client."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient
from websockets.exceptions import ConnectionClosed, InvalidStatus

from realtime.bus import MemoryBus
from realtime.hub import Hub
from realtime.server_protocol import uvicorn_options
from realtime.socket import live_route
from tests.realtime.fakes import FakeDoors, FakeSource, until
from tests.realtime.live_server import browsing, serving, whole_server

T = "contact:7"


@pytest.fixture
async def live(hub: Hub, doors: FakeDoors) -> AsyncIterator[str]:
    async with serving(live_route(hub, doors)) as url:
        yield f"{url}/live"


async def test_one_round_trip(live: str, hub: Hub, source: FakeSource, bus: MemoryBus):
    source.commit(T)
    async with browsing(live) as ada, browsing(f"{live}?as=6&variant=json", compression=None) as bob:
        await ada.say(t="sub", topics={T: 0})
        assert await ada.take("ok") == {"t": "ok", "topics": {T: 1}}
        assert ada.seen[0] == {"t": "p", "topic": T, "n": 1, "html": f"{T} 1"}
        await bob.say(t="sub", topics={T: None})
        await bob.take("ok")
        await bus.publish(source.commit(T, "é" * 3000))  # long enough to be compressed for the one, not for the other
        await bus.publish(source.commit(T, "short"))
        for person in (ada, bob):
            assert (await person.take("p"))["html"] == "é" * 3000
            assert (await person.take("p"))["n"] == 3
        await bob.say(t="at", topic=T, editing="phone")
        await until(lambda: hub.presence._crowds[T].shown)
        await ada.say(t="typing", topic=T)
        assert (await bob.take("typing"))["id"] == 5
        assert hub.connections == 2
    await until(lambda: hub.connections == 0)


async def test_strangers_are_refused_before_the_handshake(live: str, doors: FakeDoors):
    doors.gone.add(9)
    with pytest.raises(InvalidStatus) as refused:
        async with browsing(f"{live}?as=9"):
            raise AssertionError("let in")
    assert refused.value.response.status_code == 403


async def test_a_session_that_ends_in_the_handshake_is_refused(live: str, doors: FakeDoors, hub: Hub):
    async def again(person: Any) -> None:
        return None

    doors.again = again  # type: ignore[method-assign,assignment]
    with pytest.raises(InvalidStatus) as refused:
        async with browsing(live):
            raise AssertionError("let in")
    assert refused.value.response.status_code == 403 and hub.connections == 0


async def test_a_database_away_is_503(live: str, source: FakeSource, caplog):
    source.failing = True
    with pytest.raises(InvalidStatus) as refused:
        async with browsing(live):
            raise AssertionError("let in")
    assert refused.value.response.status_code == 503


async def test_ones_own_topic_is_heard_from_before_the_handshake(live: str, hub: Hub, source: FakeSource, doors, bus):
    gate, authenticate = asyncio.Event(), doors.again

    async def again(person: Any) -> Any:
        await bus.publish(source.commit("user:5", "in the handshake"))
        gate.set()
        return await authenticate(person)

    doors.again = again
    source.commit("user:5", "before")
    async with browsing(live) as ada:
        assert gate.is_set()
        doors.again = authenticate
        await bus.publish(source.commit("user:5", "after"))
        await until(lambda: hub.heads().get("user:5") == 3)
        await ada.say(t="sub", topics={"user:5": 1})
        await ada.take("ok")
        assert {2, 3} <= {frame["n"] for frame in ada.seen if frame["t"] == "p"}


async def test_a_revoked_session_is_closed_with_its_code(
    live: str, doors: FakeDoors, source: FakeSource, bus: MemoryBus
):
    async with browsing(live) as ada:
        doors.gone.add(5)
        await bus.publish(source.commit("user:5", recheck=True))
        assert await ada.closed() == 4401


async def test_kicked(live: str, hub: Hub):
    async with browsing(live) as ada, browsing(f"{live}?as=6") as bob:
        hub.kick("user:5")
        assert await ada.closed() == 4401
        await bob.say(t="sub", topics={T: None})
        await bob.take("ok")


async def test_the_hub_stopping_says_goodbye(live: str, hub: Hub):
    async with browsing(live) as ada:
        await hub.stop()
        assert await ada.closed() == 1012 and ada.seen == [{"t": "bye", "code": "restart", "retry": [1, 8]}]


async def test_the_server_stopping_says_goodbye(hub: Hub, doors: FakeDoors):
    async with whole_server(live_route(hub, doors)) as (url, server), browsing(f"{url}/live") as ada:
        server.should_exit = True
        assert await ada.closed() == 1012 and ada.seen == [{"t": "bye", "code": "restart", "retry": [1, 8]}]


HOSTILE: list[tuple[Any, str]] = [
    ("hello", "bad"),
    (b"\x00\x01", "bad"),
    ("[" * 30_000, "bad"),
    ('{"t":"sub","topics":{"a:1":' + "9" * 5000 + "}}", "bad"),
    ('{"t":"typing","topic":"a:\\ud800"}', "bad"),
    ('{"t":"drop_table"}', "unknown"),
    ('{"t":"call","sdp":"x"}', "unknown"),
    ('{"t":"typing","topic":"contact:1"}', "topic"),
    ('{"t":"at","topic":"contact:1"}', "topic"),
    (json.dumps({"t": "sub", "topics": {f"a:{n}": 0 for n in range(600)}}), "topics"),
    (json.dumps({"t": "sub", "topics": {f"a:{n}": 0 for n in range(10_000)}}), "size"),
    ("x" * 100_000, "size"),
]


@pytest.mark.parametrize(("said", "code"), HOSTILE, ids=range(len(HOSTILE)))
async def test_hostile_frames_get_a_code_and_nothing_else(live: str, said: Any, code: str):
    async with browsing(live) as ada, browsing(f"{live}?as=6") as bob:
        await ada.socket.send(said)
        assert await ada.take("err") == {"t": "err", "code": code}
        for person in (ada, bob):
            await person.say(t="sub", topics={T: None})
            assert await person.take("ok")


async def test_repeatedly_malformed_is_closed(live: str, hub: Hub):
    async with browsing(live) as ada:
        for _ in range(20):
            await ada.socket.send("{")
        assert await ada.closed() == 4400 and len(ada.seen) == 5
    await until(lambda: hub.connections == 0)


async def test_a_flood_is_closed_and_the_others_feel_nothing(live: str, source: FakeSource, bus: MemoryBus):
    async with browsing(live) as ada, browsing(f"{live}?as=6") as bob:
        await bob.say(t="sub", topics={T: None})
        await bob.take("ok")
        try:
            for _ in range(1000):
                await ada.say(t="typing", topic=T)
        except ConnectionClosed:
            pass
        assert await ada.closed() == 4429
        assert ada.seen[-1] == {"t": "err", "code": "credits"}
        await bus.publish(source.commit(T))
        assert (await bob.take("p"))["n"] == 1


async def test_a_megabyte_is_closed_by_the_protocol(live: str):
    async with browsing(live) as ada:
        await ada.socket.send("x" * 2**20)
        assert await ada.closed() == 1009


async def test_a_deflate_bomb_is_closed_by_the_protocol(live: str):
    async with browsing(live, max_size=None) as ada:
        await ada.socket.send("0" * 50_000_000)
        assert await ada.closed() == 1009


async def test_a_hundred_thousand_fragments_are_one_bad_frame(live: str):
    async def pieces() -> AsyncIterator[str]:
        for _ in range(100_000):
            yield ""
        yield "x"

    async with browsing(live) as ada:
        await ada.socket.send(pieces())
        assert await ada.take("err") == {"t": "err", "code": "bad"}


async def test_a_slow_reader_is_cut_off_and_the_others_feel_nothing(
    live: str, hub: Hub, source: FakeSource, bus: MemoryBus
):
    async with browsing(f"{live}?as=6") as bob:
        await bob.say(t="sub", topics={T: None})
        await bob.take("ok")
        writer = await stuck_reader(live)
        await until(lambda: hub.connections == 2 and len(hub._topics.get(T).live) == 2)
        for sent in range(1, 2000):
            await bus.publish(source.commit(T, f"{sent}" + noise(20_000)))
            assert (await bob.take("p"))["n"] == sent
            bob.seen.clear()
            if hub.connections == 1:
                break
        assert 2 < sent < 1999  # slow, at some time, but not at once
        writer.transport.abort()


def noise(size: int) -> str:
    import random

    return random.Random(size).randbytes(size // 2).hex()


async def stuck_reader(url: str) -> asyncio.StreamWriter:
    """A client that subscribes and then never reads again."""
    from websockets.client import ClientProtocol
    from websockets.uri import parse_uri

    address = parse_uri(url)
    raw = socket.socket()
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    raw.connect((address.host, address.port))
    reader, writer = await asyncio.open_connection(sock=raw, limit=1024)
    client = ClientProtocol(address)
    client.send_request(client.connect())
    writer.writelines(client.data_to_send())
    client.receive_data(await reader.readuntil(b"\r\n\r\n"))
    client.events_received()
    client.send_text(json.dumps({"t": "sub", "topics": {T: None}}).encode())
    writer.writelines(client.data_to_send())
    writer.transport.pause_reading()
    return writer


async def test_call_frames_go_to_the_calls(hub: Hub, doors: FakeDoors):
    class Calls:
        def __init__(self) -> None:
            self.heard: list[Any] = []

        async def said(self, connection: Any, members: dict[str, Any]) -> None:
            self.heard.append((connection.person.id, members))

        async def left(self, connection: Any) -> None:
            self.heard.append(connection.person.id)

    calls = Calls()
    async with serving(live_route(hub, doors, "/here", calls=calls)) as url:
        async with browsing(f"{url}/here") as ada:
            await ada.say(t="call", do="offer", sdp="x" * 60_000)
            await until(lambda: calls.heard)
        await until(lambda: len(calls.heard) == 2)
    assert calls.heard == [(5, {"do": "offer", "sdp": "x" * 60_000}), 5]


async def test_on_another_server_frames_go_by_send_text(hub: Hub, doors: FakeDoors, source: FakeSource, bus: MemoryBus):
    async with serving(live_route(hub, doors), ws="websockets-sansio") as url, browsing(f"{url}/live") as ada:
        await ada.say(t="sub", topics={T: None})
        await ada.take("ok")
        await bus.publish(source.commit(T, "x" * 5000))
        assert (await ada.take("p"))["n"] == 1
        hub.kick("user:5")
        assert await ada.closed() == 4401
    await until(lambda: hub.connections == 0)


def test_in_the_test_client_too():
    source, doors = FakeSource(), FakeDoors()
    source.commit(T)
    hub = Hub(source, MemoryBus(), doors)
    with TestClient(Starlette(routes=[live_route(hub, doors)])) as client, client.websocket_connect("/live") as ws:
        ws.send_json({"t": "sub", "topics": {T: 0}})
        assert [ws.receive_json()["t"] for _ in range(3)] == ["p", "ok", "who"]


def test_what_main_must_pass():
    options = uvicorn_options()
    assert options["ws_ping_interval"] + options["ws_ping_timeout"] < 30
    assert options["ws_max_size"] >= 96 * 1024
