"""Two versions of the app on one database, as during a deploy: this one meets facts that only the newer one knows."""

import asyncio
import contextlib
from typing import Any

import httpx2 as httpx
import pytest

from server.kit.clock import now
from server.kit.db import Database
from server.kit.events import EventRow
from server.kit.numbers import lock_numbers, newest_position
from server.kit.patches import PatchRow, take_numbers
from server.settings import Settings
from tests.listener import Listener, listening
from tests.own_redis import Redis
from tests.server import Server, servers
from tests.writers import assert_dense, make_records


async def newer_fact(database: Database, record: str, *, numbered: bool) -> None:
    """What the newer version writes about a record; `numbered`: it also drained it, and showed it on the record."""
    values: dict[str, Any] = {"workspace_id": 1, "subject": "seal:1", "about": record, "actor_id": 1, "via": "page"}
    async with database.transaction() as tx:
        fact = EventRow(name="seal.broken", at=now(), data={"of": "a later version"}, **values)
        tx.add(fact)
        if numbered:
            await lock_numbers(tx)
            fact.position = await newest_position(tx) + 1
            await tx.flush()
            n = (await take_numbers(tx, {record: 1}, database.is_sqlite))[record]
            tx.add(PatchRow(topic=record, n=n, position=fact.position, event_id=fact.id))


async def note(api: httpx.AsyncClient, record: str, text: str) -> None:
    answer = await api.post(f"/{record.replace(':', 's/')}/notes", json={"body": text})
    assert answer.status_code == 201, answer.text


@contextlib.asynccontextmanager
async def started(settings: Settings, database: Database, redis: Redis) -> Any:
    """One process on SQLite, two on PostgreSQL: whichever of them drains meets the fact."""
    settings = settings.model_copy(update={"redis_url": redis.url})
    async with servers(settings, 1 if database.is_sqlite else 2) as processes:
        await asyncio.gather(*(process.start() for process in processes))
        yield processes


@pytest.mark.parametrize("numbered", [False, True], ids=["waiting", "numbered"])
async def test_a_fact_of_a_later_version_stops_nothing(
    settings: Settings, database: Database, redis: Redis, numbered: bool
) -> None:
    async with started(settings, database, redis) as processes:
        first: Server = processes[0]
        (record,) = await make_records(first, 1)
        before = Listener(lambda: processes[-1].url, first.token, [record])
        async with listening(before), first.program() as one, processes[-1].program() as other:
            await note(one, record, "before")
            await newer_fact(database, record, numbered=numbered)
            await note(other, record, "after")
            expected = 4 if numbered else 3
            await before.reached({record: expected})
            late = Listener(lambda: first.url, first.token, [record])  # all of it is rendered again for who comes now
            async with listening(late):
                await late.reached({record: expected})
        async with first.browser() as ana:
            page = await ana.get(f"/{record.replace(':', 's/')}")
            assert page.status_code == 200 and "after" in page.text
    for listener in (before, late):
        assert listener.numbers[record] == list(range(1, expected + 1))
        assert [fact["name"] for fact in listener.facts[record]] == ["contact.created", "note.created", "note.created"]
        assert listener.gaps == []
    await assert_dense(database)
