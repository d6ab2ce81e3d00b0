"""People and teams: what an admin's second screen becomes is what a reload shows."""

import html
import json
import re
from dataclasses import replace

import httpx2 as httpx
import pytest
from sqlalchemy import select
from starlette.applications import Starlette

from server.identity.doors import LiveDoors, Person
from server.identity.models import Session
from tests import make
from tests.channels.test_settings import mateo_becomes_admin
from tests.conftest import browser
from tests.live import assert_live_equals_reload, assert_live_in_both_languages

Client = httpx.AsyncClient


async def test_people(app: Starlette, ana: Client, mateo: Client) -> None:
    async def act() -> httpx.Response:
        return await ana.put("/settings/people/2/role", data={"value": "manager"})

    await assert_live_equals_reload(app, ana, "/settings/people", act, regions=("people",))


async def test_teams_in_spanish(app: Starlette, ana: Client, mateo: Client) -> None:
    await mateo.put("/settings/profile/language", data={"value": "es"})

    async def act() -> httpx.Response:
        return await ana.post("/settings/teams", data={"name": "Cádiz"})

    screen = await assert_live_equals_reload(app, mateo, "/settings/teams", act, language="es", regions=("teams",))
    assert "Cádiz" in screen.page.text()


async def test_own_fields(app: Starlette, ana: Client, mateo: Client) -> None:
    async def act() -> httpx.Response:
        return await ana.post("/settings/fields", data={"label": "Seats", "kind": "number"})

    await assert_live_equals_reload(app, mateo, "/settings/fields", act, regions=("fields",))


async def test_devices(app: Starlette, ana: Client) -> None:
    async def act() -> httpx.Response:
        return await ana.delete("/settings/devices")

    other = await ana.get("/settings/profile")
    assert other.status_code == 200
    from server.identity.models import User
    from tests.conftest import client_of

    async with app.state.database.transaction(read=True) as tx:
        user = await tx.get(User, 1)
    assert user is not None
    async with await client_of(app, user):
        await assert_live_equals_reload(app, ana, "/settings/profile", act, regions=("devices",))


async def test_another_language_reaches_ones_other_windows(app: Starlette, ana: Client, mateo: Client) -> None:
    """The page that was open fetches itself, and the socket asks who it speaks to."""

    async def act() -> httpx.Response:
        return await mateo.put("/settings/profile/language", data={"value": "es"})

    doors = LiveDoors(app.state.database, app.state.house, app.state.settings)
    async with app.state.database.transaction(read=True) as tx:
        session = await tx.scalar(select(Session.id).where(Session.user_id == 2))
    listening = Person(replace(await make.person(app, 2), session_id=session), "en")
    screen = await assert_live_equals_reload(app, mateo, "/contacts", act, regions=("main", "nav"))
    assert "Contactos" in screen.page.find("main").text()
    again = await doors.again(listening)
    assert again is not None and again.variant == "es"


async def test_who_is_here(app: Starlette, ana: Client, mateo: Client) -> None:
    """An admin's list of people, as they are invited, come, leave and come back."""
    await mateo_becomes_admin(app)

    async def join() -> httpx.Response:
        invited = await ana.post("/settings/invitations", data={"emails": "olga@example.org", "role": "member"})
        link = re.search(r"/join/[\w-]+", invited.text)
        assert link is not None
        async with browser(app, "") as olga:
            return await olga.post(link[0], data={"name": "Olga Prieto", "password": "three good words"})

    for act in (
        lambda: ana.post("/settings/invitations", data={"emails": "noor@example.org", "role": "member"}),
        join,
        lambda: ana.delete("/settings/people/3"),
        lambda: ana.put("/settings/people/3"),
        lambda: ana.put("/settings/teams/1/members/3"),
        lambda: ana.delete("/settings/teams/1/members/3"),
    ):
        await assert_live_in_both_languages(app, mateo, "/settings/people", act, regions=("people",))


async def test_departments_and_the_workspace(app: Starlette, ana: Client, mateo: Client) -> None:
    await mateo_becomes_admin(app)
    for page, region, act in (
        ("/settings/teams", "teams", lambda: ana.put("/settings/teams/1/members/2")),
        ("/settings/teams", "teams", lambda: ana.delete("/settings/teams/1/members/2")),
        ("/settings/teams", "teams", lambda: ana.delete("/settings/teams/2")),
        ("/settings/workspace", "workspace-form", lambda: ana.put("/settings/workspace/name", data={"value": "Roble"})),
    ):
        await assert_live_in_both_languages(app, mateo, page, act, regions=(region,))


async def test_an_own_new_name_in_every_window(app: Starlette, mateo: Client) -> None:
    async def act() -> httpx.Response:
        return await mateo.put("/settings/profile/name", data={"value": "Mateo Ríos Vega"})

    await assert_live_in_both_languages(app, mateo, "/tasks", act, regions=("nav",))


@pytest.mark.parametrize("page", ["/contacts", "/tasks", "/cases", "/calls", "/chat", "/settings/profile"])
async def test_whoever_has_a_page_open_is_online(mateo: Client, page: str) -> None:
    topics = json.loads(
        html.unescape(re.findall(r"id=\"nav\".*?data-topics='([^']+)'", (await mateo.get(page)).text)[0])
    )
    assert topics.keys() == {"user:2", "workspace:1"}
