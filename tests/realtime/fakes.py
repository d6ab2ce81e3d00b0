"""Stand-ins for what `main` hands in: a database in a dictionary, doors that can be locked, a writer that remembers."""

import asyncio
import json
from collections import defaultdict
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Any

from realtime.connection import Connection
from realtime.frames import Batch
from realtime.hub import Hub
from realtime.message import Message

PATIENCE = 10.0  # seconds a test waits for what it expects
TOKEN = "t" * 43  # opens the public door


async def until(true: Callable[[], object]) -> None:
    """Wait for a condition; looks again at every turn of the loop, fails after PATIENCE."""
    async with asyncio.timeout(PATIENCE):
        while not true():
            await asyncio.sleep(0.001)


async def settled(turns: int = 50) -> None:
    """Let everything that is ready run: for showing that nothing happens."""
    for _ in range(turns):
        await asyncio.sleep(0)


@dataclass(frozen=True)
class FakePerson:
    id: int = 5
    variant: str = "en"
    is_member: bool = True
    head: int | None = None

    @property
    def key(self) -> str:
        return f"user:{self.id}"


@dataclass
class FakeSource:
    """The truth. `commit` writes; nothing is published by it."""

    rows: dict[str, list[Message]] = field(default_factory=lambda: defaultdict(list))
    floors: dict[str, int] = field(default_factory=dict)
    position: int = 0
    failing: bool = False
    asked: list[tuple[Any, ...]] = field(default_factory=list)
    gate: asyncio.Event | None = None  # when set, replays wait for it

    def commit(self, topic: str, body: str | None = None, *, kind: str = "p", recheck: bool = False) -> Message:
        self.position += 1
        n = len(self.rows[topic]) + 1
        text = json.dumps(body if body is not None else f"{topic} {n}").encode()
        bodies = dict.fromkeys(("en", "es", "json"), b'"html":' + text)
        if kind == "r":
            bodies = {"*": b'"regions":["list"]'}
        message = Message(topic, n, self.position, kind, bodies, recheck)
        self.rows[topic].append(message)
        return message

    async def heads(self, topics: Collection[str]) -> dict[str, int]:
        self.asked.append(("heads", *topics))
        self._fail()
        return {topic: len(self.rows[topic]) for topic in topics if self.rows[topic]}

    async def replay(self, topic: str, after: int, variants: Collection[str]) -> list[Message] | None:
        self.asked.append(("replay", topic, after))
        if self.gate is not None:
            await self.gate.wait()
        self._fail()
        rows = self.rows[topic]
        if after < self.floors.get(topic, 0) or after > len(rows) or len(rows) - after > 500:
            return None
        return [rendered_for(message, variants) for message in rows[after:]]

    async def changed(self, after_position: int) -> tuple[int, dict[str, int]]:
        self.asked.append(("changed", after_position))
        self._fail()
        heads = {t: len(rows) for t, rows in self.rows.items() if rows and rows[-1].position > after_position}
        return self.position, heads

    def _fail(self) -> None:
        if self.failing:
            raise OSError("the database is away")


def rendered_for(message: Message, variants: Collection[str]) -> Message:
    bodies = {variant: body for variant, body in message.bodies.items() if variant in variants or variant == "*"}
    return Message(message.topic, message.n, message.position, message.kind, bodies, message.recheck)


@dataclass
class FakeDoors:
    """Everybody may hear everything but what is `locked`, unless the person is `gone`."""

    locked: set[str] = field(default_factory=set)
    gone: set[int] = field(default_factory=set)
    failing: bool = False
    asked: list[tuple[int, set[str]]] = field(default_factory=list)
    again_asked: int = 0
    gate: asyncio.Event | None = None  # when set, questions about topics wait for it

    async def authenticate(self, websocket: Any) -> FakePerson | None:
        person = int(websocket.query_params.get("as", "5"))
        return None if person in self.gone else FakePerson(person, websocket.query_params.get("variant", "en"))

    async def admit(self, websocket: Any, token: str) -> FakePerson | None:
        return FakePerson(0, is_member=False) if token == TOKEN else None

    async def again(self, person: Any) -> Any:
        self.again_asked += 1
        return None if person.id in self.gone else person

    async def may_listen(self, person: Any, topics: Collection[str]) -> set[str]:
        self.asked.append((person.id, set(topics)))
        answer = set(topics) - self.locked
        if self.gate is not None:
            await self.gate.wait()
        if self.failing:
            raise OSError("the database is away")
        return answer


class FakeWriter:
    """Takes batches; `slow` makes it refuse them, a `gate` makes draining wait."""

    def __init__(self) -> None:
        self.frames: list[dict[str, Any]] = []
        self.batches: list[Batch] = []
        self.slow = False
        self.gate: asyncio.Event | None = None
        self.code: int | None = None
        self.drained = 0

    def write(self, batch: Batch) -> bool:
        if self.slow:
            return False
        self.batches.append(batch)
        self.frames.extend(json.loads(frame.payload) for frame in batch.frames)
        return True

    def close(self, code: int) -> None:
        self.code = code

    async def drain(self) -> None:
        self.drained += 1
        if self.gate is not None:
            await self.gate.wait()

    def of(self, *kinds: str) -> list[dict[str, Any]]:
        return [frame for frame in self.frames if frame["t"] in kinds]

    def numbers(self, topic: str) -> list[int]:
        return [frame["n"] for frame in self.of("p", "r") if frame["topic"] == topic]


async def join(hub: Hub, person: int = 5, variant: str = "en") -> tuple[Connection, FakeWriter]:
    writer = FakeWriter()
    return await hub.connect(FakePerson(person, variant), writer), writer
