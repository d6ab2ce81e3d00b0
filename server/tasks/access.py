"""The only door to tasks: those of the workspace, without what belongs to closed or trashed records."""

from typing import Any, Literal

from sqlalchemy import ColumnElement, Select, String, bindparam, cast, or_, select
from sqlalchemy.orm import joinedload

from server.contacts.models import Contact
from server.kit.access import Principal, allowed, prepared
from server.kit.db import Tx
from server.kit.errors import Forbidden, NotFound
from server.kit.text import _
from server.tasks.models import Task

Verb = Literal["see", "edit", "delete", "take", "give_back"]
WHOLE = (
    joinedload(Task.assignee),
    joinedload(Task.team),
    joinedload(Task.handed_by),
    joinedload(Task.handed_user),
    joinedload(Task.handed_team),
)


def _not_trashed(who: Principal) -> ColumnElement[bool]:
    """The trash is small, so its records are listed once instead of looking each task's record up."""
    trashed = select(Contact.kind + ":" + cast(Contact.id, String)).where(
        Contact.workspace_id == who.workspace_id, Contact.trashed_at.is_not(None)
    )
    return or_(Task.about.is_(None), Task.about.not_in(trashed))


def visible_tasks(who: Principal, *, removed: bool = False) -> Select[Task]:
    state = Task.removed_at.is_not(None) if removed else Task.removed_at.is_(None)
    return select(Task).where(Task.workspace_id == who.workspace_id, state, allowed(who, Task.about), _not_trashed(who))


def named_tasks(who: Principal) -> Select[Any]:
    """Removed ones too, for the lines of a stream that the reader may see already."""
    return select(Task).where(Task.workspace_id == who.workspace_id)


def may(who: Principal, verb: Verb, task: Task) -> bool:
    match verb:
        case "see":
            return True
        case "edit":
            return who.may_write
        case "delete":
            return who.may_write and (who.is_at_least("manager") or task.creator_id == who.user_id)
        case "take":
            return who.may_write and is_offered(who, task)
        case "give_back":
            own = task.is_handed and (task.handed_by_id == who.user_id or who.is_at_least("manager"))
            return who.may_write and (own or is_offered(who, task))


def is_offered(who: Principal, task: Task) -> bool:
    """A hand-over waits for this person, or for a team of theirs."""
    if not task.is_handed:
        return False
    return task.handed_team_id in who.teams or (task.handed_user_id is not None and task.handed_user_id == who.user_id)


@prepared
def _one_task(who: Principal, *, removed: bool, lock: bool) -> Select[Task]:
    one = visible_tasks(who, removed=removed).where(Task.id == bindparam("task_id")).options(*WHOLE)
    return one.with_for_update(of=Task) if lock else one


async def get_task(tx: Tx, who: Principal, task_id: int, to: Verb = "see", *, removed: bool = False) -> Task:
    """With its people and teams. To change it, the row is locked until the transaction ends."""
    statement = _one_task(who, removed=removed, lock=to != "see" and not tx.info.get("read"))
    task = await tx.scalar(statement, {"task_id": task_id, **who.params})
    if task is None:
        raise NotFound(_("No such task"))
    if not may(who, to, task):
        raise Forbidden(_("You may not do this to the task"))
    return task


async def may_hear_task(tx: Tx, who: Principal, rests: set[str]) -> set[str]:
    """task:<id>"""
    ids = {int(rest) for rest in rests if rest.isascii() and rest.isdigit() and len(rest) < 18}
    found = visible_tasks(who).with_only_columns(Task.id).where(Task.id.in_(ids))
    return {str(id) for id in await tx.scalars(found)} & rests


async def may_hear_tasks(tx: Tx, who: Principal, rests: set[str]) -> set[str]:
    """tasks:<workspace>; tasks of closed records are never announced there."""
    return rests & {str(who.workspace_id)}
