"""What pages say of calls: how many ring, what kind a call is, numbers that can be dialled."""

import pytest
from sqlalchemy import select
from starlette.applications import Starlette

from server.calls.queries import ringing_badge
from tests import make
from tests.calls.conftest import Client

HTMX = {"hx-request": "true"}


async def test_a_call_that_one_may_not_see_is_not_counted(
    app: Starlette, ana: Client, mateo: Client, call: str
) -> None:
    """It rang for Mateo; then its record was closed to him."""

    async def rings() -> int:
        async with app.state.database.transaction(read=True) as tx:
            who = await make.person(app, 2)
            return await tx.scalar(select(ringing_badge(who)), who.params) or 0

    assert await rings() == 1
    await make.restrict(ana, 1, "user:1")
    assert await rings() == 0


async def test_a_voice_call_is_called_so(ana: Client, lucia: str) -> None:
    for kind, title in (("audio", "Voice call"), ("video", "Video call")):
        page = (await ana.post("/calls", data={"about": lucia, "kind": kind}, headers=HTMX)).headers["hx-redirect"]
        assert f"<title>{title} ·" in (shown := (await ana.get(page)).text) and f'data-title="{title} ·' in shown
        await ana.delete(page)


@pytest.mark.parametrize(
    ("number", "link"), [("+34 600 000 118;ext=7", 'href="tel:+34600000118"'), ("1-800-FLOWERS", "1-800-FLOWERS")]
)
async def test_numbers_are_links_that_can_be_dialled(ana: Client, lucia: str, number: str, link: str) -> None:
    made = await ana.post("/calls/logged", data={"about": lucia, "number": number}, headers=HTMX)
    page = (await ana.get(made.headers["location"])).text
    assert link in page and "tel:1" not in page
