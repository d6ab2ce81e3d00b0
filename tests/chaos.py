"""Many listeners, people who write without rest, and a fault every few seconds; then it is counted what was seen (P1)."""

import asyncio
import random
import signal
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from sqlalchemy import text

from server.kit.db import Database
from tests.listener import Listener, listening
from tests.own_redis import Redis
from tests.server import Server
from tests.writers import Writers, all_numbered, heads_in, make_records, notes_in

STOPPED = 3.0  # seconds that Redis stands still


@dataclass
class Outcome:
    """`lost`: (listener, note) never told; `twice`: told more than once; `gaps`: reloads that were asked for."""

    notes: int = 0
    tellings: int = 0
    lost: int = 0
    twice: int = 0
    gaps: int = 0
    holes: int = 0
    disorder: int = 0
    unsaved: int = 0
    refused: list[str] = field(default_factory=list)
    faults: Counter[str] = field(default_factory=Counter)
    catch_up_seconds: float = 0.0


class Chaos:
    def __init__(self, servers: Sequence[Server], redis: Redis, database: Database, seed: int = 7) -> None:
        self._servers, self._redis, self._database = servers, redis, database
        self._dice = random.Random(seed)
        self._listeners: list[Listener] = []

    async def run(self, clients: int, records: int, seconds: float, every: float, people: int = 4) -> Outcome:
        await asyncio.gather(*(server.start() for server in self._servers))
        names = await make_records(self._servers[0], records)
        writers = Writers(self._servers, names)
        token = self._servers[0].token
        self._listeners = [Listener(self._any_address, token, names) for _ in range(clients)]
        outcome = Outcome()
        async with listening(*self._listeners):
            async with writers.at_work(people):
                await self._make_trouble(outcome, seconds, every)
                await writers.promised_more(people)  # the last word was said after the last fault
            began = time.monotonic()
            await all_numbered(self._database)
            heads = await heads_in(self._database, names)
            await asyncio.gather(*(listener.reached(heads) for listener in self._listeners))
            outcome.catch_up_seconds = time.monotonic() - began
        await self._count(outcome, writers, heads)
        return outcome

    # --- faults

    async def _make_trouble(self, outcome: Outcome, seconds: float, every: float) -> None:
        """Every kind once, in an order of chance, before one comes again."""
        faults: list[Callable[[], Awaitable[None]]] = []
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if not faults:
                faults = self._faults()
                self._dice.shuffle(faults)
            fault = faults.pop()
            await fault()
            outcome.faults[fault.__name__.strip("_")] += 1
            await asyncio.sleep(self._dice.uniform(every / 2, every))  # some peace between the faults

    def _faults(self) -> list[Callable[[], Awaitable[None]]]:
        engine = [] if self._database.is_sqlite else [self._database_cut]
        return [
            *engine,
            self._server_killed, self._server_deployed, self._redis_killed, self._redis_stopped, self._redis_flushed,
            self._redis_cut, self._publishers_cut, self._all_sockets_cut, self._readers_stopped,
        ]  # fmt: skip

    async def _server_killed(self) -> None:
        server = self._dice.choice(self._servers)
        await server.kill()
        await server.start()

    async def _server_deployed(self) -> None:
        server = self._dice.choice(self._servers)
        await server.stop()
        await server.start()

    async def _database_cut(self) -> None:
        """As a restart of PostgreSQL does it: every connection ends in the middle of a word."""
        others = "datname = current_database() AND pid <> pg_backend_pid()"
        async with self._database.transaction() as tx:
            await tx.execute(text(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {others}"))

    async def _redis_killed(self) -> None:
        self._redis.kill()
        self._redis.start()
        await self._redis.ready()

    async def _redis_stopped(self) -> None:
        self._redis.send(signal.SIGSTOP)
        await asyncio.sleep(STOPPED)  # the length of the fault
        self._redis.send(signal.SIGCONT)
        await self._redis.ready()

    async def _redis_flushed(self) -> None:
        await self._redis.said("FLUSHALL")

    async def _redis_cut(self) -> None:
        await self._redis.said("CLIENT KILL TYPE pubsub")

    async def _publishers_cut(self) -> None:
        await self._redis.said("CLIENT KILL TYPE normal SKIPME yes")

    async def _all_sockets_cut(self) -> None:
        for listener in self._listeners:
            listener.cut()

    async def _readers_stopped(self) -> None:
        half = self._dice.sample(self._listeners, len(self._listeners) // 2)
        for listener in half:
            listener.stop_reading()
        await asyncio.sleep(1)  # the length of the fault
        for listener in half:
            listener.read_on()

    def _any_address(self) -> str:
        return self._dice.choice(self._servers).url

    # --- what came of it

    async def _count(self, outcome: Outcome, writers: Writers, heads: dict[str, int]) -> None:
        saved = await notes_in(self._database)
        outcome.notes, outcome.refused = len(writers.promised), writers.refused
        outcome.unsaved = sum(saved.get(text) != [id] for text, id in writers.promised.items())
        outcome.twice += sum(len(ids) - 1 for ids in saved.values())
        notes = {f"note:{id}" for ids in saved.values() for id in ids}
        for listener in self._listeners:
            outcome.gaps += len(listener.gaps)
            outcome.holes += listener.asked
            told = Counter(
                fact["subject"] for facts in listener.facts.values() for fact in facts if fact["name"] == "note.created"
            )
            outcome.tellings += told.total()
            outcome.lost += len(notes - told.keys())
            outcome.twice += told.total() - len(told)
            outcome.disorder += sum(
                listener.numbers[topic] != list(range(1, head + 1)) for topic, head in heads.items()
            )
