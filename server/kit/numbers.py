"""Positions: the dense numbers of facts. Whoever gives them holds the one lock until the commit."""

import itertools
from collections.abc import Iterable
from typing import Any

from sqlalchemy import func, select, text, update

from server.kit.bulk import insert_many
from server.kit.db import Tx
from server.kit.events import EventRow

BATCH = 1000  # others write between two of them
LOCK = 7_342_001  # any number, the same in every process


async def lock_numbers(tx: Tx) -> None:
    """On SQLite the write itself is the lock."""
    if tx.get_bind().dialect.name != "sqlite":
        await tx.execute(text("SET LOCAL idle_in_transaction_session_timeout = '5s'"))
        await tx.execute(select(func.pg_advisory_xact_lock(LOCK)))


async def newest_position(tx: Tx) -> int:
    return await tx.scalar(select(func.max(EventRow.position))) or 0


def tell_quietly(tx: Tx, rows: Iterable[dict[str, Any]]) -> None:
    """Facts of bulk work (`fact_row(…, quiet=True)`): in timelines, on no screen. They are written with the commit."""
    tx.info.setdefault("quiet", []).extend(rows)


async def write_quiet(tx: Tx) -> None:
    """A before_commit step: quiet facts change no screen, so they take their positions at once and no relay need look
    at them; at the end, so that the lock is held for a moment."""
    rows: list[dict[str, Any]] = tx.info.pop("quiet", [])
    if rows:
        await lock_numbers(tx)
        following = itertools.count(await newest_position(tx) + 1)
        await insert_many(tx, EventRow, [row | {"position": next(following)} for row in rows])


async def number_quiet(tx: Tx) -> bool:
    """A run of quiet facts without positions at the front, numbered at one go. False when nothing waits."""
    pending = EventRow.position.is_(None)
    front = select(EventRow.id, EventRow.quiet).where(pending).order_by(EventRow.id).limit(BATCH)
    rows = (await tx.execute(front)).all()
    run = [row.id for row in itertools.takewhile(lambda row: row.quiet, rows)]
    if run:
        newest = await newest_position(tx)
        place = func.row_number().over(order_by=EventRow.id).label("place")
        places = select(EventRow.id, place).where(pending, EventRow.id.between(run[0], run[-1])).subquery()
        numbered = update(EventRow).where(EventRow.id == places.c.id).values(position=newest + places.c.place)
        await tx.execute(numbered.execution_options(synchronize_session=False))
    return bool(rows)
