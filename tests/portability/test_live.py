"""What an open page becomes while rows come in is what a reload shows."""

import httpx2 as httpx
from starlette.applications import Starlette

from tests.live import Screen, assert_live_equals_reload
from tests.portability.conftest import PEOPLE, Client, bring, upload


async def test_the_progress_reaches_its_page(app: Starlette, ana: Client) -> None:
    address = await upload(ana, PEOPLE)
    await ana.put(f"{address}/run")

    async def act() -> None:
        await app.state.worker.drain()

    screen = await assert_live_equals_reload(app, ana, address, act, regions=("job",))
    assert "3 new" in screen.page.text()


async def test_undo_reaches_its_page(app: Starlette, ana: Client) -> None:
    batch = await bring(app, ana, PEOPLE)
    await ana.put(f"/import/{batch.id}/undo")

    async def act() -> None:
        await app.state.worker.drain()

    screen = await assert_live_equals_reload(app, ana, f"/import/{batch.id}", act, regions=("job",))
    assert "Taken back" in screen.page.text()


async def test_lists_are_asked_to_refresh_once(app: Starlette, ana: Client, mateo: Client) -> None:
    async def act() -> None:
        await bring(app, ana, PEOPLE)

    screen = await assert_live_equals_reload(app, mateo, "/contacts", act, regions=("contact-list",))
    assert "Nuria Cabrales" in screen.page.text()


async def test_its_maker_gets_a_word_on_any_page(app: Starlette, ana: Client, mateo: Client) -> None:
    pages = [Screen(app, client, "/contacts") for client in (ana, mateo)]
    for screen in pages:
        await screen.load()
    await bring(app, ana, PEOPLE)
    await app.state.relay.drain()
    for screen in pages:
        await screen.catch_up()
    assert ["The import is done" in screen.page.text() for screen in pages] == [True, False]


async def test_the_form_answers_with_itself(app: Starlette, ana: Client) -> None:
    address = await upload(ana, PEOPLE)
    form = {f"to-{n}": target for n, target in enumerate(["name", "emails", "", "company", "new:number", "tags"])}
    answer: httpx.Response = await ana.put(f"{address}/mapping", data={**form, "key": "name", "kind": "contact"})
    assert answer.status_code == 200
    assert answer.text.lstrip().startswith('<form id="mapping"')
    assert "is no number" in answer.text
    for wrong in ({"to-1": "name"}, {"to-0": "x.nothing"}, {"key": "x.nothing"}, {"kind": "deal"}):
        assert (
            await ana.put(f"{address}/mapping", data={**form, "key": "name", "kind": "contact", **wrong})
        ).status_code == 422
