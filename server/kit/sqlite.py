"""SQLite's connections: statements known to be quick run where they are asked, all others on the connection's thread.

The way to a thread and back costs more than most statements do, and rows fetched there wait for the interpreter's
lock one by one; but whatever takes longer than a moment must not hold up everybody else.
"""

import asyncio
import contextlib
import sqlite3
import time
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import aiosqlite
from sqlalchemy import event, make_url
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from server.kit.logging import log

QUICK = 0.002  # seconds of processor time a statement may take where it is asked
FADE = 0.9  # how fast a slow run of a statement is forgotten: after some 20 quick ones for one of ten times QUICK
TEXTS = 2000  # statements whose pace is known
BEGIN_WRITE = "BEGIN IMMEDIATE"
LOG_PAGES = 8000  # 32 MB of log, before whoever commits must move it into the database file themselves
PRAGMAS = (  # of every connection
    "PRAGMA busy_timeout=10000",
    "PRAGMA foreign_keys=ON",
    "PRAGMA cache_size=-16000",
    "PRAGMA temp_store=MEMORY",
)
PAUSE = 1.0  # seconds between two looks at the file


def sqlite_engines(url: str) -> tuple[AsyncEngine, AsyncEngine, "Caretaker"]:
    """One that writes, with a single connection, and one that cannot; and who looks after their file."""
    pace = Pace()
    writes = ("PRAGMA synchronous=FULL", "PRAGMA journal_mode=WAL", f"PRAGMA wal_autocheckpoint={LOG_PAGES}")
    writer = _engine(url, pace, 1, BEGIN_WRITE, *writes)
    reader = _engine(url, pace, 8, "BEGIN", "PRAGMA query_only=ON")
    return writer, reader, Caretaker(url, pace)


def _engine(url: str, pace: "Pace", size: int, begin: str, *pragmas: str) -> AsyncEngine:
    connect = partial(pace.connect, PRAGMAS + pragmas)
    engine = create_async_engine(url, pool_size=size, max_overflow=0, connect_args={"async_creator_fn": connect})

    def on_connect(connection: Any, record: ConnectionPoolEntry) -> None:
        record.info["generation"] = pace.generation

    def on_checkout(connection: Any, record: ConnectionPoolEntry, proxy: object) -> None:
        if record.info["generation"] != pace.generation:
            raise DisconnectionError("opened before the tables grew")  # the pool opens another in its place

    event.listen(engine.sync_engine, "connect", on_connect)
    event.listen(engine.sync_engine, "checkout", on_checkout)
    event.listen(engine.sync_engine, "begin", lambda connection: connection.exec_driver_sql(begin))
    return engine


class _Connection(sqlite3.Connection):
    def close(self) -> None:
        """What whoever was cancelled ran into may hold statements, and SQLite keeps the write lock until the last of
        them is gone: an import that was stopped while it began a transaction waited ten seconds for itself."""
        with contextlib.suppress(sqlite3.Error):  # closed before, or interrupted, which rolls back too
            self.rollback()
        super().close()


def _open(database: str, pragmas: tuple[str, ...], options: dict[str, Any]) -> sqlite3.Connection:
    """On the connection's thread, all at once: each step from outside would be a way there and back."""
    # The driver's own BEGIN comes too late: only before the first write.
    connection: sqlite3.Connection = sqlite3.connect(database, isolation_level=None, factory=_Connection, **options)
    for pragma in pragmas:
        connection.execute(pragma)
    return connection


class Caretaker:
    """Looks after the file beside those who write.

    It moves what was committed from the log into the database: every thousandth page some commit would else wait for
    the disk. And it lets connections go that were opened before the tables grew: they plan with old statistics, and
    their part of the search index merges with every sixteenth write.
    """

    def __init__(self, url: str, pace: "Pace") -> None:
        self._path, self._pace = make_url(url).database or "", pace
        self._written, self._stopping = asyncio.Event(), asyncio.Event()
        self._statistics: list[Any] | None = None

    def wake(self, tx: object) -> None:
        """An after_commit step."""
        self._written.set()

    async def run(self) -> None:
        while not self._stopping.is_set():
            await asyncio.to_thread(self._look)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), PAUSE)
            await self._written.wait()
            self._written.clear()

    def stop(self) -> None:
        self._stopping.set()
        self._written.set()

    def _look(self) -> None:
        try:
            with contextlib.closing(sqlite3.connect(self._path, timeout=0)) as connection:
                connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
                known = connection.execute("SELECT 1 FROM sqlite_schema WHERE name = 'sqlite_stat1'").fetchone()
                statistics = connection.execute("SELECT * FROM sqlite_stat1 ORDER BY 1, 2").fetchall() if known else []
        except sqlite3.Error as error:  # the disk may be full: those who write say so
            if (
                getattr(error, "sqlite_errorcode", 0) & 0xFF != sqlite3.SQLITE_BUSY
            ):  # somebody writes: what that leaves is looked after next
                log.warning("sqlite.not_looked_after", error=repr(error))
            return
        if self._statistics is not None and statistics != self._statistics:
            self._pace.generation += 1
        self._statistics = statistics


class Pace:
    """What statements cost, by their text. One that is new counts as slow."""

    def __init__(self) -> None:
        self._costs: dict[str, float] = {}
        self.generation = 0  # of connections: older ones are replaced when they are taken next

    def is_quick(self, sql: str) -> bool:
        return self._costs.get(sql, 1.0) < QUICK

    def note(self, sql: str, seconds: float) -> None:
        known = self._costs.get(sql)
        if known is None and len(self._costs) >= TEXTS:
            self._costs.clear()
        self._costs[sql] = seconds if known is None else max(seconds, known * FADE)

    def connect(self, pragmas: tuple[str, ...], database: str, **options: Any) -> "NearConnection":
        return NearConnection(self, lambda: _open(database, pragmas, options))


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
