"""The same act sent many times at once, to every process there is, is done once and answered alike (P6)."""

import asyncio

from server.kit.db import Database
from server.settings import Settings
from tests.own_redis import Redis
from tests.server import servers
from tests.writers import make_records, notes_in

POSTS = 50


async def test_fifty_at_once_are_one(settings: Settings, database: Database, redis: Redis) -> None:
    settings = settings.model_copy(update={"redis_url": redis.url})
    async with servers(settings, 1 if database.is_sqlite else 2) as processes:
        await asyncio.gather(*(process.start() for process in processes))
        (record,) = await make_records(processes[0], 1)
        path, key = f"/{record.replace(':', 's/')}/notes", {"idempotency-key": "one and the same"}
        async with processes[0].program() as first, processes[-1].program() as last:
            answers = await asyncio.gather(
                *(
                    api.post(path, json={"body": "once"}, headers=key)
                    for api in (first, last)
                    for _ in range(POSTS // 2)
                )
            )
            other = await last.post(path, json={"body": "twice"}, headers=key)
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.text for answer in answers}) == 1
    assert other.status_code == 422
    assert [len(ids) for ids in (await notes_in(database)).values()] == [1]
