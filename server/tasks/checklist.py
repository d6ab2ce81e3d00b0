"""The checklist of a task: lines that are added, ticked, reworded and removed one by one."""

from typing import Any

from server.kit.access import Principal
from server.kit.db import Tx
from server.kit.errors import Invalid, NotFound
from server.kit.events import emit
from server.kit.text import _
from server.tasks.events import ChecklistChanged
from server.tasks.forms import ITEMS, parse_item
from server.tasks.models import Task


async def add_item(tx: Tx, who: Principal, task: Task, text: object) -> dict[str, Any]:
    if len(task.checklist) >= ITEMS:
        raise Invalid(text=_("At most %(n)s lines") % {"n": ITEMS})
    item = {"id": max((line["id"] for line in task.checklist), default=0) + 1, "text": parse_item(text), "done": False}
    _save(tx, who, task, [*task.checklist, item], item, "added")
    return item


async def tick_item(tx: Tx, who: Principal, task: Task, item_id: int, done: bool) -> None:
    item = _item(task, item_id)
    if item["done"] == done:
        return
    fresh = {**item, "done": done}
    _save(tx, who, task, _with(task, fresh), fresh, "ticked" if done else "unticked")


async def reword_item(tx: Tx, who: Principal, task: Task, item_id: int, text: object) -> None:
    item = _item(task, item_id)
    fresh = {**item, "text": parse_item(text)}
    if fresh != item:
        _save(tx, who, task, _with(task, fresh), fresh, "reworded")


async def remove_item(tx: Tx, who: Principal, task: Task, item_id: int) -> None:
    item = _item(task, item_id)
    _save(tx, who, task, [line for line in task.checklist if line["id"] != item_id], item, "removed")


def _item(task: Task, item_id: int) -> dict[str, Any]:
    for item in task.checklist:
        if item["id"] == item_id:
            return dict(item)
    raise NotFound(_("No such line"))


def _with(task: Task, fresh: dict[str, Any]) -> list[Any]:
    return [fresh if line["id"] == fresh["id"] else line for line in task.checklist]


def _save(tx: Tx, who: Principal, task: Task, lines: list[Any], item: dict[str, Any], act: str) -> None:
    task.checklist = lines
    task.version += 1
    task.field_versions = {**task.field_versions, "checklist": task.version}
    fact = ChecklistChanged(subject=task.subject, about=task.about, item=item["text"], done=item["done"], act=act)
    emit(tx, who, fact)
