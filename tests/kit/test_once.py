"""Facts that are drawn from one snapshot share what they ask; whoever writes asks anew."""

from starlette.applications import Starlette

from server.kit.db import Tx
from server.kit.once import once, remember

asked: list[tuple[object, ...]] = []


@once
async def look(tx: Tx, who: str, ids: set[int]) -> list[int]:
    asked.append((who, ids))
    return sorted(ids)


async def test_the_same_question_is_asked_once(app: Starlette) -> None:
    asked.clear()
    async with app.state.database.transaction(read=True) as tx:
        remember(tx)
        assert await look(tx, "ana", {2, 1}) is await look(tx, "ana", {1, 2})
        assert await look(tx, "mateo", {1, 2}) == await look(tx, "ana", {1, 2})
        assert await look(tx, "ana", {3}) == [3]
    assert asked == [("ana", {1, 2}), ("mateo", {1, 2}), ("ana", {3})]


async def test_without_a_snapshot_of_facts_each_asks_anew(app: Starlette) -> None:
    asked.clear()
    async with app.state.database.transaction() as tx:
        await look(tx, "ana", {1})
        await look(tx, "ana", {1})
    assert len(asked) == 2
