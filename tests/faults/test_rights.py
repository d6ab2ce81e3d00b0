"""Rights taken away in one process end in the other, with the bus and without it (P12)."""

import time

import pytest

from server.kit.db import Database
from server.settings import Settings
from tests.listener import Listener, listening
from tests.own_redis import Redis
from tests.server import add_colleague, servers
from tests.writers import Writers, make_records

ACROSS = 5.0  # seconds promised between processes
SLACK = 1.0  # of a machine that runs other tests beside this one


@pytest.mark.parametrize("bus", ["up", "down"])
async def test_a_closed_record_is_silent_in_every_process(
    settings: Settings, database: Database, redis: Redis, bus: str
) -> None:
    settings = settings.model_copy(update={"redis_url": redis.url})
    async with servers(settings, 1 if database.is_sqlite else 2) as processes:
        first, last = processes[0], processes[-1]
        for process in processes:
            await process.start()
        token = await add_colleague(settings, "mateo@example.org", "Mateo Ríos")
        (record,) = await make_records(first, 1)
        mateo, ana = (Listener(lambda: last.url, who, [record]) for who in (token, first.token))
        async with listening(mateo, ana), first.browser() as owner:
            if bus == "down":
                redis.kill()
            writers = Writers([first], [record])
            async with writers.at_work(2):
                await writers.promised_more(5)
                began = time.monotonic()
                answer = await owner.put(f"/{record.replace(':', 's/')}/restriction", data={"who": "user:1"})
                assert answer.status_code == 200
                assert await mateo.dropped(record) - began <= ACROSS + SLACK
                await writers.promised_more(10)
            await ana.reached({record: 15})  # whoever may hear it goes on hearing it
            assert mateo.trespasses == []
        async with last.program() as api:
            api.headers["authorization"] = f"Bearer {token}"
            assert (await api.get(f"/{record.replace(':', 's/')}")).status_code == 404


async def test_who_is_sent_away_is_cut_off_in_every_process(
    settings: Settings, database: Database, redis: Redis
) -> None:
    settings = settings.model_copy(update={"redis_url": redis.url})
    async with servers(settings, 1 if database.is_sqlite else 2) as processes:
        for process in processes:
            await process.start()
        token = await add_colleague(settings, "mateo@example.org", "Mateo Ríos")
        records = await make_records(processes[0], 1)
        mateo = Listener(lambda: processes[-1].url, token, records)
        async with listening(mateo), processes[0].browser() as owner:
            began = time.monotonic()
            assert (await owner.delete("/settings/people/2")).status_code < 400
            await mateo.closed(4401)
            assert time.monotonic() - began <= ACROSS + SLACK
