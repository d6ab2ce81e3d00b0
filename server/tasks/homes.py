"""Tasks as homes of calls: of a record's task it is the record, without one the task itself and whom it concerns."""

from collections.abc import Collection

from server.kit.about import parse_about
from server.kit.access import Principal
from server.kit.db import Tx
from server.kit.errors import NotFound
from server.kit.homes import Home, To, get_home, offers_homes
from server.kit.text import _
from server.tasks.access import get_task, named_tasks
from server.tasks.models import Task


async def get_task_home(tx: Tx, who: Principal, about: str, to: To) -> Home:
    """A removed task has no new calls, but those it had are still looked at."""
    task_id = parse_about(about)[1]
    if to == "edit":
        task = await get_task(tx, who, task_id, "edit")
    else:
        task = await tx.scalar(named_tasks(who).where(Task.id == task_id))
    if task is None:
        raise NotFound(_("No such task"))
    return await get_home(tx, who, task.about, to) if task.about else home_of(task)


async def task_homes(tx: Tx, who: Principal, abouts: Collection[str]) -> dict[str, Home]:
    ids = {int(about.partition(":")[2]) for about in abouts if about.startswith("task:")}
    found = await tx.scalars(named_tasks(who).where(Task.id.in_(ids), Task.about.is_(None)))
    return {task.subject: home_of(task) for task in found}


def home_of(task: Task) -> Home:
    people = [f"user:{id}" for id in dict.fromkeys((task.assignee_id, task.creator_id)) if id]
    team = [f"team:{task.team_id}"] if task.team_id else []
    url = task.url if task.removed_at is None else "/tasks"
    rings = (*people, *team)
    return Home(task.subject, task.title, url, rings, task.assignee_id, task.team_id, icon="circle-check", tells=True)


offers_homes(["task"], get_task_home, task_homes)
