"""An import is seen by whoever made it and by admins."""

from typing import Any

from sqlalchemy import Select, select, true

from server.kit.access import Principal
from server.kit.db import Tx
from server.kit.errors import NotFound
from server.kit.jobs import JobRow
from server.kit.text import _
from server.portability.models import ImportBatch, ImportFailure


def visible_batches(who: Principal) -> Select[Any]:
    mine = true() if who.is_at_least("admin") else ImportBatch.creator_id == who.user_id
    return select(ImportBatch).where(ImportBatch.workspace_id == who.workspace_id, mine)


async def get_batch(tx: Tx, who: Principal, batch_id: int) -> ImportBatch:
    """To change it, its row is locked until the transaction ends."""
    statement = visible_batches(who).where(ImportBatch.id == batch_id)
    batch: ImportBatch | None = await tx.scalar(statement if tx.info.get("read") else statement.with_for_update())
    if batch is None:
        raise NotFound(_("No such import"))
    return batch


async def get_failure(tx: Tx, batch: ImportBatch, failure_id: int) -> ImportFailure:
    """One of a batch that the reader has got."""
    found = select(ImportFailure).where(ImportFailure.batch_id == batch.id, ImportFailure.id == failure_id)
    failure: ImportFailure | None = await tx.scalar(found)
    if failure is None:
        raise NotFound(_("This row was mended already"))
    return failure


async def may_hear_job(tx: Tx, who: Principal, rests: set[str]) -> set[str]:
    """job:<id> is for whoever started it and for admins of its workspace."""
    ids = {int(rest) for rest in rests if rest.isascii() and rest.isdigit() and len(rest) < 18}
    mine = true() if who.is_at_least("admin") else JobRow.creator_id == who.user_id
    found = select(JobRow.id).where(JobRow.id.in_(ids), JobRow.workspace_id == who.workspace_id, mine)
    return {str(id) for id in await tx.scalars(found)} & rests
