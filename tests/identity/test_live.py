"""People and teams: what an admin's second screen becomes is what a reload shows."""

from dataclasses import replace

import httpx2 as httpx
from sqlalchemy import select
from starlette.applications import Starlette

from server.identity.doors import LiveDoors, Person
from server.identity.models import Session
from tests import make
from tests.live import assert_live_equals_reload

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
