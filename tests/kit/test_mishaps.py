"""Error pages: people who are signed in keep their navigation, strangers and a database that is away get the bare page."""

import httpx2 as httpx
import pytest
from starlette.applications import Starlette

from server.identity.models import User, Workspace
from tests import make
from tests.conftest import add_person, client_of

Client = httpx.AsyncClient
SIDEBAR, GATE = 'id="nav"', 'class="gate"'


@pytest.mark.parametrize("path", ["/contacts/999", "/no/such/page"])
async def test_what_is_not_there_keeps_the_navigation(ana: Client, path: str) -> None:
    answer = await ana.get(path)
    assert answer.status_code == 404
    assert SIDEBAR in answer.text
    assert GATE not in answer.text
    assert "Back to the table" in answer.text


async def test_a_stranger_gets_the_bare_page(app: Starlette, workspace: Workspace) -> None:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as nobody:
        answer = await nobody.get("/no/such/page")
    assert answer.status_code == 404
    assert GATE in answer.text
    assert SIDEBAR not in answer.text


async def test_forbidden_speaks_the_readers_language(app: Starlette, workspace: Workspace) -> None:
    """The cookie says English, the person Spanish."""
    user = await add_person(app, workspace, "Lector", "read-only")
    async with app.state.database.transaction() as tx:
        (await tx.get_one(User, user.id)).language = "es"
    async with await client_of(app, user) as lector:
        lector.cookies.set("lang", "en")
        for answer in (await lector.post("/contacts", data={"name": "X"}), await lector.get("/no/such/page")):
            assert SIDEBAR in answer.text
            assert "Contactos" in answer.text
        assert answer.status_code == 404


async def test_a_crash_keeps_the_navigation_and_says_its_code(ana: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.contacts.web.list_page", None)
    answer = await ana.get("/contacts")
    assert answer.status_code == 500
    assert SIDEBAR in answer.text
    assert "tell your administrator the code" in answer.text


async def test_a_crash_of_the_navigation_itself_still_answers(ana: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*of: object) -> None:
        raise RuntimeError("the sidebar's counts")

    monkeypatch.setattr("server.kit.web.shell_of", broken)
    monkeypatch.setattr("server.kit.mishaps.shell_of", broken)
    answer = await ana.get("/contacts")
    assert answer.status_code == 500
    assert GATE in answer.text


async def test_a_database_that_is_away_is_not_asked_again(
    app: Starlette, ana: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*of: object) -> None:
        raise ConnectionRefusedError

    monkeypatch.setattr("server.contacts.web.list_page", away)
    with make.counted(app) as whole:
        answer = await ana.get("/contacts")
    assert answer.status_code == 503
    assert GATE in answer.text
    assert sum("session" in one for one in whole) == 1, "\n".join(whole)
