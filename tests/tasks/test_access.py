"""Role by verb, without a database; then what closed and trashed records take along."""

import pytest
from starlette.applications import Starlette

from server.kit.access import Principal, Role
from server.tasks.access import may, may_hear_task, may_hear_tasks
from server.tasks.models import Task
from tests.tasks.conftest import Client

OWN, OTHER = Task(creator_id=5), Task(creator_id=9)
OFFERED = Task(creator_id=9, handed_by_id=9, handed_user_id=5, handed_team_id=None)
TO_TEAM = Task(creator_id=9, handed_by_id=9, handed_user_id=None, handed_team_id=2)
GIVEN = Task(creator_id=5, handed_by_id=5, handed_user_id=9, handed_team_id=None)


def person(role: Role) -> Principal:
    return Principal(5, 1, role, teams=frozenset({2}))


@pytest.mark.parametrize(
    ("role", "verb", "task", "allowed"),
    [
        ("read-only", "see", OTHER, True),
        ("read-only", "edit", OWN, False),
        ("read-only", "delete", OWN, False),
        ("read-only", "take", OFFERED, False),
        ("member", "edit", OTHER, True),
        ("member", "delete", OWN, True),
        ("member", "delete", OTHER, False),
        ("manager", "delete", OTHER, True),
        ("member", "take", OFFERED, True),
        ("member", "take", TO_TEAM, True),
        ("member", "take", GIVEN, False),
        ("owner", "take", GIVEN, False),
        ("member", "take", OTHER, False),
        ("member", "give_back", OFFERED, True),
        ("member", "give_back", GIVEN, True),
        ("member", "give_back", OTHER, False),
    ],
)
def test_role_by_verb(role: Role, verb: str, task: Task, allowed: bool) -> None:
    assert may(person(role), verb, task) is allowed


async def close(ana: Client, lucia: str) -> None:
    answer = await ana.put(f"/contacts/{lucia[8:]}/restriction", data={"who": "user:1"})
    assert answer.status_code == 200


async def test_a_closed_record_hides_its_tasks_everywhere(
    app: Starlette, ana: Client, mateo: Client, lucia: str, task: str
) -> None:
    await ana.put(f"{task}/assignee", data={"assignee": "", "team": "1"})
    assert "January" in (await mateo.get("/tasks?show=teams")).text
    await close(ana, lucia)
    assert "January" not in (await mateo.get("/tasks?show=teams")).text
    assert "January" in (await ana.get("/tasks?show=teams")).text
    for method, path in [
        ("GET", task),
        ("PUT", f"{task}/completion"),
        ("PUT", task),
        ("DELETE", task),
        ("PUT", f"{task}/handover"),
        ("GET", f"{task}/fields/due/edit"),
        ("POST", f"{task}/checklist"),
        ("GET", f"/panels/tasks?about={lucia}"),
    ]:
        assert (await mateo.request(method, path)).status_code == 404, path


async def test_a_trashed_record_takes_its_tasks_along(app: Starlette, ana: Client, lucia: str, task: str) -> None:
    await ana.put(f"/contacts/{lucia[8:]}/trash")
    assert "January" not in (await ana.get("/tasks")).text
    assert (await ana.get(task)).status_code == 404
    await ana.delete(f"/contacts/{lucia[8:]}/trash")
    assert "January" in (await ana.get("/tasks")).text


async def test_strangers_find_nothing(app: Starlette, stranger: Client, task: str) -> None:
    assert (await stranger.get(task)).status_code == 404
    assert (await stranger.put(f"{task}/completion")).status_code == 404
    assert "January" not in (await stranger.get("/tasks?show=teams")).text


async def test_topics(app: Starlette, ana: Client, mateo: Client, lucia: str, task: str) -> None:
    await close(ana, lucia)
    async with app.state.database.transaction(read=True) as tx:
        assert await may_hear_task(tx, Principal(1, 1, "owner"), {"1", "2", "x"}) == {"1"}
        assert await may_hear_task(tx, Principal(2, 1, "member"), {"1"}) == set()
        assert await may_hear_task(tx, Principal(3, 2, "owner"), {"1"}) == set()
        assert await may_hear_tasks(tx, Principal(3, 2, "owner"), {"1", "2"}) == {"2"}


async def test_a_read_only_person_may_not_write(app: Starlette, ana: Client, mateo: Client, task: str) -> None:
    async with app.state.database.transaction() as tx:
        from server.identity.models import User

        (await tx.get(User, 2)).role = "read-only"
    assert (await mateo.get(task)).status_code == 200
    assert (await mateo.put(f"{task}/completion")).status_code == 403
    assert (await mateo.post("/tasks", data={"title": "x"})).status_code == 403
