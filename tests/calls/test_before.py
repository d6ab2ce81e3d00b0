"""Whom a call rings is said before one joins it, where others may be asked too."""

import pytest
from starlette.applications import Starlette

from tests import make
from tests.calls.conftest import Client
from tests.live import assert_live_equals_reload


async def one_s_own(ana: Client) -> str:
    """A call to a customer of whom nobody else takes care."""
    made = await ana.post("/contacts", data={"name": "Harriet Cole"})
    about = f"contact:{made.headers['location'].rpartition('/')[2]}"
    return (await ana.post("/calls", data={"about": about})).headers["location"]


async def said_before(client: Client, call: str) -> str:
    page = (await client.get(call)).text
    return page[page.index('id="call-before"') : page.index('id="call-inside"')]


@pytest.mark.parametrize(("language", "nobody"), [("en", "It rings for nobody yet"), ("es", "le suena a nadie")])
async def test_a_call_that_rings_for_nobody_says_so_and_asks_whom(
    app: Starlette, ana: Client, mateo: Client, language: str, nobody: str
) -> None:
    await make.speak(app, 1, language)
    call = await one_s_own(ana)
    before = await said_before(ana, call)
    assert nobody in before and f"{call}/invitations/new" in before and f"{call}/guest-links" in before
    await app.state.relay.drain()
    screen = await assert_live_equals_reload(
        app,
        ana,
        call,
        lambda: ana.post(f"{call}/invitations", data={"to": "user:2"}),
        language=language,
        regions=("call-1-rung",),
    )
    assert "Mateo" in screen.page.text()
    assert nobody not in await said_before(ana, call)


async def test_whom_it_rings_stands_there(ana: Client, mateo: Client, call: str) -> None:
    before = await said_before(ana, call)
    assert "Whom it rings" in before and "Mateo" in before and "rings for nobody" not in before
    await mateo.put(f"{call}/decline")
    assert "declined" in await said_before(ana, call)


async def test_a_link_made_before_one_joins_is_not_the_one_made_inside(ana: Client, call: str) -> None:
    """Both may stand on the page at once."""
    first, second = [(await ana.post(f"{call}/guest-links")).text for _twice in range(2)]
    assert 'id="link-1-new"' in first and 'id="link-2-new"' in second
