"""SQLite's connections: statements known to be quick run where they are asked, all others on the connection's thread.

The way to a thread and back costs more than most statements do, and rows fetched there wait for the interpreter's
lock one by one; but whatever takes longer than a moment must not hold up everybody else.
"""

import asyncio
import sqlite3
import time
from collections.abc import Callable, Iterable
from typing import Any

import aiosqlite
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

QUICK = 0.002  # seconds of processor time a statement may take where it is asked
FADE = 0.9  # how fast a slow run of a statement is forgotten: after some 20 quick ones for one of ten times QUICK
TEXTS = 2000  # statements whose pace is known
BEGIN_WRITE = "BEGIN IMMEDIATE"


def sqlite_engines(url: str) -> tuple[AsyncEngine, AsyncEngine]:
    """One that writes, with a single connection, and one that cannot."""
    pace = Pace()
    writer = create_async_engine(url, pool_size=1, max_overflow=0, connect_args={"async_creator_fn": pace.connect})
    reader = create_async_engine(url, pool_size=8, max_overflow=0, connect_args={"async_creator_fn": pace.connect})
    _prepare(writer, BEGIN_WRITE, "PRAGMA synchronous=FULL", "PRAGMA journal_mode=WAL")
    _prepare(reader, "BEGIN", "PRAGMA query_only=ON")
    return writer, reader


def _prepare(engine: AsyncEngine, begin: str, *pragmas: str) -> None:
    def on_connect(connection: Any, record: object) -> None:
        connection.isolation_level = None  # the driver's own BEGIN comes too late: only before the first write
        cursor = connection.cursor()
        for pragma in (
            "PRAGMA busy_timeout=10000",
            "PRAGMA foreign_keys=ON",
            "PRAGMA cache_size=-16000",
            "PRAGMA temp_store=MEMORY",
            *pragmas,
        ):
            cursor.execute(pragma)
        cursor.close()

    event.listen(engine.sync_engine, "connect", on_connect)
    event.listen(engine.sync_engine, "begin", lambda connection: connection.exec_driver_sql(begin))


class Pace:
    """What statements cost, by their text. One that is new counts as slow."""

    def __init__(self) -> None:
        self._costs: dict[str, float] = {}

    def is_quick(self, sql: str) -> bool:
        return self._costs.get(sql, 1.0) < QUICK

    def note(self, sql: str, seconds: float) -> None:
        known = self._costs.get(sql)
        if known is None and len(self._costs) >= TEXTS:
            self._costs.clear()
        self._costs[sql] = seconds if known is None else max(seconds, known * FADE)

    def connect(self, database: str, **options: Any) -> "NearConnection":
        return NearConnection(self, lambda: sqlite3.connect(database, **options))


class NearConnection(aiosqlite.Connection):
    """One transaction at a time uses it. Its beginning and end wait for locks and disks: they stay on the thread."""

    def __init__(self, pace: Pace, connector: Callable[[], sqlite3.Connection]) -> None:
        super().__init__(connector, iter_chunk_size=64)
        self._thread.daemon = True
        self.pace = pace

    def cursor(self) -> "NearCursor":  # type: ignore[override]  # theirs may also be awaited; nobody here does
        return NearCursor(self, self._conn.cursor())

    async def rollback(self) -> None:
        self._conn.rollback()


class NearCursor(aiosqlite.Cursor):
    """A statement and then its rows: both near, or both on the thread."""

    _conn: NearConnection

    def __init__(self, connection: NearConnection, cursor: sqlite3.Cursor) -> None:
        super().__init__(connection, cursor)
        self._sql, self._spent, self._is_near = "", 0.0, False

    async def execute(self, sql: str, parameters: Iterable[Any] | None = None) -> "NearCursor":
        self._sql, self._spent = sql, 0.0
        self._is_near = self._conn.pace.is_quick(sql) and sql != BEGIN_WRITE
        await self._run(self._cursor.execute, sql, parameters or ())
        if self._is_near:
            await asyncio.sleep(0)  # between two statements it is the others' turn
        return self

    async def fetchall(self) -> Iterable[sqlite3.Row]:
        rows: Iterable[sqlite3.Row] = await self._run(self._cursor.fetchall)
        return rows

    async def close(self) -> None:
        self._cursor.close()

    async def _run(self, step: Callable[..., Any], *args: Any) -> Any:
        return self._timed(step, *args) if self._is_near else await self._execute(self._timed, step, *args)

    async def _execute(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """On the thread. Cancelled, it comes back once the thread has let go: else the lock would stay taken."""
        try:
            return await self._conn._execute(fn, *args, **kwargs)  # type: ignore[no-untyped-call]
        except asyncio.CancelledError:
            await self._conn.interrupt()
            await self._conn._execute(self._cursor.close)  # type: ignore[no-untyped-call]
            raise

    def _timed(self, step: Callable[..., Any], *args: Any) -> Any:
        began = time.thread_time()
        try:
            return step(*args)
        finally:
            self._spent += time.thread_time() - began
            self._conn.pace.note(self._sql, self._spent)
