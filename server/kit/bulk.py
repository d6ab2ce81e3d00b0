"""Rows by the thousand: on SQLite one statement that the database unpacks itself, while other threads run."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Table, insert, text

from server.kit.db import Base, Tx


def table_of(model: type[Base]) -> Table:
    assert isinstance(model.__table__, Table)
    return model.__table__


async def insert_many(tx: Tx, model: type[Base], rows: Sequence[Mapping[str, Any]]) -> None:
    """Inserts rows that all name the same columns, past the session. Defaults of the model are not filled in."""
    if not rows:
        return
    table = table_of(model)
    if tx.get_bind().dialect.name != "sqlite":
        await tx.execute(insert(table), rows)
        return
    names = list(rows[0])
    columns = ", ".join(f'"{table.c[name].name}"' for name in names)
    values = ", ".join(f"value ->> {n}" for n in range(len(names)))
    packed = json.dumps([[row[name] for name in names] for row in rows], ensure_ascii=False, default=_moment)
    await tx.execute(
        text(f'INSERT INTO "{table.name}" ({columns}) SELECT {values} FROM json_each(:rows)'), {"rows": packed}
    )


async def refresh_statistics(tx: Tx) -> None:
    """After many new rows: until the planner knows that a table has grown, it walks whole lists. Milliseconds on
    SQLite, which looks at a sample."""
    if tx.get_bind().dialect.name == "sqlite":
        await tx.execute(text("PRAGMA analysis_limit=1000"))
    await tx.execute(text("ANALYZE"))


@lru_cache(64)
def _moment(value: object) -> str:
    """As the column type writes it."""
    assert isinstance(value, datetime)
    return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
