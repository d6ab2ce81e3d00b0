"""People who do the same at the same moment, links that are used twice, and a database that is away for a while."""

import asyncio
import contextlib
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import httpx2 as httpx
import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError
from starlette.applications import Starlette

from server import main
from server.identity import settings
from server.identity.access import get_user
from server.identity.actions import create_token, start_reset, write_sightings
from server.identity.models import User, Workspace
from server.kit.db import Tx
from tests.conftest import add_person, browser, client_of
from tests.identity.test_entry import PASSWORD, SETUP

Client = httpx.AsyncClient


def nobody(app: Starlette) -> Client:
    """A browser that is not signed in."""
    client = browser(app, "none")
    client.cookies.clear()
    return client


async def test_sightings_outlive_a_database_that_is_away(
    app: Starlette, ana: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[Mapping[int, datetime]] = []

    async def write(tx: Tx, seen: Mapping[int, datetime]) -> None:
        written.append(dict(seen))
        if len(written) == 1:
            raise OperationalError("update", {}, ConnectionError("away"))
        await write_sightings(tx, seen)
        app.state.stopping.set()

    monkeypatch.setattr(main, "SIGHTINGS_EVERY", 0.01)
    monkeypatch.setattr(main, "write_sightings", write)
    moment = datetime.fromisoformat("2030-05-01T10:30:00+00:00")
    app.state.sightings[1] = moment
    async with asyncio.timeout(10):
        await main.note_sightings(app)
    assert written == [{1: moment}, {1: moment}]


async def test_two_who_set_up_at_once_make_one_workspace(app: Starlette) -> None:
    async with nobody(app) as one, nobody(app) as two:
        answers = await asyncio.gather(one.post("/setup", data=SETUP), two.post("/setup", data=SETUP))
    assert {answer.status_code for answer in answers} <= {200, 303}
    async with app.state.database.transaction(read=True) as tx:
        assert await tx.scalar(select(func.count()).select_from(Workspace)) == 1


async def _invited(ana: Client) -> str:
    answer = await ana.post("/settings/invitations", data={"emails": "nuria@example.org", "role": "member"})
    link = re.search(r"http://test(/join/[\w-]+)", answer.text)
    assert link is not None
    return link[1]


async def test_an_invitation_lets_one_person_in(app: Starlette, ana: Client) -> None:
    link, form = await _invited(ana), {"name": "Nuria Sanz", "password": PASSWORD}
    async with nobody(app) as one, nobody(app) as two:
        answers = await asyncio.gather(one.post(link, data=form), two.post(link, data=form))
    assert sorted(answer.status_code for answer in answers) == [303, 404]


async def test_a_new_password_makes_older_links_useless(app: Starlette, ana: Client, workspace: Workspace) -> None:
    nuria = await add_person(app, workspace, "Nuria Sanz")
    async with app.state.database.transaction() as tx:
        links = [f"/reset/{start_reset(tx, nuria, app.state.settings.secret)}" for _n in range(2)]
    async with nobody(app) as somebody:
        assert (await somebody.post(links[0], data={"password": PASSWORD})).status_code == 303
        assert (await somebody.get(links[1])).status_code == 404
        assert (await somebody.post(links[1], data={"password": PASSWORD})).status_code == 404


async def test_who_is_out_gets_no_new_password_and_no_token(app: Starlette, ana: Client, workspace: Workspace) -> None:
    nuria = await add_person(app, workspace, "Nuria Sanz")
    async with app.state.database.transaction() as tx:
        link = f"/reset/{start_reset(tx, nuria, app.state.settings.secret)}"
        token = await create_token(tx, nuria, "test", app.state.settings.secret)
    assert (await ana.delete(f"/settings/people/{nuria.id}")).status_code == 200
    async with nobody(app) as somebody:
        assert (await somebody.get(link)).status_code == 404
        bearer = {"authorization": f"Bearer {token}"}
        assert (await somebody.get("/api/v1/contacts", headers=bearer)).status_code == 401


async def test_two_owners_who_take_each_others_role_leave_one(
    app: Starlette, ana: Client, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    both, get = asyncio.Barrier(2), get_user

    async def get_together(*args: Any, **how: Any) -> User:
        user = await get(*args, **how)
        with contextlib.suppress(TimeoutError, asyncio.BrokenBarrierError):  # on SQLite one waits for the other
            await asyncio.wait_for(both.wait(), 0.2)
        return user

    monkeypatch.setattr(settings, "get_user", get_together)
    nuria = await add_person(app, workspace, "Nuria Sanz", "owner")
    async with await client_of(app, nuria) as other:
        await asyncio.gather(
            ana.put(f"/settings/people/{nuria.id}/role", data={"value": "member"}),
            other.put("/settings/people/1/role", data={"value": "member"}),
        )
    async with app.state.database.transaction(read=True) as tx:
        assert await tx.scalar(select(func.count()).where(User.role == "owner", User.active)) == 1


async def test_sign_in_goes_on_to_the_list_as_it_was_filtered(app: Starlette, ana: Client) -> None:
    async with nobody(app) as somebody:
        answer = await somebody.get("/contacts?tag=vip&owner=me")
    assert answer.headers["location"] == "/signin?next=/contacts%3Ftag%3Dvip%26owner%3Dme"
