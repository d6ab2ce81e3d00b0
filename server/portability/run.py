"""Runs an import: rows are read and parsed in a thread while the ones before are written, 500 to a transaction."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import asdict, dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from server.contacts.bulk_import import Known, NewRow, Outcome, Saved, save_rows
from server.contacts.events import ContactsImported
from server.identity.access import by_user_id
from server.kit.access import Principal
from server.kit.bulk import insert_many, refresh_statistics
from server.kit.clock import now
from server.kit.db import Database, Tx, is_busy
from server.kit.errors import DomainError
from server.kit.events import emit
from server.kit.index import merge_index
from server.kit.logging import log
from server.kit.text import _, speaking
from server.portability.mapping import Plan
from server.portability.models import ImportBatch, ImportFailure, ImportRow
from server.portability.queries import plan_of, read_known, reading_of
from server.portability.rows import Refused, kept_cells, parse_row
from server.portability.survey import records
from server.portability.tables import Record

CHUNK = 500
CHUNK_WEIGHT = 4_000_000  # characters: fewer rows when they are very long
MANY = 1000  # new records that change how the planner should look at the tables
FAILURES = 10_000  # rows that are listed; further ones are counted

Tell = Callable[[int, int], Awaitable[None]]


class Stopped(Exception):
    """Somebody paused the import, or its maker may no longer write."""


@dataclass(frozen=True, slots=True)
class Failure:
    line: int
    column: str
    reason: str
    cells: list[str]
    contact_id: int | None = None  # in without this cell
    several: bool = False


@dataclass(slots=True)
class Chunk:
    """Rows that were read and parsed. `read` rows of the file, `blank` ones among them."""

    read: int = 0
    blank: int = 0
    rows: list[NewRow] = field(default_factory=list)
    cells: dict[int, list[Any]] = field(default_factory=dict)  # line → the row as it came
    failures: list[Failure] = field(default_factory=list)


async def run_import(database: Database, batch_id: int, path: Path, tell: Tell, via: str = "import") -> None:
    """From where the batch stands to the end of the file. Raises Stopped when somebody paused it."""
    async with database.transaction(read=True) as tx:
        batch = await tx.get_one(ImportBatch, batch_id)
        who = await _maker(tx, batch, via)
        plan, reading, total = plan_of(batch), reading_of(batch), batch.total
        known = await read_known(tx, who)
        source = islice(records(path, reading), batch.position, None)
    with speaking(who.language):
        position = await _run(database, batch_id, plan, known, source, via, lambda at: tell(at, total))
        async with database.transaction() as tx:
            many = await _finish(tx, batch_id, position, via)
    if many:
        await merge_index(database)


async def _run(
    database: Database,
    batch_id: int,
    plan: Plan,
    known: Known,
    source: Iterator[Record],
    via: str,
    tell: Callable[[int], Awaitable[None]],
) -> int:
    position = 0
    coming = asyncio.create_task(asyncio.to_thread(read_chunk, source, plan, known))
    try:
        while (chunk := await coming).read:
            coming = asyncio.create_task(asyncio.to_thread(read_chunk, source, plan, known))
            position = await _write(database, batch_id, plan, chunk, via)
            await tell(position)
    finally:
        await asyncio.gather(coming, return_exceptions=True)
    return position


def read_chunk(source: Iterator[Record], plan: Plan, known: Known, size: int = CHUNK) -> Chunk:
    chunk, weight = Chunk(), 0
    while chunk.read < size and weight < CHUNK_WEIGHT and (record := next(source, None)) is not None:
        chunk.read += 1
        weight += sum(map(len, record.cells))
        try:
            row = parse_row(record, plan, known)
        except Refused as error:
            chunk.failures.append(Failure(record.line, error.column, error.reason, kept_cells(record.cells)))
            continue
        if row is None:
            chunk.blank += 1
        else:
            chunk.rows.append(row)
            chunk.cells[record.line] = record.cells
    return chunk


async def _write(database: Database, batch_id: int, plan: Plan, chunk: Chunk, via: str) -> int:
    """One transaction. When the whole cannot be written, row by row, so that one bad row stops no good one."""
    try:
        async with database.transaction() as tx:
            return await _save(tx, batch_id, plan, chunk, via, save_rows)
    except (Stopped, DomainError):
        raise
    except Exception as error:
        if is_busy(error):
            raise
        log.warning("import.chunk_failed", batch=batch_id, error=repr(error)[:300])
    async with database.transaction() as tx:
        return await _save(tx, batch_id, plan, chunk, via, _one_by_one)


Save = Callable[[Tx, Principal, str, str, list[NewRow]], Awaitable[Outcome]]


async def _one_by_one(tx: Tx, who: Principal, kind: str, key: str, rows: list[NewRow]) -> Outcome:
    outcome = Outcome()
    for row in rows:
        try:
            async with tx.begin_nested():
                one = await save_rows(tx, who, kind, key, [row])
        except Exception as error:
            log.warning("import.row_failed", line=row.line, error=repr(error)[:300])
            outcome.failed.append((row, "name", _("This row could not be stored")))
        else:
            outcome.saved += one.saved
            outcome.failed += one.failed
    return outcome


async def _save(tx: Tx, batch_id: int, plan: Plan, chunk: Chunk, via: str, save: Save) -> int:
    batch = await _running(tx, batch_id)
    who = await _maker(tx, batch, via)
    outcome = await save(tx, who, plan.kind, plan.key, chunk.rows)
    failures = chunk.failures + [
        Failure(row.line, plan.column_of(name), reason, kept_cells(chunk.cells[row.line]), several=name == plan.key)
        for row, name, reason in outcome.failed
    ]
    flawed = [
        Failure(one.row.line, plan.column_of(name), reason, kept_cells(chunk.cells[one.row.line]), one.contact_id)
        for one in outcome.saved
        if one.row is not None and one.contact_id
        for name, reason in one.row.flaws
    ]
    await trace(tx, batch, outcome.saved)
    await _list(tx, batch, failures + flawed)
    actions = [one.action for one in outcome.saved if one.row is not None]
    batch.created += actions.count("created")
    batch.updated += actions.count("updated")
    batch.skipped += chunk.blank + actions.count("same")
    batch.failed += len(failures)
    batch.flawed += len(flawed)
    batch.position += chunk.read
    return batch.position


async def _running(tx: Tx, batch_id: int) -> ImportBatch:
    batch = await tx.get(ImportBatch, batch_id, with_for_update=True)
    if batch is None or batch.state != "running":
        raise Stopped
    return batch


async def _maker(tx: Tx, batch: ImportBatch, via: str) -> Principal:
    """Whoever started it, with the rights they have now."""
    who = await by_user_id(tx, batch.creator_id, via)
    if who is None or not who.may_write:
        raise Stopped
    return who


async def trace(tx: Tx, batch: ImportBatch, saved: list[Saved]) -> None:
    """Remembers what undo needs. A record that was touched before keeps what it had at first."""
    touched = {one.contact_id: one for one in saved if one.action == "updated" and one.contact_id}
    known = {}
    if touched:
        rows = select(ImportRow).where(ImportRow.batch_id == batch.id, ImportRow.contact_id.in_(touched))
        known = {row.contact_id: row for row in await tx.scalars(rows)}
    for id, one in touched.items():
        if (row := known.get(id)) is not None:
            row.before, row.version_after = {**one.before, **row.before}, one.version
    fresh = [one for one in saved if one.action == "created"] + [one for id, one in touched.items() if id not in known]
    await insert_many(tx, ImportRow, [_row(batch, one) for one in fresh])


def _row(batch: ImportBatch, one: Saved) -> dict[str, Any]:
    return {
        "batch_id": batch.id,
        "contact_id": one.contact_id,
        "kind": one.kind,
        "action": one.action,
        "before": one.before,
        "version_after": one.version,
    }


async def _list(tx: Tx, batch: ImportBatch, failures: list[Failure]) -> None:
    room = max(0, FAILURES - batch.failed - batch.flawed)
    rows = [{"batch_id": batch.id, **asdict(one)} for one in failures[:room]]
    await insert_many(tx, ImportFailure, rows)


async def _finish(tx: Tx, batch_id: int, position: int, via: str) -> bool:
    """Whether so many records are new that the tables are others now."""
    batch = await _running(tx, batch_id)
    who = await _maker(tx, batch, via)
    batch.state, batch.finished_at = "done", now()
    batch.total = max(position, batch.position)
    fact = ContactsImported(
        subject=f"import:{batch.id}", created=batch.created, updated=batch.updated, failed=batch.failed
    )
    emit(tx, who, fact)
    if batch.created >= MANY:
        await refresh_statistics(tx)
    return batch.created >= MANY


async def count_traces(tx: Tx, batch_id: int) -> int:
    rows = select(func.count()).where(ImportRow.batch_id == batch_id, ImportRow.action != "left")
    return await tx.scalar(rows) or 0
