"""A database to look into beside the servers, one process to kill, and a Redis of our own."""

from collections.abc import AsyncIterator, Iterator

import pytest

from server.kit.db import Database
from server.settings import Settings
from tests import needs
from tests.own_redis import Redis, own_redis
from tests.server import Server, servers


@pytest.fixture
async def database(settings: Settings) -> AsyncIterator[Database]:
    database = Database(settings.database)
    yield database
    await database.dispose()


@pytest.fixture
async def server(settings: Settings) -> AsyncIterator[Server]:
    async with servers(settings) as (made,):
        yield made


@pytest.fixture
def redis() -> Iterator[Redis]:
    if needs.find("redis-server") is None:
        pytest.skip("left out: no redis-server")
    with own_redis() as server:
        yield server
