"""What other screens see of tasks: the row in lists, the list on the record, the parts of the task's own page."""

from typing import Any

from server.contacts.queries import names_of as records_of
from server.contacts.queries import restricted_ids
from server.identity.queries import may_know, members_of, people_by_id
from server.kit.about import subject_id
from server.kit.access import Principal, audiences, system
from server.kit.db import Tx
from server.kit.events import EventRow
from server.kit.live import Change, Patch, Recheck, Refresh, lines, shows
from server.kit.pages import dom_id
from server.tasks.access import WHOLE, named_tasks, visible_tasks
from server.tasks.models import Task
from server.tasks.places import about_patch, line_patch, page_patches, record_patches, row_of, row_patch
from server.tasks.queries import AROUND, Names, history_of, names_in, names_of, tasks_around, tasks_by_id

FACTS = (
    "task.created",
    "task.changed",
    "task.assigned",
    "task.handed",
    "task.taken",
    "task.given_back",
    "task.done",
    "task.reopened",
    "task.removed",
    "task.restored",
    "checklist.changed",
)
CHANGED_PARTS = {"title": ("head",), "notes": ("notes",), "due": ("due",), "priority": ("priority", "head")}
MEMBERSHIP = ("task.created", "task.assigned", "task.taken", "task.removed", "task.restored")
OFFERS = ("task.handed", "task.taken", "task.given_back", "task.assigned")
FINISHES = ("task.done", "task.reopened")


@shows(*FACTS)
async def show_task(tx: Tx, row: EventRow) -> list[Change]:
    """Rights are the record's: a closed record's task goes to the record and to its own topic only."""
    who = system(row.workspace_id)
    task = await tx.scalar(visible_tasks(who).where(Task.id == subject_id(row.subject)).options(*WHOLE))
    _record, lists = await audiences(tx, row.about, f"tasks:{row.workspace_id}")
    changes: list[Change] = await record_patches(tx, who, row.about) if row.about else []
    if task is None:
        target = dom_id("task", subject_id(row.subject), "row")
        changes += [Recheck(row.subject), *(Patch(topic, target, "remove") for topic in lists)]
    else:
        changes += [await row_patch(tx, who, task, topic) for topic in lists]
        changes += await _page(tx, row, task)
    return changes + await _personal(tx, row, task)


async def _page(tx: Tx, row: EventRow, task: Task) -> list[Change]:
    parts: tuple[str, ...]
    match row.name:
        case "task.changed":
            parts = CHANGED_PARTS[row.data["field"]]
        case "checklist.changed":
            parts = ("checklist",)
        case _:
            parts = ("head", "handed", "assignee", "due")
    named = row.name == "task.changed" and row.data["field"] == "title"
    rows = await history_of(tx, task) if named else [row]  # older lines name the task too
    contexts = await load_lines(tx, system(row.workspace_id), rows)
    people = await people_by_id(tx, {one.actor_id for one in rows})
    first = {id: person.name.split(" ")[0] for id, person in people.items()}
    said = [line_patch(task, one, first.get(one.actor_id or 0, ""), contexts[one.id]) for one in rows]
    return [*page_patches(task, *parts, by=row.actor_id), *said]


async def _personal(tx: Tx, row: EventRow, task: Task | None) -> list[Change]:
    """Sidebar counts and own lists of those whom the fact concerns. The actor's own screens fetch at once, the
    others' lists offer it, so that nothing moves under their hand."""
    moves = row.name in MEMBERSHIP or (row.name == "task.changed" and row.data["field"] == "due")
    if not moves and row.name not in OFFERS + FINISHES:
        return []
    shared = ["nav", "tabbar", "task-week"] + (["handed"] if row.name in (*OFFERS, "task.done", "task.removed") else [])
    changes: list[Change] = []
    for user_id in sorted(await _concerned(tx, row, task)):
        listed = ["tasks" if user_id == row.actor_id else "task-list"] if moves else []
        changes.append(Refresh(f"user:{user_id}", shared + listed))
    return changes


async def _concerned(tx: Tx, row: EventRow, task: Task | None) -> set[int]:
    """Who has it in a list or a badge, or had it until now."""
    named, named_teams = names_in([row])
    people: set[int | None] = {*named}
    teams: set[int | None] = {*named_teams}
    known = task or (await tasks_by_id(tx, system(row.workspace_id), [subject_id(row.subject)])).get(
        subject_id(row.subject)
    )
    if known is not None:
        people |= {known.assignee_id, known.handed_user_id, known.creator_id}
        teams |= {known.handed_team_id} if row.name == "task.done" else {known.handed_team_id, known.team_id}
    inside = await members_of(tx, {one for one in teams if one is not None})
    return await may_know(tx, row.workspace_id, row.about, {one for one in people if one is not None} | inside)


@shows("contact.trashed", "contact.restored")
async def show_record_gone(tx: Tx, row: EventRow) -> list[Change]:
    """The tasks of a trashed record leave every list; those who may hear them are asked again."""
    ids = list(await tx.scalars(_tasks_about(row.workspace_id, row.subject)))
    topic = f"tasks:{row.workspace_id}"
    if row.name == "contact.restored":
        return [Refresh(topic, ["task-list"])] if ids else []
    gone: list[Change] = [Recheck(f"task:{id}") for id in ids]
    return gone + [Patch(topic, dom_id("task", id, "row"), "remove") for id in ids]


@shows("contact.restricted")
async def show_record_closed(tx: Tx, row: EventRow) -> list[Change]:
    ids = list(await tx.scalars(_tasks_about(row.workspace_id, row.subject)))
    topic = f"tasks:{row.workspace_id}"
    asked: list[Change] = [Recheck(f"task:{id}") for id in ids]
    gone = [Patch(topic, dom_id("task", id, "row"), "remove") for id in ids] if row.data["new"] else []
    return asked + gone + ([Refresh(topic, ["task-list"])] if ids else [])


@shows("contact.changed", "company.relabelled")
async def show_names(tx: Tx, row: EventRow) -> list[Change]:
    """Rows carry their record's name and its company's; both may change, and a company may be closed."""
    if row.name == "contact.changed" and row.data["field"] not in ("name", "company"):
        return []
    who = system(row.workspace_id)
    people = row.name == "company.relabelled"
    tasks = await tasks_around(tx, who, row.subject, of_people=people)
    records = await records_of(tx, who, {task.about for task in tasks})
    closed = await restricted_ids(tx, who, {record.id for record in records.values()})
    listed = [task for task in tasks if task.about in records and records[task.about].id not in closed]
    changes: list[Change] = [row_of(task, records, f"tasks:{row.workspace_id}") for task in listed]
    changes += [Refresh(f"tasks:{row.workspace_id}", ["task-list"])] if len(tasks) == AROUND else []
    return changes + [about_patch(task, records) for task in tasks]


def _tasks_about(workspace_id: int, about: str) -> Any:
    rows = named_tasks(system(workspace_id)).where(Task.about == about, Task.removed_at.is_(None))
    return rows.with_only_columns(Task.id).limit(500)


@lines(*FACTS, template="tasks/lines.html")
async def load_lines(tx: Tx, who: Principal, rows: list[EventRow]) -> dict[int, dict[str, object]]:
    """Titles of the tasks and names of those in the facts, two statements for all rows."""
    tasks = await tasks_by_id(tx, who, {subject_id(row.subject) for row in rows})
    names = await names_of(tx, *names_in(rows))
    return {row.id: _context(row, tasks, names) for row in rows if subject_id(row.subject) in tasks}


def _context(row: EventRow, tasks: dict[int, Task], names: Names) -> dict[str, object]:
    return {"task": tasks[subject_id(row.subject)], "people": names.people, "teams": names.teams}
