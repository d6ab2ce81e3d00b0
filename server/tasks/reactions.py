"""What tasks do when their record is trashed, comes back or is erased."""

from sqlalchemy import select

from server.kit.access import system
from server.kit.db import Tx
from server.kit.events import EventRow, reacts
from server.kit.index import index_docs, unindex
from server.tasks.access import named_tasks
from server.tasks.actions import doc_of
from server.tasks.models import Task


@reacts("contact.trashed")
async def hide_from_search(tx: Tx, row: EventRow) -> None:
    ids = select(Task.id).where(Task.workspace_id == row.workspace_id, Task.about == row.subject)
    await unindex(tx, [f"task:{id}" for id in await tx.scalars(ids)])


@reacts("contact.restored")
async def find_again(tx: Tx, row: EventRow) -> None:
    kept = named_tasks(system(row.workspace_id)).where(Task.about == row.subject, Task.removed_at.is_(None))
    await index_docs(tx, [doc_of(task) for task in await tx.scalars(kept)])


@reacts("contact.erased")
async def erase_with_record(tx: Tx, row: EventRow) -> None:
    """What was to be done about a person is about the person."""
    tasks = list(await tx.scalars(named_tasks(system(row.workspace_id)).where(Task.about == row.subject)))
    await unindex(tx, [task.subject for task in tasks])
    for task in tasks:
        await tx.delete(task)
