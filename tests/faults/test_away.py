"""A server that starts while Redis is away serves its pages, and hears the others as soon as Redis is there."""

import asyncio

import httpx2 as httpx

from server.settings import Settings
from tests.own_redis import Redis
from tests.server import servers


async def test_a_start_without_redis(settings: Settings, redis: Redis) -> None:
    redis.kill()
    async with servers(settings.model_copy(update={"redis_url": redis.url})) as (server,):
        await server.start()
        async with httpx.AsyncClient(base_url=server.url) as client:

            async def bus() -> bool:
                return (await client.get("/health")).json()["bus_probe_ms"] is not None

            assert not await bus()
            assert (await client.get("/signin")).status_code == 200
            redis.start()
            async with asyncio.timeout(15):
                while not await bus():
                    await asyncio.sleep(0.05)  # another process's connection has no event to wait for
