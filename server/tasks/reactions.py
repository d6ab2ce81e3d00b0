"""What tasks do when their record is trashed, comes back or is erased, and when nobody answered a call about it."""

from sqlalchemy import select

from server.contacts.access import KINDS
from server.identity.models import Workspace
from server.kit.access import system
from server.kit.db import Tx
from server.kit.errors import Invalid
from server.kit.events import EventRow, reacts
from server.kit.index import index_docs, unindex
from server.kit.text import _, speaking
from server.tasks.access import named_tasks
from server.tasks.actions import create_task, doc_of
from server.tasks.forms import TaskDraft
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


@reacts("call.missed")
async def call_back(tx: Tx, row: EventRow) -> None:
    """A call that nobody answered becomes a task of the record's owner, or of its team, in the house's language. One
    between colleagues is told by a line in their talk (see the reactions of chat)."""
    if row.about is not None and row.about.partition(":")[0] not in KINDS:
        return
    workspace = await tx.get_one(Workspace, row.workspace_id)
    with speaking(workspace.language):
        title = _("Call back: nobody answered")
    whose = {"assignee_id": row.data["owner"], "team_id": row.data["team"]}
    for given in (whose, {}):  # somebody who left, or who may not see the record any more, is given nothing
        try:
            await create_task(tx, system(row.workspace_id), TaskDraft(title=title, about=row.about, **given))
        except Invalid:
            continue
        return
