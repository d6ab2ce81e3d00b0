"""Each verb: what the row becomes, which facts, and that twice is once."""

from datetime import date

import pytest
from starlette.applications import Starlette

from server.kit.access import Principal
from server.kit.errors import Conflict, Invalid, NotFound
from server.tasks.access import get_task
from server.tasks.actions import (
    assign_task,
    change_task,
    create_task,
    finish_task,
    give_back_task,
    hand_over_task,
    remove_task,
    reopen_task,
    restore_task,
    take_task,
)
from server.tasks.checklist import add_item, remove_item, reword_item, tick_item
from server.tasks.forms import TaskDraft, Today, parse_due
from server.tasks.models import Task
from tests.tasks.conftest import Client, Facts, join


async def act(app: Starlette, who: Principal, verb, *args, **named) -> Task:
    async with app.state.database.transaction() as tx:
        task = await get_task(tx, who, 1, removed=verb is restore_task)
        await verb(tx, who, task, *args, **named)
    return task


async def test_create(app: Starlette, ana: Client, facts: Facts, who: Principal, lucia: str) -> None:
    draft = TaskDraft("  Call  her ", lucia, 1, 2, "2026-12-02T14:00", "high", "why", ("one", "two"))
    async with app.state.database.transaction() as tx:
        task = await create_task(tx, who, draft)
    assert (task.title, task.about, task.due_on, task.priority) == ("Call her", lucia, date(2026, 12, 2), "high")
    assert task.due_at is not None
    assert task.due_at.hour == 13
    assert [item["text"] for item in task.checklist] == ["one", "two"]
    assert await facts() == [("task.created", {"title": "Call her", "assignee": 1, "team": 2})]


@pytest.mark.parametrize(
    "draft",
    [
        TaskDraft(""),
        TaskDraft("x" * 301),
        TaskDraft("x", assignee_id=99),
        TaskDraft("x", team_id=99),
        TaskDraft("x", due="tomorrow"),
        TaskDraft("x", due="9999-99-99"),
        TaskDraft("x", due="2026-W01-1"),
        TaskDraft("x", due="2026-W01-1T10:00"),
        TaskDraft("x", due="20261202T1000"),
        TaskDraft("x", priority="now"),
        TaskDraft("x", notes="x" * 20_001),
        TaskDraft(["x"]),  # type: ignore[arg-type]
    ],
)
async def test_nonsense_is_refused(app: Starlette, ana: Client, facts: Facts, who: Principal, draft: TaskDraft) -> None:
    with pytest.raises(Invalid):
        async with app.state.database.transaction() as tx:
            await create_task(tx, who, draft)
    assert await facts() == []


async def test_a_record_that_is_not_there(app: Starlette, ana: Client, who: Principal) -> None:
    for about in ("contact:99", "case:1", "x", "contact:0"):
        with pytest.raises(NotFound):
            async with app.state.database.transaction() as tx:
                await create_task(tx, who, TaskDraft("x", about))


async def test_people_of_another_workspace(app: Starlette, stranger: Client, task: str, who: Principal) -> None:
    with pytest.raises(Invalid):
        await act(app, who, assign_task, 2)
    with pytest.raises(Invalid):
        await act(app, who, hand_over_task, user_id=2)


async def test_only_who_may_see_the_record(
    app: Starlette, ana: Client, mateo: Client, lucia: str, task: str, who: Principal
) -> None:
    await ana.put(f"/contacts/{lucia[8:]}/restriction", data={"who": ["user:1", "team:1"]})
    with pytest.raises(Invalid) as caught:
        await act(app, who, assign_task, 2)
    assert "may not see" in caught.value.message
    with pytest.raises(Invalid):
        await act(app, who, hand_over_task, team_id=2)
    await join(app, 2, 1)
    assert (await act(app, who, assign_task, 2, 1)).assignee_id == 2


async def test_twice_is_once(app: Starlette, mateo: Client, task: str, facts: Facts, who: Principal) -> None:
    for _ in range(2):
        await act(app, who, assign_task, 2)
        await act(app, who, change_task, "title", "Confirm it")
        await act(app, who, change_task, "due", "2026-12-02")
        await act(app, who, hand_over_task, team_id=1, comment="yours")
        await act(app, who, finish_task)
        if _ == 0:
            before = await facts()
            await act(app, who, reopen_task)
            await act(app, who, reopen_task)
            await act(app, who, hand_over_task, team_id=1, comment="yours")
    names = [name for name, _data in before]
    assert names == ["task.created", "task.assigned", "task.changed", "task.changed", "task.handed", "task.done"]
    assert before[1][1] == {"old": 1, "new": 2, "old_team": None, "new_team": None}
    assert before[3][1] == {"field": "due", "old": "", "new": "2026-12-02"}
    assert before[4][1] == {"to_user": None, "to_team": 1, "comment": "yours", "from_user": 1}
    assert [name for name, _data in (await facts())[6:]] == ["task.reopened", "task.handed", "task.done"]


async def test_handing_over(app: Starlette, mateo: Client, task: str, facts: Facts, who: Principal) -> None:
    mateos = Principal(2, 1, "member", teams=frozenset({1}))
    await act(app, who, hand_over_task, team_id=1, comment="Client signs today")
    waiting = await act(app, who, change_task, "priority", "high")
    assert (waiting.assignee_id, waiting.handed_team_id, waiting.handed_note) == (1, 1, "Client signs today")
    back = await act(app, mateos, give_back_task, "no time")
    assert (back.assignee_id, back.is_handed) == (1, False)
    await act(app, who, hand_over_task, team_id=1)
    taken = await act(app, mateos, take_task)
    assert (taken.assignee_id, taken.team_id, taken.is_handed) == (2, 1, False)
    names = [name for name, _data in await facts()]
    assert names[1:] == ["task.handed", "task.changed", "task.given_back", "task.handed", "task.taken"]
    with pytest.raises(Invalid):
        await act(app, who, hand_over_task, user_id=2)
    with pytest.raises(Invalid):
        await act(app, who, hand_over_task)


async def test_remove_and_restore(app: Starlette, task: str, facts: Facts, who: Principal) -> None:
    await act(app, who, remove_task)
    with pytest.raises(NotFound):
        await act(app, who, finish_task)
    assert (await act(app, who, restore_task)).removed_at is None
    assert [name for name, _data in await facts()][1:] == ["task.removed", "task.restored"]


async def test_the_same_field_conflicts_and_others_merge(app: Starlette, task: str, who: Principal) -> None:
    await act(app, who, change_task, "title", "Theirs", 0)
    await act(app, who, change_task, "due", "2026-12-02", 0)
    with pytest.raises(Conflict) as caught:
        await act(app, who, change_task, "title", "Mine", 0)
    assert caught.value.theirs["value"] == "Theirs"
    assert caught.value.theirs["old"] == "Confirm January instalment"
    assert caught.value.theirs["who"] == "Ana Beltrán"
    with pytest.raises(Invalid):
        await act(app, who, change_task, "creator_id", "2")


async def test_checklist(app: Starlette, task: str, facts: Facts, who: Principal) -> None:
    await act(app, who, add_item, "Price list")
    await act(app, who, add_item, "Contract")
    await act(app, who, tick_item, 1, True)
    await act(app, who, tick_item, 1, True)
    await act(app, who, reword_item, 2, "The contract")
    done = await act(app, who, remove_item, 2)
    assert done.checklist == [{"id": 1, "text": "Price list", "done": True}]
    assert [data["act"] for _name, data in (await facts())[1:]] == ["added", "added", "ticked", "reworded", "removed"]
    with pytest.raises(NotFound):
        await act(app, who, tick_item, 9, True)
    with pytest.raises(Invalid):
        await act(app, who, add_item, "x" * 301)


def test_a_day_belongs_to_the_reader() -> None:
    today = Today.of("Pacific/Kiritimati")
    assert today.group(today.day, None) == "today"
    assert today.group(None, today.now) == "today"
    assert today.group(None, None) == "none"
    assert (today.end - today.start).total_seconds() == 86400
    assert parse_due("", "UTC") == (None, None)
    assert parse_due("2026-12-02T01:00", "Nowhere/At all")[1] is not None
