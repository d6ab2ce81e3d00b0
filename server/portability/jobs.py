"""Imports in the background: run, take back, and forget old files."""

from dataclasses import replace
from datetime import timedelta

from sqlalchemy import delete, select

from server.contacts.bulk_change import Trace, take_back
from server.contacts.custom import remove_unused
from server.kit.access import system
from server.kit.clock import now
from server.kit.db import Tx
from server.kit.events import emit
from server.kit.jobs import Cancelled, Work, job
from server.portability.actions import IMPORT, UNDO
from server.portability.events import ImportUndone
from server.portability.models import ImportBatch, ImportRow
from server.portability.run import CHUNK, Stopped, count_traces, run_import

WAITED = timedelta(days=2)  # a file whose columns nobody chose


@job(IMPORT, is_long=True)
async def import_contacts(work: Work) -> None:
    batch_id = work.args["batch"]
    async with work.database.transaction(read=True) as tx:
        batch = await tx.get(ImportBatch, batch_id)
    if batch is None or batch.state != "running":
        raise Cancelled

    async def tell(done: int, total: int) -> None:
        await work.progress(done, total)

    try:
        await run_import(work.database, batch_id, work.services.files.path(batch.file_key), tell)
    except Stopped:
        await _pause(work, batch_id)
        raise Cancelled from None


async def _pause(work: Work, batch_id: int) -> None:
    """Its maker may no longer write: an admin can go on or undo it."""
    async with work.database.transaction() as tx:
        batch = await tx.get(ImportBatch, batch_id, with_for_update=True)
        if batch is not None and batch.state == "running":
            batch.state, batch.finished_at = "paused", now()


@job(UNDO, is_long=True)
async def undo_import(work: Work) -> None:
    batch_id = work.args["batch"]
    async with work.database.transaction(read=True) as tx:
        total = await count_traces(tx, batch_id)
    done = 0
    while count := await _undo_some(work, batch_id):
        done += count
        await work.progress(done, total)


async def _undo_some(work: Work, batch_id: int) -> int:
    """A few hundred records, people before companies; the last call says that it is over."""
    async with work.database.transaction() as tx:
        batch = await tx.get(ImportBatch, batch_id, with_for_update=True)
        if batch is None or batch.state != "undoing":
            raise Cancelled
        who = replace(system(batch.workspace_id, "import"), user_id=work.args["by"])  # all of it, in their name
        pending = select(ImportRow).where(ImportRow.batch_id == batch_id, ImportRow.action != "left")
        rows = list(await tx.scalars(pending.order_by(ImportRow.kind.desc(), ImportRow.contact_id).limit(CHUNK)))
        if not rows:
            batch.state = "undone"
            await remove_unused(tx, who, batch.options.get("fields", []))
            emit(tx, who, ImportUndone(subject=f"import:{batch.id}", undone=batch.undone, left=batch.left))
            return 0
        traces = [Trace(row.contact_id, row.action, row.before, row.version_after) for row in rows]
        left = await take_back(tx, who, traces)
        await _settle(tx, batch, rows, left)
        return len(rows)


async def _settle(tx: Tx, batch: ImportBatch, rows: list[ImportRow], left: set[int]) -> None:
    for row in rows:
        if row.contact_id in left:
            row.action = "left"
    await tx.flush()
    gone = [row.contact_id for row in rows if row.contact_id not in left]
    await tx.execute(delete(ImportRow).where(ImportRow.batch_id == batch.id, ImportRow.contact_id.in_(gone)))
    batch.undone += len(gone)
    batch.left += len(left)


@job("contacts.import_tidy", every=timedelta(days=1))
async def forget_imports(work: Work) -> None:
    """Files that were never started, and imports that can no longer be taken back, go."""
    async with work.database.transaction() as tx:
        kept = now() - timedelta(days=work.services.settings.trash_days)
        old = ((ImportBatch.state == "mapping") & (ImportBatch.created_at < now() - WAITED)) | (
            ImportBatch.created_at < kept
        )
        keys = list(await tx.scalars(delete(ImportBatch).where(old).returning(ImportBatch.file_key)))
    for key in filter(None, keys):
        await work.services.files.remove(key)
