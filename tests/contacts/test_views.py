"""Views of everybody's list: saved, renamed and gone, on whoever's screen they are for."""

import httpx2 as httpx
import pytest
from starlette.applications import Starlette

from tests.live import assert_live_equals_reload

Client = httpx.AsyncClient


@pytest.fixture
async def renewals(ana: Client) -> str:
    answer = await ana.post("/contacts/views", data={"name": "Renewals", "query": "tag=renewal", "shared": "1"})
    assert answer.headers["hx-redirect"] == "/contacts?tag=renewal"
    return "/contacts/views/1"


async def test_a_shared_view_gets_its_new_name_everywhere(
    app: Starlette, ana: Client, mateo: Client, renewals: str
) -> None:
    async def act() -> httpx.Response:
        return await ana.put(renewals, data={"name": "Plans that end", "shared": "1"})

    screen = await assert_live_equals_reload(app, mateo, "/contacts", act, regions=("contact-views",))
    assert "Plans that end" in screen.page.text()
    assert "Renewals" not in screen.page.text()


async def test_a_view_that_is_kept_for_oneself_leaves_the_others(
    app: Starlette, ana: Client, mateo: Client, renewals: str
) -> None:
    async def act() -> httpx.Response:
        return await ana.put(renewals, data={"name": "Renewals"})

    screen = await assert_live_equals_reload(app, mateo, "/contacts", act, regions=("contact-views",))
    assert "Renewals" not in screen.page.text()
    assert "Renewals" in (await ana.get("/contacts")).text
    assert (await mateo.get(renewals + "/edit")).status_code == 404


async def test_a_deleted_view_is_gone_everywhere(app: Starlette, ana: Client, mateo: Client, renewals: str) -> None:
    async def act() -> httpx.Response:
        return await ana.delete(renewals)

    screen = await assert_live_equals_reload(app, mateo, "/contacts", act, regions=("contact-views",))
    assert "Renewals" not in screen.page.text()


async def test_one_s_own_view_shows_on_one_s_own_screens_only(app: Starlette, ana: Client, mateo: Client) -> None:
    async def act() -> httpx.Response:
        return await mateo.post("/contacts/views", data={"name": "Mine alone", "query": "owner=me"})

    screen = await assert_live_equals_reload(app, mateo, "/contacts", act, regions=("contact-views",))
    assert "Mine alone" in screen.page.text()
    assert "Mine alone" not in (await ana.get("/contacts")).text


async def test_members_leave_the_views_of_everybody_alone(ana: Client, mateo: Client, renewals: str) -> None:
    assert (await mateo.put(renewals, data={"name": "Mine now"})).status_code == 403
    assert (await mateo.delete(renewals)).status_code == 403
    assert (await mateo.post("/contacts/views", data={"name": "Ours", "shared": "1"})).status_code == 403
    assert "view-menu" not in (await mateo.get("/contacts?tag=renewal")).text
    assert "view-menu" in (await ana.get("/contacts?tag=renewal")).text
