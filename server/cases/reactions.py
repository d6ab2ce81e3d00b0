"""What cases do when their record is trashed, comes back or is erased."""

from sqlalchemy import delete, select

from server.cases.actions import reindex
from server.cases.models import Case
from server.kit.db import Tx
from server.kit.events import EventRow, reacts
from server.kit.index import unindex


@reacts("contact.trashed")
async def hide_from_search(tx: Tx, row: EventRow) -> None:
    ids = select(Case.id).where(Case.workspace_id == row.workspace_id, Case.about == row.subject)
    await unindex(tx, [f"case:{id}" for id in await tx.scalars(ids)])


@reacts("contact.restored")
async def find_again(tx: Tx, row: EventRow) -> None:
    kept = select(Case).where(Case.workspace_id == row.workspace_id, Case.about == row.subject)
    for case in await tx.scalars(kept):
        await reindex(tx, case)


@reacts("contact.erased")
async def erase_with_record(tx: Tx, row: EventRow) -> None:
    """What a person wrote to us is about the person. Attached files are swept: nothing names them any more."""
    theirs = Case.workspace_id == row.workspace_id, Case.about == row.subject
    await unindex(tx, [f"case:{id}" for id in await tx.scalars(select(Case.id).where(*theirs))])
    await tx.execute(delete(Case).where(*theirs))
