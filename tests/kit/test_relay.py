"""The drain: positions, numbers, poison, and what a screen missed."""

import asyncio
import dataclasses
from typing import ClassVar

import pytest
from sqlalchemy import select
from starlette.applications import Starlette

from realtime.bus import MemoryBus
from realtime.message import Message
from server.contacts.access import get_contact
from server.contacts.actions import change_fields
from server.kit import live
from server.kit.access import system
from server.kit.db import Tx
from server.kit.events import Event, EventRow, emit, fact_row
from server.kit.numbers import tell_quietly
from server.kit.patches import REPLAY_LIMIT, PatchRow, PatchSource, TopicRow, prune_patches
from server.main import Relay, build_app
from tests import make

pytestmark = pytest.mark.usefixtures("workspace")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Knocked(Event):
    fact: ClassVar[str] = "door.knocked"


@pytest.fixture
def door(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A fact of this test alone; its renderer fails while the list says so."""
    trouble: list[str] = []

    async def show(tx: Tx, row: EventRow) -> list[live.Change]:
        if trouble:
            raise RuntimeError(trouble[0])
        return [live.Refresh("door:1", ["door"])]

    monkeypatch.setitem(live.RENDERERS, "door.knocked", [show])
    return trouble


async def knock(app: Starlette, times: int = 1, quiet: bool = False) -> None:
    async with app.state.database.transaction() as tx:
        for _ in range(times):
            emit(tx, system(1), Knocked(subject="door:1"), quiet=quiet)


async def heads(app: Starlette, topic: str = "door:1") -> int:
    return (await PatchSource(app.state.database).heads([topic]))[topic]


async def test_numbers_are_dense_and_in_order(app: Starlette, door: list[str]) -> None:
    await knock(app, 250)
    await app.state.relay.drain()
    async with app.state.database.transaction(read=True) as tx:
        rows = [
            (p, n)
            for p, n in await tx.execute(
                select(PatchRow.position, PatchRow.n).where(PatchRow.topic == "door:1").order_by(PatchRow.n)
            )
        ]
        positions = list(await tx.scalars(select(EventRow.position).order_by(EventRow.id)))
    assert [n for _p, n in rows] == list(range(1, 251))
    assert positions == list(range(1, len(positions) + 1))
    assert [p for p, _n in rows] == sorted(p for p, _n in rows)


async def test_two_drains_never_number_at_once(app: Starlette, door: list[str], settings: object) -> None:
    await knock(app, 300)
    other = Relay(app.state.database, app.state.bus)
    await asyncio.gather(app.state.relay.drain(), other.drain())
    assert await heads(app) == 300
    async with app.state.database.transaction(read=True) as tx:
        positions = list(await tx.scalars(select(EventRow.position).order_by(EventRow.position)))
    assert positions == list(range(1, len(positions) + 1))


async def test_a_rolled_back_fact_is_never_seen(app: Starlette, door: list[str]) -> None:
    with pytest.raises(RuntimeError):
        async with app.state.database.transaction() as tx:
            emit(tx, system(1), Knocked(subject="door:1"))
            raise RuntimeError("no")
    await app.state.relay.drain()
    assert await heads(app) == 0


async def test_quiet_facts_get_positions_and_no_patches(app: Starlette, door: list[str]) -> None:
    await knock(app, 120, quiet=True)
    await knock(app, 1)
    await app.state.relay.drain()
    assert await heads(app) == 1
    async with app.state.database.transaction(read=True) as tx:
        positions = list(await tx.scalars(select(EventRow.position).order_by(EventRow.id)))
    assert positions == list(range(1, len(positions) + 1))


async def test_bulk_facts_take_their_positions_with_the_commit(app: Starlette, door: list[str]) -> None:
    await app.state.relay.drain()
    await knock(app, 2)
    async with app.state.database.transaction() as tx:
        tell_quietly(tx, [fact_row(system(1), Knocked(subject="door:2"), quiet=True) for _ in range(3)])
    at_once = [fact.position for fact in await make.facts(app, "door.knocked") if fact.quiet]
    await app.state.relay.drain()
    facts = await make.facts(app, "door.knocked")
    begin = (at_once[0] or 0) - 1
    assert [fact.position for fact in facts if fact.quiet] == at_once == [begin + 1, begin + 2, begin + 3]
    assert [fact.position for fact in facts if not fact.quiet] == [begin + 4, begin + 5], "the relay goes on after them"
    assert await heads(app, "door:2") == 0


async def test_poison_is_parked_and_the_others_go_on(app: Starlette, door: list[str]) -> None:
    door.append("poison")
    await knock(app)
    for _ in range(3):
        await app.state.relay.drain()
    door.clear()
    await knock(app)
    await app.state.relay.drain()
    (first, second) = await make.facts(app, "door.knocked")
    assert first.error is not None
    assert "poison" in first.error
    assert second.error is None
    assert second.position == (first.position or 0) + 1
    assert await heads(app) == 2, "the parked fact has its number"


async def test_replay_is_exact_or_refused(app: Starlette, door: list[str]) -> None:
    await knock(app, 5)
    await app.state.relay.drain()
    source = PatchSource(app.state.database)
    messages = await source.replay("door:1", 2, ("en",))
    assert messages is not None
    assert [message.n for message in messages] == [3, 4, 5]
    assert await source.replay("door:1", 9, ("en",)) is None
    await knock(app, REPLAY_LIMIT)
    await app.state.relay.drain()
    assert await source.replay("door:1", 4, ("en",)) is None
    assert await source.replay("door:1", 5, ("en",)) is not None


async def test_old_patches_go_and_raise_the_floor(app: Starlette, door: list[str]) -> None:
    await knock(app, 3)
    await app.state.relay.drain()
    async with app.state.database.transaction() as tx:
        await prune_patches(tx, hours=-1)
    async with app.state.database.transaction(read=True) as tx:
        row = await tx.get(TopicRow, "door:1")
    assert row is not None
    assert (row.head, row.floor) == (3, 3)
    assert await PatchSource(app.state.database).replay("door:1", 2, ("en",)) is None
    assert await PatchSource(app.state.database).replay("door:1", 3, ("en",)) == []


async def test_a_replay_shows_what_is_true_now(app: Starlette) -> None:
    """Nobody is shown an older value, or a record that went away meanwhile."""
    who = await make.person(app)
    lucia = await make.contact(app)
    await app.state.relay.drain()
    before = await heads(app, lucia.about)
    for title in ("First", "Second"):
        async with app.state.database.transaction() as tx:
            await change_fields(tx, who, await get_contact(tx, who, lucia.id, "edit"), {"title": title})
    await app.state.relay.drain()
    messages = await PatchSource(app.state.database).replay(lucia.about, before, ("en",))
    assert messages is not None
    facts = messages[0].bodies["en"].split(b"hx-partial")
    assert not any(b"fact-title" in part and b"First" in part for part in facts)
    assert any(b"fact-title" in part and b"Second" in part for part in facts)


async def test_the_hub_is_told_where_things_stand(app: Starlette, door: list[str]) -> None:
    await knock(app, 2)
    await app.state.relay.drain()
    source = PatchSource(app.state.database)
    newest, moved = await source.changed(0)
    assert moved["door:1"] == 2
    assert await source.changed(2**62) == (newest, {})


async def test_parallel_edits_lose_nothing(app: Starlette) -> None:
    """P15 in small: 100 edits at once of ten fields; each field ends at a value somebody wrote, each fact is there."""
    who = await make.person(app)
    lucia = await make.contact(app)

    async def edit(n: int) -> None:
        async with app.state.database.transaction() as tx:
            record = await get_contact(tx, who, lucia.id, "edit")
            await change_fields(tx, who, record, {"title" if n % 2 else "language": f"value {n}"})

    await asyncio.gather(*(edit(n) for n in range(100)))
    facts = await make.facts(app, "contact.changed")
    assert len(facts) == 100
    for field in ("title", "language"):
        mine = [fact for fact in facts if fact.data["field"] == field]
        assert [fact.data["old"] for fact in mine[1:]] == [fact.data["new"] for fact in mine[:-1]]


def test_the_app_is_built_of_its_domains(settings: object) -> None:
    assert build_app(settings, background=False).state.house.topics.keys() >= {"contact", "user", "workspace"}  # type: ignore[arg-type]


@pytest.mark.parametrize("read", [{"es"}, {"en", "json"}, set()])
async def test_only_what_is_read_is_drawn(app: Starlette, door: list[str], read: set[str]) -> None:
    """In a process of its own the bus knows what its listeners read."""
    heard, bus = list[Message](), MemoryBus()
    await bus.listen(heard.append, lambda channel, data: None, lambda: None, lambda topic: read)
    await bus.subscribe("door:1")
    await knock(app)
    await Relay(app.state.database, bus).drain()
    assert [(set(one.bodies), one.covers) for one in heard] == [(read, frozenset(read))]
