"""Where tasks stand on pages. The same patches go to other screens and answer whoever acted."""

from collections.abc import Mapping

from server.contacts.models import Contact
from server.contacts.queries import names_of as records_of
from server.kit.access import Principal
from server.kit.db import Tx
from server.kit.events import EventRow
from server.kit.live import Change, Patch, fragment
from server.kit.pages import about_id, dom_id
from server.tasks.models import Task
from server.tasks.queries import tasks_of

FACTS = ("assignee", "due", "priority")


async def row_patch(tx: Tx, who: Principal, task: Task, topic: str) -> Patch:
    """The row of lists and the tile of boards."""
    return row_of(task, await records_of(tx, who, [task.about]), topic)


def row_of(task: Task, records: Mapping[str, Contact], topic: str) -> Patch:
    shown = fragment("tasks/_row.html", task=task, record=records.get(task.about or ""))
    return Patch(topic, dom_id("task", task.id, "row"), "replace", shown)


async def record_patches(tx: Tx, who: Principal, about: str) -> list[Change]:
    """The list on the record's page, and how many are open."""
    tasks, total = await tasks_of(tx, who, about)
    listed = fragment("tasks/_on_record.html", about=about, tasks=tasks)
    count = fragment("tasks/_count.html", about=about, total=total)
    return [
        Patch(about, about_id(about, "tasks"), "replace", listed),
        Patch(about, about_id(about, "task-count"), "replace", count),
    ]


def page_patches(task: Task, *parts: str, by: int | None = None) -> list[Change]:
    """Parts of the task's own page: "head", "handed", "notes", "checklist", or a fact such as "due"."""
    found: list[Change] = []
    for part in parts:
        if part in FACTS:
            shown = fragment("tasks/_fact.html", task=task, field=part, by=by)
            part = f"fact-{part}"
        else:
            shown = fragment(f"tasks/_{part}.html", task=task, by=by)
        found.append(Patch(task.subject, dom_id("task", task.id, part), "replace", shown))
    return found


async def act_patches(tx: Tx, who: Principal, task: Task, *parts: str) -> list[Change]:
    """Everything that one's own page may show of a task after an act; what is not there is left alone."""
    row = await row_patch(tx, who, task, "")
    record = await record_patches(tx, who, task.about) if task.about else []
    return [row, *record, *page_patches(task, *(parts or ("head", "handed", *FACTS)))]


def line_patch(task: Task, row: EventRow, who: str, context: dict[str, object]) -> Patch:
    """One more line of the history on the task's page."""
    shown = fragment("tasks/_line.html", row=row, who=who, context=context)
    return Patch(task.subject, dom_id("task", task.id, "lines"), "append", shown)


def about_patch(task: Task, records: Mapping[str, Contact]) -> Patch:
    """The record's name on the task's page."""
    shown = fragment("tasks/_about.html", task=task, record=records.get(task.about or ""))
    return Patch(task.subject, dom_id("task", task.id, "about"), "replace", shown)
