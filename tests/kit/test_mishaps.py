"""Error pages: people who are signed in keep their navigation, strangers and a database that is away get the bare page."""

import errno
import json
import socket
import sqlite3
from unittest.mock import ANY

import httpx2 as httpx
import pytest
import structlog
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as NobodyFree
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect

from server.identity.models import User, Workspace
from server.kit.errors import NAMES
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


async def test_programs_read_one_name_for_one_thing(api: Client) -> None:
    """Whoever finds it: a verb, the table of routes, the form's reader, the limit of bodies."""
    nothing, nowhere = await api.get("/contacts/999"), await api.get("/nothing/here")
    assert nothing.status_code == nowhere.status_code == 404
    for answer in (nothing, nowhere):
        assert answer.json() == {"error": "not_found", "message": ANY, "fields": {}}
    broken = {"content-type": "multipart/form-data"}
    for answer, status, error in (
        (await api.put("/me"), 405, "no_such_method"),
        (await api.post("/contacts/1/files", content=b"--x", headers=broken), 400, "malformed"),
        (await api.post("/contacts", content=b" " * (51 << 20)), 413, "too_large"),
        (await api.get("/me", headers={"authorization": "Bearer wrong"}), 401, "unauthorized"),
    ):
        assert (answer.status_code, answer.json()["error"]) == (status, error), answer.text
        assert answer.json()["message"] and answer.json()["fields"] == {}
    described = (await api.get("/openapi.json")).json()["components"]["schemas"]["Problem"]["properties"]["error"]
    assert all(name in described["description"] for name in NAMES.values())


async def test_what_is_too_large_is_said_to_people_too(ana: Client) -> None:
    """Before anybody knows who asks: the sentence speaks the browser's language, the page its reader's."""
    ana.cookies.set("lang", "es")
    much = {"file": ("customers.csv", b" " * (51 << 20))}
    part = await ana.post("/import", files=much, headers={"hx-request": "true"})
    assert (part.status_code, part.headers["hx-reswap"]) == (413, "none")
    assert "Es demasiado grande" in json.loads(part.headers["x-toast"])["text"]
    visit = await ana.post("/import", files=much)
    assert visit.status_code == 413 and "That is too large" in visit.text and SIDEBAR in visit.text


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


@pytest.mark.parametrize(
    "error",
    [
        ConnectionRefusedError(),
        TimeoutError(),
        socket.gaierror(-2, "Name or service not known"),
        OSError(errno.EHOSTUNREACH, "No route to host"),
        NobodyFree("QueuePool limit reached"),
        OperationalError("SELECT", {}, sqlite3.OperationalError("database is locked")),
    ],
)
async def test_a_database_that_is_away_is_not_asked_again(
    app: Starlette, ana: Client, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor told by a trace for each request: whoever is away for ten minutes would fill the log."""

    async def away(*of: object) -> None:
        raise error

    monkeypatch.setattr("server.contacts.web.list_page", away)
    with make.counted(app) as whole, structlog.testing.capture_logs() as said:
        answer = await ana.get("/contacts")
    assert answer.status_code == 503
    assert GATE in answer.text
    assert sum("session" in one for one in whole) == 1, "\n".join(whole)
    assert [one["event"] for one in said] == ["request.refused"]


async def test_who_hangs_up_in_the_middle_of_a_body_is_no_crash(
    app: Starlette, ana: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def left(*of: object) -> None:
        raise ClientDisconnect

    monkeypatch.setattr("server.kit.web.prepare", left)
    with structlog.testing.capture_logs() as said:
        assert (await ana.post("/contacts", data={"name": "X"})).status_code == 400
    assert said == []


async def test_who_is_not_known_commits_nothing(app: Starlette, workspace: Workspace, api: Client) -> None:
    """Each commit wakes the relay and the jobs: whoever only knocks keeps nobody busy."""
    commits: list[object] = []
    app.state.database.after_commit.append(commits.append)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as nobody:
        for path in ("/contacts", "/api/v1/contacts"):
            assert (await nobody.post(path, json={"name": "X"})).status_code == 401
    assert not commits
    assert (await api.post("/contacts", json={"name": "X"})).status_code == 201
    assert commits
