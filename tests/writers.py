"""Programs that write notes without rest, each try with its key, and remember what they were promised."""

import asyncio
import contextlib
import itertools
import random
import secrets
from collections.abc import AsyncIterator, Sequence

import httpx2 as httpx
from sqlalchemy import func, select

from server.kit.db import Database
from server.kit.events import EventRow
from server.kit.patches import PatchRow, TopicRow
from server.timeline.models import Note
from tests.server import Server

GIVE_UP = 60.0


class Writers:
    """`promised`: text → id of each note that was answered with 201; `refused`: other answers."""

    def __init__(self, servers: Sequence[Server], records: Sequence[str]) -> None:
        self._servers, self.records = servers, list(records)
        self.promised: dict[str, int] = {}
        self.tries = 0
        self.refused: list[str] = []
        self._mark, self._number = secrets.token_hex(3), itertools.count(1)
        self._told = asyncio.Event()
        self._stopping = False

    async def run(self) -> None:
        """One person, until told to stop: the same note again until it is answered, also after a crash."""
        while not self._stopping:
            text = f"note {self._mark} {next(self._number):06}"
            record = random.choice(self.records)
            while not await self._try(record, text) and not self._stopping:
                await asyncio.sleep(random.uniform(0, 0.1))

    async def promised_more(self, count: int) -> None:
        goal = len(self.promised) + count
        async with asyncio.timeout(GIVE_UP + count / 10):
            while len(self.promised) < goal:
                self._told.clear()
                await self._told.wait()

    async def refused_once(self) -> None:
        async with asyncio.timeout(GIVE_UP):
            while not self.refused:
                self._told.clear()
                await self._told.wait()

    async def _try(self, record: str, text: str) -> bool:
        server = random.choice(self._servers)
        self.tries += 1
        try:
            answer = await self._client(server).post(
                f"/{record.replace(':', 's/')}/notes", json={"body": text}, headers={"idempotency-key": f"key {text}"}
            )
        except (httpx.TransportError, httpx.StreamError):
            return False
        if answer.status_code != 201:
            self.refused.append(f"{answer.status_code} {answer.text[:200]}")
            self._told.set()
            return False
        self.promised[text] = answer.json()["id"]
        self._told.set()
        return True

    def _client(self, server: Server) -> httpx.AsyncClient:
        return self._clients[server.url]

    @contextlib.asynccontextmanager
    async def at_work(self, count: int) -> AsyncIterator[None]:
        """So many people write inside; at the end each waits for the answer it is due, so that nothing comes later."""
        self._stopping = False
        self._clients = {server.url: server.program() for server in self._servers}
        tasks = [asyncio.create_task(self.run()) for _ in range(count)]
        try:
            yield
        finally:
            self._stopping = True
            await asyncio.gather(*tasks)
            for client in self._clients.values():
                await client.aclose()


async def make_records(server: Server, count: int) -> list[str]:
    async with server.program() as api:
        answers = [await api.post("/contacts", json={"name": f"Lucía Ferrer {n}"}) for n in range(count)]
    return [f"contact:{answer.json()['id']}" for answer in answers]


async def notes_in(database: Database) -> dict[str, list[int]]:
    """Every note that is really there: text → ids."""
    found: dict[str, list[int]] = {}
    async with database.transaction(read=True) as tx:
        for text, id in await tx.execute(select(Note.body, Note.id)):
            found.setdefault(text, []).append(id)
    return found


async def heads_in(database: Database, records: Sequence[str]) -> dict[str, int]:
    async with database.transaction(read=True) as tx:
        rows = await tx.execute(select(TopicRow.name, TopicRow.head).where(TopicRow.name.in_(records)))
        return dict(rows.all())


async def all_numbered(database: Database) -> None:
    """Wait until the relays have given every fact its position."""
    async with asyncio.timeout(GIVE_UP):
        while True:
            async with database.transaction(read=True) as tx:
                if not await tx.scalar(select(func.count()).where(EventRow.position.is_(None))):
                    return
            await asyncio.sleep(0.02)


async def assert_dense(database: Database) -> None:
    """Positions 1 … N and each topic's numbers 1 … head, without holes and without doubles."""
    async with database.transaction(read=True) as tx:
        positions = list(await tx.scalars(select(EventRow.position).order_by(EventRow.position)))
        heads = dict((await tx.execute(select(TopicRow.name, TopicRow.head))).all())
        numbers: dict[str, list[int]] = {}
        for topic, n in await tx.execute(select(PatchRow.topic, PatchRow.n).order_by(PatchRow.topic, PatchRow.n)):
            numbers.setdefault(topic, []).append(n)
    assert positions == list(range(1, len(positions) + 1))
    assert numbers == {topic: list(range(1, head + 1)) for topic, head in heads.items()}
