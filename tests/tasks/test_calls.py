"""Calls from a task: of its record when it has one, else of the task itself, for those whom it concerns."""

import re

import httpx2 as httpx
import pytest
from sqlalchemy import select
from starlette.applications import Starlette

from server.calls.models import Call, Ring
from server.identity.models import Workspace
from tests import make
from tests.conftest import add_person, client_of
from tests.live import assert_live_equals_reload

Client = httpx.AsyncClient
SUPPORT = 2


@pytest.fixture
async def task(app: Starlette, workspace: Workspace, ana: Client, mateo: Client) -> str:
    """Mateo's, of the team of Olga, made by Ana; about nobody's record."""
    await add_person(app, workspace, "Olga Prieto")
    await ana.post("/settings/teams", data={"name": "Support", "department": "1"})
    await ana.put(f"/settings/teams/{SUPPORT}/members/3")
    return await made(ana, title="Move the oven", assignee="2", team=str(SUPPORT))


async def made(client: Client, **form: str) -> str:
    answer = await client.post("/tasks", data=form)
    assert answer.status_code in (201, 303), answer.text
    return answer.headers["location"]


async def rung(app: Starlette) -> set[int]:
    async with app.state.database.transaction(read=True) as tx:
        return set(await tx.scalars(select(Ring.user_id).where(Ring.call_id == 1)))


async def about(app: Starlette) -> str:
    async with app.state.database.transaction(read=True) as tx:
        return str((await tx.get_one(Call, 1)).about)


def pressed(page: str) -> dict[str, str]:
    """What the page's own button sends."""
    found = re.search(r'data-key="p" hx-post="/calls" hx-vals=\'\{"about": "([^"]+)", "kind": "(\w+)"', page)
    assert found, page
    return {"about": found[1], "kind": found[2]}


@pytest.mark.parametrize("language", ["en", "es"])
async def test_it_rings_whom_it_concerns(app: Starlette, ana: Client, mateo: Client, task: str, language: str) -> None:
    """But not whoever calls; the room and the log lead back to the task."""
    await make.speak(app, 2, language)
    answer = await mateo.post("/calls", data=pressed((await mateo.get(task)).text))
    assert answer.headers["location"] == "/calls/1"
    assert await rung(app) == {1, 3}
    assert "Move the oven" in (await ana.get("/calls/ringing")).text
    room = (await mateo.get("/calls/1")).text
    assert f'data-after="{task}"' in room and ("Volver a la tarea" if language == "es" else "Back to the task") in room
    assert "Move the oven" in (await mateo.get("/calls")).text


async def test_the_card_comes_to_who_looks_at_the_task(
    app: Starlette, workspace: Workspace, ana: Client, task: str
) -> None:
    async with await client_of(app, await add_person(app, workspace, "Priya Rao")) as priya:
        await app.state.relay.drain()
        start = {"about": "task:1", "kind": "audio"}
        await assert_live_equals_reload(app, priya, task, lambda: ana.post("/calls", data=start), regions=("rings",))
        looking = {"referer": f"http://test{task}"}
        assert 'id="ring-1"' in (await priya.get("/calls/ringing", headers=looking)).text
        assert 'id="ring-1"' not in (await priya.get("/calls/ringing")).text


async def test_a_task_of_a_record_calls_its_people(app: Starlette, ana: Client, mateo: Client) -> None:
    await make.contact(app, owner=2)
    task = await made(ana, title="Call her", about="contact:1")
    assert pressed((await ana.get(task)).text)["about"] == "contact:1"
    await ana.post("/calls", data={"about": "task:1"})
    assert await about(app) == "contact:1" and await rung(app) == {2}


async def test_a_removed_task_ends_its_call_and_starts_none(
    app: Starlette, ana: Client, mateo: Client, task: str
) -> None:
    await ana.post("/calls", data={"about": "task:1"})
    assert (await ana.delete(task)).status_code == 200
    assert "Move the oven" in (await mateo.get("/calls/1")).text, "the log keeps what it was about"
    async with app.state.database.transaction(read=True) as tx:
        assert (await tx.get_one(Call, 1)).ended_at is not None
    assert (await mateo.post("/calls", data={"about": "task:1"})).status_code == 404


async def test_its_name_follows_in_the_log(app: Starlette, ana: Client, mateo: Client, task: str) -> None:
    await ana.post("/calls", data={"about": "task:1"})
    await app.state.relay.drain()
    new = {"field": "title", "value": "Move two ovens", "seen": "1"}
    await assert_live_equals_reload(app, mateo, "/calls", lambda: ana.put(task, data=new), regions=("call-1-row",))


async def test_a_reader_has_no_button(app: Starlette, ana: Client, mateo: Client, task: str) -> None:
    await ana.put("/settings/people/2/role", data={"value": "read-only"})
    assert 'hx-post="/calls"' not in (await mateo.get(task)).text
    assert (await mateo.post("/calls", data={"about": "task:1"})).status_code == 403


async def test_who_missed_it_finds_the_task_under_the_bell(
    app: Starlette, ana: Client, mateo: Client, task: str
) -> None:
    await ana.post("/calls", data={"about": "task:1"})
    await ana.delete("/calls/1")
    page = (await mateo.get("/notices")).text
    assert "</b> called you" in page and "Move the oven" in page
