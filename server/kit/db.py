"""The engines, the transaction, the declarative base. The only file that commits."""

import asyncio
import errno
import socket
import sqlite3
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable
from contextlib import asynccontextmanager, nullcontext
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    ColumnElement,
    DateTime,
    Dialect,
    Integer,
    MetaData,
    UnaryExpression,
    func,
    select,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import TimeoutError as NobodyFree
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, InstrumentedAttribute
from sqlalchemy.sql.operators import custom_op
from sqlalchemy.types import TypeDecorator

from server.kit.sqlite import Caretaker, sqlite_engines

Tx = AsyncSession
TURNS = 7_342_003  # any number, the same in every process


class UtcDateTime(TypeDecorator[datetime]):
    """A moment. SQLite forgets the zone; this puts it back."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value.astimezone(UTC) if value is not None else None

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value.replace(tzinfo=UTC) if value is not None and value.tzinfo is None else value


Json = JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
Id = Integer().with_variant(BigInteger(), "postgresql")


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012  SQLAlchemy reads it as a plain class attribute
        dict[str, Any]: Json,
        list[Any]: Json,
        datetime: UtcDateTime,
        int: Id,
    }


class Kept:
    """Answers that are dear to find and may be a moment old: each with what it was true of, for at most `SECONDS`."""

    SECONDS, MOST = 2.0, 1000

    def __init__(self) -> None:
        self._answers: dict[Hashable, tuple[float, Any]] = {}

    def get(self, key: Hashable) -> Any:
        """None when it is not known, or too old."""
        at, answer = self._answers.get(key, (0.0, None))
        return answer if time.monotonic() - at < self.SECONDS else None

    def put(self, key: Hashable, answer: Any) -> None:
        if len(self._answers) >= self.MOST:
            self._answers.clear()
        self._answers[key] = (time.monotonic(), answer)


class Database:
    """Two engines on one database: reads see a snapshot and cannot write, writes queue for the one lock.

    `before_commit` runs inside each write transaction (reactions, jobs), `after_commit` once it is on disk
    (wake the relay); both are filled in main.
    """

    def __init__(self, url: str) -> None:
        self.is_sqlite = url.startswith("sqlite")
        self.before_commit: list[Callable[[Tx], Awaitable[None]]] = []
        self.after_commit: list[Callable[[Tx], None]] = []
        self.caretaker: Caretaker | None = None
        if self.is_sqlite:
            self.engine, self._reader, self.caretaker = sqlite_engines(url)
        else:
            self.engine, self._reader = _postgres_engines(url)
        self._write = async_sessionmaker(self.engine, expire_on_commit=False)
        self._read = async_sessionmaker(self._reader, expire_on_commit=False, autoflush=False)
        self._lock = asyncio.Lock() if self.is_sqlite else None
        self._kept = Kept()

    @asynccontextmanager
    async def transaction(self, *, read: bool = False) -> AsyncIterator[Tx]:
        """Commits when the block ends, rolls back when it raises. `read=True` cannot write."""
        if read:
            async with self._read() as tx:
                tx.info["read"], tx.info["kept"] = True, self._kept
                yield tx
            return
        async with self._lock or nullcontext():
            async with self._write() as tx:
                await tx.connection()
                yield tx
                for step in self.before_commit:
                    await step(tx)
                await tx.commit()
        for wake in self.after_commit:
            wake(tx)

    async def dispose(self) -> None:
        await self.engine.dispose()
        await self._reader.dispose()


def _postgres_engines(url: str) -> tuple[AsyncEngine, AsyncEngine]:
    writer = create_async_engine(url, pool_size=10, max_overflow=10, pool_pre_ping=True)
    reader = writer.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    return writer, reader


async def one_at_a_time(tx: Tx, what: str) -> None:
    """Whoever else comes with the same `what` waits until this transaction ends, also where no row is there to lock. On
    SQLite writers wait for each other anyhow. The pair of numbers is apart from the single ones of other locks."""
    if tx.get_bind().dialect.name != "sqlite":
        await tx.execute(select(func.pg_advisory_xact_lock(TURNS, func.hashtext(what))))


def in_table_order(tx: Tx, column: InstrumentedAttribute[int]) -> ColumnElement[int]:
    """The column, hidden from SQLite's indexes: what sorts by a computed value reads every row anyhow, and the table
    from front to back is three times as quick as an index that jumps about in it."""
    return (
        UnaryExpression(column.expression, operator=custom_op("+"))
        if tx.get_bind().dialect.name == "sqlite"
        else column.expression
    )


def is_busy(error: Exception) -> bool:
    """Whether the database said *not now* (lock, serialisation, lost connection) rather than *never*."""
    cause = getattr(error, "orig", None)
    if isinstance(cause, sqlite3.OperationalError):
        return "locked" in str(cause) or "busy" in str(cause)
    if isinstance(error, (ConnectionError, TimeoutError, socket.gaierror, NobodyFree)):
        return True  # nobody listens there, or answers; drivers and the pool pass it on as it is
    if getattr(error, "errno", None) in (errno.ENETUNREACH, errno.EHOSTUNREACH):
        return True
    passing = ("40001", "40P01", "57P01", "57P02", "57P03", "08001", "08003", "08004", "08006", "53300")
    return getattr(cause, "sqlstate", "") in passing or bool(getattr(error, "connection_invalidated", False))


def is_full(error: Exception) -> bool:
    """Whether there was no room left on the disk, of the database or of the files."""
    cause = getattr(error, "orig", None) or error
    if isinstance(cause, sqlite3.OperationalError):
        return "disk is full" in str(cause)
    return getattr(cause, "sqlstate", "") == "53100" or getattr(cause, "errno", None) in (errno.ENOSPC, errno.EDQUOT)
