"""What each test would pay anew and a server pays once: compiled statements; and the way to a database's thread.

A test runs a hundred and fifty statements on a database that nobody else writes to. Waiting four times per statement
for SQLite's thread took a third of the suite, so here they run in place and let the others of the loop go first after
each. The parts `faults` and `browser` start real servers, which keep their threads; PostgreSQL is as it always is.
"""

import asyncio
from collections.abc import Callable
from typing import Any

import aiosqlite
from sqlalchemy.util import LRUCache

from server.kit.db import Database

_on_the_thread = aiosqlite.Connection._execute


async def _in_place(self: aiosqlite.Connection, function: Callable[..., Any], *args: Any, **named: Any) -> Any:
    if "BEGIN IMMEDIATE" in args or not self._running:  # it may wait for another connection's write
        return await _on_the_thread(self, function, *args, **named)
    result = function(*args, **named)
    if args:  # a statement, not the making or closing of a cursor
        await asyncio.sleep(0)
    return result


def run_statements_in_place() -> None:
    aiosqlite.Connection._execute = _in_place  # type: ignore[method-assign]


class Statements(LRUCache[Any, Any]):
    """SQL that was compiled before, by the dialect's name: each engine has a dialect of its own, equal to no other."""

    def get(self, key: Any, default: Any = None) -> Any:
        return super().get((key[0].name, *key[1:]), default)

    def __setitem__(self, key: Any, value: Any) -> None:
        super().__setitem__((key[0].name, *key[1:]), value)


_statements = Statements(2000)


def share_statements(database: Database) -> None:
    for engine in (database.engine, database._reader):
        engine.sync_engine._compiled_cache = _statements
