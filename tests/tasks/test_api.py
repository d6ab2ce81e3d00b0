"""Tasks by API."""

from typing import Any

import pytest
from starlette.applications import Starlette

from tests import make
from tests.conftest import Client


async def test_the_life_of_a_task(app: Starlette, api: Client, other: Client, lucia: str) -> None:
    made = await api.post("/tasks", json={"title": "Confirm January instalment", "about": lucia, "assignee": 2})
    assert made.status_code == 201, made.text
    assert made.headers["location"] == "/api/v1/tasks/1"
    assert made.json()["about"] == lucia and made.json()["assignee"] == 2 and made.json()["done"] is False
    assert (await api.get("/tasks/1")).json() == made.json()
    done = await other.patch("/tasks/1", json={"done": True})
    assert done.json()["done"] is True and done.json()["done_at"]
    again = await other.patch("/tasks/1", json={"done": False, "assignee": None, "due_on": "2026-12-02"})
    assert (again.json()["done"], again.json()["assignee"], again.json()["due_on"]) == (False, None, "2026-12-02")
    moment = await other.patch("/tasks/1", json={"due_at": "2026-12-02T14:00:00+01:00"})
    assert moment.json()["due_at"] == "2026-12-02T13:00:00Z"
    assert (await other.delete("/tasks/1")).status_code == 403
    assert (await api.delete("/tasks/1")).status_code == 204
    assert (await api.get("/tasks/1")).status_code == 404
    names = [fact.name for fact in await make.facts(app) if fact.name.startswith("task.")]
    changed = ["task.changed", "task.reopened"]
    assert sorted(names[2:5]) == sorted([*changed, "task.assigned"]) and names[:2] == ["task.created", "task.done"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"title": ""}, "title"),
        ({"title": "x", "about": "contact:99"}, "about"),
        ({"title": "x", "about": "nonsense"}, "about"),
        ({"title": "x", "assignee": 99}, "assignee"),
        ({"title": "x", "due_on": "soon"}, "due_on"),
        ({"title": "x", "due_on": "2026-02-30"}, "due_on"),
        ({"title": "x", "due_at": "2026-02-03T99:00"}, "due_at"),
        ({"title": "x", "due_on": "2026-02-03", "due_at": "2026-02-03T09:00"}, "due_at"),
        ({"title": "x", "priority": "huge"}, "priority"),
        ({"title": "x", "checklist": ["  "]}, "checklist"),
        ({"title": "x", "done": True}, "done"),
    ],
    ids=str,
)
async def test_what_does_not_fit_is_refused(api: Client, body: dict[str, Any], field: str) -> None:
    answer = await api.post("/tasks", json=body)
    assert answer.status_code == 422, answer.text
    assert list(answer.json()["fields"]) == [field]


async def test_lists_are_filtered(app: Starlette, api: Client, other: Client, lucia: str) -> None:
    for body in ({"title": "a", "about": lucia}, {"title": "b", "assignee": 1}, {"title": "c", "assignee": 2}):
        assert (await api.post("/tasks", json=body)).status_code == 201
    await api.patch("/tasks/3", json={"done": True})

    async def titles(query: str) -> list[str]:
        return [task["title"] for task in (await api.get(f"/tasks?{query}")).json()["items"]]

    assert await titles(f"about={lucia}") == ["a"]
    assert await titles("assignee=me") == ["b"] and await titles("assignee=2") == ["c"]
    assert await titles("assignee=none") == ["a"]
    assert await titles("done=true") == ["c"] and await titles("done=false") == ["a", "b"]
    with make.counted(app) as statements:
        await api.get("/tasks")
    assert len(statements) <= 6


async def test_the_same_field_asks(api: Client, other: Client) -> None:
    await api.post("/tasks", json={"title": "First"})
    await other.patch("/tasks/1", json={"title": "Second"})
    answer = await api.patch("/tasks/1", json={"title": "Third", "version": 1})
    assert answer.status_code == 409 and answer.json()["theirs"]["value"] == "Second"


async def test_a_task_of_a_closed_record_is_not_there(
    app: Starlette, ana: Client, api: Client, other: Client, lucia: str
) -> None:
    await api.post("/tasks", json={"title": "Secret", "about": lucia})
    await make.restrict(ana, 1, "user:1")
    assert (await other.get("/tasks/1")).json() == (await other.get("/tasks/99")).json()
    assert (await other.get("/tasks")).json()["items"] == []
    assert (await other.get(f"/tasks?about={lucia}")).json()["items"] == []
    closed = await other.post("/tasks", json={"title": "x", "about": lucia})
    missing = await other.post("/tasks", json={"title": "x", "about": "contact:99"})
    assert (closed.status_code, closed.json()) == (missing.status_code, missing.json())


async def test_two_who_give_a_task_away_at_once_are_told(api: Client, other: Client, ana: Client) -> None:
    """Whoever comes second sees to whom it went meanwhile, by program and on the page."""
    task = (await api.post("/tasks", json={"title": "Confirm January instalment"})).json()
    assert (await other.patch("/tasks/1", json={"assignee": 2, "version": task["version"]})).status_code == 200
    late = await api.patch("/tasks/1", json={"assignee": 1, "version": task["version"]})
    assert late.status_code == 409
    assert (late.json()["theirs"]["value"], late.json()["theirs"]["who"]) == ("Mateo Ríos", "Mateo Ríos")
    page = await ana.put("/tasks/1/assignee", data={"assignee": "1", "seen": "0"}, headers={"hx-request": "true"})
    assert page.status_code == 409 and "Mateo Ríos" in page.text
    assert (await api.get("/tasks/1")).json()["assignee"] == 2
    fresh = (await api.get("/tasks/1")).json()["version"]
    assert (await api.patch("/tasks/1", json={"assignee": 1, "version": fresh})).status_code == 200


async def test_a_reference_that_is_none_is_said(api: Client) -> None:
    answer = await api.post("/tasks", json={"title": "x", "about": "contact:abc"})
    assert (answer.status_code, answer.json()["fields"]) == (422, {"about": "No such record"})
