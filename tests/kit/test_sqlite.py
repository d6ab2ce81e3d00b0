"""Quick statements run where they are asked, slow ones and waits on the connection's thread."""

import asyncio
import contextlib
import sqlite3
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from server.kit.sqlite import FADE, QUICK, TEXTS, Caretaker, Pace, sqlite_engines

HERE = "SELECT here()"
LONG = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000000) SELECT max(i), here() FROM n"
BEGUN = LONG.replace("SELECT 1 ", "SELECT begun() ")


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncIterator[AsyncEngine]:
    writer, reader, _caretaker = sqlite_engines(f"sqlite+aiosqlite:///{tmp_path}/near.db")
    yield writer
    await writer.dispose()
    await reader.dispose()


async def told(connection: AsyncConnection) -> None:
    """`here()` in SQL says on which thread it runs."""
    raw = (await connection.get_raw_connection()).driver_connection
    assert raw is not None
    await raw.create_function("here", 0, threading.get_ident)


async def test_a_quick_statement_comes_near_after_its_first_run(engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        await told(connection)
        first, second = [await connection.scalar(text(HERE)) for _ in range(2)]
    assert first != threading.get_ident()
    assert second == threading.get_ident()


async def test_a_slow_statement_stays_away(engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        await told(connection)
        for _ in range(2):
            highest, where = (await connection.execute(text(LONG))).one()
            assert (highest, where == threading.get_ident()) == (3_000_000, False)


async def test_a_cancelled_statement_leaves_the_connection_in_order(engine: AsyncEngine) -> None:
    begun, loop = asyncio.Event(), asyncio.get_running_loop()

    def say() -> int:
        loop.call_soon_threadsafe(begun.set)
        return 1

    async def ask() -> None:
        async with engine.connect() as connection:
            await told(connection)
            raw = (await connection.get_raw_connection()).driver_connection
            assert raw is not None
            await raw.create_function("begun", 0, say)
            await connection.execute(text(BEGUN))

    asking = asyncio.create_task(ask())
    await begun.wait()
    asking.cancel()
    await asyncio.wait({asking})
    assert asking.cancelled()
    del asking  # what it ran into holds the cursor
    async with engine.begin() as connection:
        await connection.execute(text("CREATE TABLE kept (n INTEGER)"))
        await connection.execute(text("INSERT INTO kept VALUES (1)"))
    async with engine.connect() as connection:
        assert await connection.scalar(text("SELECT n FROM kept")) == 1


async def test_connections_older_than_the_statistics_are_replaced(tmp_path: Path) -> None:
    writer, reader, caretaker = sqlite_engines(f"sqlite+aiosqlite:///{tmp_path}/old.db")

    async def opened() -> list[object]:
        found = []
        for engine in (writer, reader):
            async with engine.connect() as connection:
                found.append((await connection.get_raw_connection()).driver_connection)
        return found

    async with writer.begin() as connection:
        await connection.execute(text("CREATE TABLE kept (n INTEGER PRIMARY KEY, word TEXT)"))
        await connection.execute(text("CREATE INDEX ix_kept ON kept (word)"))
    caretaker._look()
    first = await opened()
    caretaker._look()
    assert await opened() == first, "nothing has changed"
    async with writer.begin() as connection:
        await connection.execute(text("INSERT INTO kept (word) VALUES ('one')"))
        await connection.execute(text("ANALYZE"))
    caretaker._look()
    second = await opened()
    assert not set(map(id, first)) & set(map(id, second))
    await writer.dispose()
    await reader.dispose()


async def test_the_caretaker_moves_the_log(engine: AsyncEngine, tmp_path: Path) -> None:
    async with engine.begin() as connection:
        await connection.execute(text("CREATE TABLE kept (n INTEGER)"))
    before = (tmp_path / "near.db").stat().st_size
    caretaker = Caretaker(f"sqlite+aiosqlite:///{tmp_path}/near.db", Pace())
    running = asyncio.create_task(caretaker.run())
    caretaker.wake(None)
    async with asyncio.timeout(10):
        while (tmp_path / "near.db").stat().st_size == before:
            await asyncio.sleep(0.01)
    caretaker.stop()
    await running
    assert (tmp_path / "near.db").stat().st_size > before


def test_pace_remembers_the_slow_run() -> None:
    pace = Pace()
    assert not pace.is_quick("a"), "a new one counts as slow"
    pace.note("a", QUICK / 2)
    assert pace.is_quick("a")
    pace.note("a", QUICK * 10)
    runs = 0
    while not pace.is_quick("a"):
        pace.note("a", QUICK / 2)
        runs += 1
    assert runs > 10 and QUICK * 10 * FADE**runs < QUICK
    for n in range(TEXTS + 1):
        pace.note(f"b{n}", 0.0)
    assert not pace.is_quick("a"), "it forgets all rather than grow for ever"


def test_a_database_that_is_being_written_is_no_mishap(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    caretaker = Caretaker(f"sqlite:///{tmp_path}/db", Pace())
    with contextlib.closing(sqlite3.connect(tmp_path / "db", isolation_level=None)) as writer:
        writer.execute("CREATE TABLE one (n)")
        writer.execute("BEGIN EXCLUSIVE")
        caretaker._look()
        assert "not_looked_after" not in "".join(capsys.readouterr())
    (tmp_path / "db").write_bytes(b"no database, but a file of some length" * 40)
    caretaker._look()
    assert "not_looked_after" in "".join(capsys.readouterr())
