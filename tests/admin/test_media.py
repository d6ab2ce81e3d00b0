"""What the self-check says of calls: where media comes in, and whether the relay answers."""

import asyncio
from pathlib import Path

import pytest

from server.admin import media
from server.admin.media import Ear, check_media, check_relay
from server.settings import Settings


def settings(**words: str) -> Settings:
    return Settings(data_dir=Path("nowhere"), **words)  # type: ignore[arg-type]


def test_where_media_comes_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(media, "own_address", lambda: "198.51.100.7")
    assert check_media(settings()).state == "warn"
    told = check_media(settings(media_address="203.0.113.5", media_ports="40000-40100"))
    assert told.state == "ok" and "203.0.113.5, ports 40000-40100" in told.text
    monkeypatch.setattr(media, "own_address", lambda: "127.0.0.1")
    assert check_media(settings()).state == "bad"


@pytest.mark.parametrize(
    ("words", "state", "text"),
    [
        ({}, "warn", "TURN_URL"),
        ({"turn_url": "turn:127.0.0.1:3478"}, "bad", "TURN_SECRET"),
    ],
)
async def test_what_is_set_wrongly_is_said(words: dict[str, str], state: str, text: str) -> None:
    told = await check_relay(settings(**words))
    assert told.state == state and text in told.text


async def test_a_relay_answers_or_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    class Echo(asyncio.DatagramProtocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            self.transport = transport

        def datagram_received(self, data: bytes, addr: object) -> None:
            self.transport.sendto(data, addr)  # type: ignore[attr-defined]

    monkeypatch.setattr(media, "PATIENCE", 0.3)
    loop = asyncio.get_running_loop()
    transport, _echo = await loop.create_datagram_endpoint(Echo, local_addr=("127.0.0.1", 0))
    port = transport.get_extra_info("sockname")[1]
    url = f"turn:127.0.0.1:{port}?transport=udp"
    assert (await check_relay(settings(turn_url=url, turn_secret="x"))).state == "ok"
    silent, _ear = await loop.create_datagram_endpoint(Ear, local_addr=("127.0.0.1", 0))
    quiet = f"turn:127.0.0.1:{silent.get_extra_info('sockname')[1]}"
    told = await check_relay(settings(turn_url=f"{url}, {quiet}", turn_secret="x"))
    assert told.state == "bad" and quiet in told.text, "the first alone answers"
    silent.close()
    transport.close()
