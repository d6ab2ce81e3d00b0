"""The API of tasks."""

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import Field
from starlette.requests import Request

from server.kit.access import Principal
from server.kit.api import Body, Listing, Number, Page, Shape, Whose, api, asked_about, fields_named, linked, page_of
from server.kit.db import Tx
from server.kit.errors import Invalid
from server.kit.text import _
from server.tasks import actions
from server.tasks.access import get_task
from server.tasks.forms import ITEM_LENGTH, ITEMS, NOTES_LENGTH, TITLE_LENGTH, TaskDraft
from server.tasks.models import Task
from server.tasks.queries import TaskFilter, list_after

Priority = Literal["low", "normal", "high", "urgent"]
Item = Annotated[str, Field(min_length=1, max_length=ITEM_LENGTH)]
Day = Annotated[str, Field(max_length=10, description="A day, 2026-12-02", json_schema_extra={"format": "date"})]
Moment = Annotated[str, Field(max_length=40, description="A day and a time", json_schema_extra={"format": "date-time"})]


class NewTask(Body):
    title: str = Field(min_length=1, max_length=TITLE_LENGTH)
    about: str | None = Field(None, max_length=40, description='A record, "contact:7" or "company:3"')
    assignee: Number | None = None
    team: Number | None = None
    due_on: Day | None = None
    due_at: Moment | None = None
    priority: Priority = "normal"
    notes: str = Field("", max_length=NOTES_LENGTH)
    checklist: list[Item] = Field([], max_length=ITEMS)


class TaskChanges(Body):
    """Members left out stay as they are. With `version` a field that somebody changed since then is answered with
    409 and both values."""

    title: str = Field("", min_length=1, max_length=TITLE_LENGTH)
    assignee: Number | None = None
    team: Number | None = None
    due_on: Day | None = None
    due_at: Moment | None = None
    priority: Priority = "normal"
    notes: str = Field("", max_length=NOTES_LENGTH)
    done: bool = False
    version: int | None = Field(None, ge=0, lt=10**12)


class ItemShape(Shape):
    id: int
    text: str
    done: bool


class TaskShape(Shape):
    id: int
    title: str
    about: str | None
    assignee: int | None
    team: int | None
    creator: int | None
    due_on: date | None
    due_at: datetime | None
    priority: Priority
    notes: str
    checklist: list[ItemShape]
    done: bool
    done_at: datetime | None
    version: int
    created_at: datetime
    url: str
    home = "tasks"


class TaskListing(Listing):
    about: str | None = Field(None, max_length=40, description='Those of a record, "contact:7"')
    assignee: Whose = ""
    team: Number | None = None
    done: bool | None = None


def task_shape(task: Task) -> TaskShape:
    return TaskShape.model_validate(
        {
            "id": task.id,
            "title": task.title,
            "about": task.about,
            "assignee": task.assignee_id,
            "team": task.team_id,
            "creator": task.creator_id,
            "due_on": task.due_on,
            "due_at": task.due_at,
            "priority": task.priority,
            "notes": task.notes,
            "checklist": task.checklist,
            "done": task.done_at is not None,
            "done_at": task.done_at,
            "version": task.version,
            "created_at": task.created_at,
            "url": task.url,
        }
    )


async def index(request: Request, tx: Tx, who: Principal) -> Page[TaskShape]:
    asked: TaskListing = request.state.query
    words = {"": None, "me": who.user_id, "none": 0}
    assignee = words[asked.assignee] if asked.assignee in words else int(asked.assignee)
    wanted = TaskFilter(asked_about(asked.about), assignee, asked.team, asked.done)
    rows = await list_after(tx, who, wanted, asked.after, asked.limit)
    return page_of(rows, asked.limit, task_shape, lambda task: task.id)


async def create(request: Request, tx: Tx, who: Principal) -> TaskShape:
    body: NewTask = request.state.body
    draft = TaskDraft(
        title=body.title,
        about=body.about,
        assignee_id=body.assignee,
        team_id=body.team,
        due=_due(body),
        priority=body.priority,
        notes=body.notes,
        checklist=tuple(body.checklist),
    )
    with linked("about"), fields_named(due=_due_name(body), text="checklist"):
        return task_shape(await actions.create_task(tx, who, draft))


def _due(body: NewTask | TaskChanges) -> str:
    """A moment has its day in it; a day alone is ten characters."""
    if body.due_on and body.due_at:
        raise Invalid(due_at=_("Send a day or a moment, not both"))
    if body.due_on and len(body.due_on) != 10:
        raise Invalid(due_on=_("A day such as 2026-12-02 is expected here"))
    return body.due_at or body.due_on or ""


def _due_name(body: NewTask | TaskChanges) -> str:
    return "due_at" if body.due_at else "due_on"


async def show(request: Request, tx: Tx, who: Principal) -> TaskShape:
    return task_shape(await get_task(tx, who, request.path_params["id"]))


async def change(request: Request, tx: Tx, who: Principal) -> TaskShape:
    task = await get_task(tx, who, request.path_params["id"], "edit")
    body: TaskChanges = request.state.body
    sent = body.model_fields_set
    with fields_named(due=_due_name(body)):
        for name in ("title", "notes", "priority"):
            if name in sent:
                await actions.change_task(tx, who, task, name, getattr(body, name), body.version)
        if sent & {"due_on", "due_at"}:
            await actions.change_task(tx, who, task, "due", _due(body), body.version)
    if sent & {"assignee", "team"}:
        assignee = body.assignee if "assignee" in sent else task.assignee_id
        team = body.team if "team" in sent else task.team_id
        await actions.assign_task(tx, who, task, assignee, team, body.version)
    if "done" in sent:
        await (actions.finish_task if body.done else actions.reopen_task)(tx, who, task)
    await tx.flush()
    return task_shape(task)


async def remove(request: Request, tx: Tx, who: Principal) -> None:
    await actions.remove_task(tx, who, await get_task(tx, who, request.path_params["id"], "delete"))


PATH = "/tasks/{id:int}"
routes = [
    api("GET", "/tasks", index, "List tasks", gives=Page[TaskShape], asks=TaskListing),
    api("POST", "/tasks", create, "Add a task", gives=TaskShape, takes=NewTask),
    api("GET", PATH, show, "Read a task", gives=TaskShape),
    api("PATCH", PATH, change, "Change, assign, finish or reopen a task", gives=TaskShape, takes=TaskChanges),
    api("DELETE", PATH, remove, "Remove a task"),
]
