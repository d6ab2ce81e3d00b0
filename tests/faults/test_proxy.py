"""A proxy in front that cuts what is idle: whoever listens comes back with its numbers and misses nothing."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from server.kit.db import Database
from tests import needs
from tests.listener import Listener, listening
from tests.server import Server
from tests.writers import Writers, make_records

ROUNDS, WRITES = 3, 5
SETTINGS = """
defaults
  mode http
  timeout connect 5s
  timeout client 30s
  timeout server 30s
  timeout tunnel 1s
frontend door
  bind 127.0.0.1:{port}
  default_backend house
backend house
  server one 127.0.0.1:{server}
"""


@contextlib.asynccontextmanager
async def haproxy(server: Server, folder: Path) -> AsyncIterator[str]:
    """Its address. A websocket without a word for a second is cut; the server's own pings come every ten."""
    binary, port = needs.find("haproxy"), needs.free_port()
    if binary is None:
        pytest.skip("left out: no haproxy")
    config = folder / "haproxy.cfg"
    config.write_text(SETTINGS.format(port=port, server=server.port))
    process = await asyncio.create_subprocess_exec(binary, "-f", str(config), "-db")
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        await process.wait()


async def test_an_idle_cut_loses_nothing_and_shows_nothing_twice(
    server: Server, database: Database, tmp_path: Path
) -> None:
    await server.start()
    (record,) = await make_records(server, 1)
    writers = Writers([server], [record])
    async with haproxy(server, tmp_path) as address:
        reader = Listener(lambda: address, server.token, [record])
        async with listening(reader):
            for cuts in range(1, ROUNDS + 1):
                async with writers.at_work(1):
                    await writers.promised_more(WRITES)
                await reader.cut_off(cuts)
            await reader.reached({record: len(writers.promised)})
    notes = [fact["subject"] for fact in reader.facts[record] if fact["name"] == "note.created"]
    assert sorted(notes) == sorted(f"note:{id}" for id in writers.promised.values())
    assert reader.numbers[record] == list(range(1, len(reader.numbers[record]) + 1))
    assert reader.gaps == []
