"""Each fact of a record: what a second screen becomes is what a reload shows."""

import httpx2 as httpx
import pytest
from starlette.applications import Starlette

from tests.live import assert_live_equals_reload

Client = httpx.AsyncClient


@pytest.fixture
async def lucia(ana: Client) -> str:
    answer = await ana.post(
        "/contacts", data={"name": "Lucía Ferrer", "company": "Hoteles Almadraba", "phones": "+34 600 000 118"}
    )
    assert answer.status_code == 201
    return answer.headers["location"]


async def test_a_changed_field_reaches_the_page(app: Starlette, ana: Client, mateo: Client, lucia: str) -> None:
    async def act() -> httpx.Response:
        return await ana.put(f"{lucia}/facts/phones", data={"value": "+34 600 000 142", "seen": "0"})

    screen = await assert_live_equals_reload(app, mateo, lucia, act, regions=("facts", "contact-1-identity"))
    assert "+34 600 000 142" in screen.page.text()


async def test_a_changed_field_reaches_the_list(app: Starlette, ana: Client, mateo: Client, lucia: str) -> None:
    async def act() -> httpx.Response:
        return await ana.put(f"{lucia}/facts/emails", data={"value": "lucia@almadraba.example.org", "seen": "0"})

    screen = await assert_live_equals_reload(app, mateo, "/contacts", act)
    assert "lucia@almadraba.example.org" in screen.page.text()


async def test_a_new_record_asks_lists_to_refresh(app: Starlette, ana: Client, mateo: Client) -> None:
    async def act() -> httpx.Response:
        return await ana.post("/contacts", data={"name": "Harriet Cole"})

    screen = await assert_live_equals_reload(app, mateo, "/contacts", act, regions=("contact-list",))
    assert "Harriet Cole" in screen.page.text()
