"""A short run of everything that can go wrong: nothing lost, nothing twice, the same order for everybody (P1, P2)."""

from server.kit.db import Database
from server.settings import Settings
from tests.chaos import Chaos
from tests.own_redis import Redis
from tests.server import servers

CLIENTS, RECORDS, SECONDS, EVERY = 20, 10, 20.0, 1.0


async def test_nothing_is_lost_and_nothing_twice(settings: Settings, database: Database, redis: Redis) -> None:
    settings = settings.model_copy(update={"redis_url": redis.url})
    async with servers(settings, 1 if database.is_sqlite else 2) as processes:
        outcome = await Chaos(processes, redis, database).run(CLIENTS, RECORDS, SECONDS, EVERY)
    assert (outcome.lost, outcome.twice, outcome.unsaved, outcome.disorder) == (0, 0, 0, 0)
    assert outcome.gaps == 0
    assert [said for said in outcome.refused if not said.startswith("503 ")] == [], "only: try again in a moment"
    assert outcome.tellings >= outcome.notes * CLIENTS > 1000  # a note may be there that its writer was not told of
    assert len(outcome.faults) >= 4, "faults took too long to be a chaos"
    assert outcome.catch_up_seconds <= 10
