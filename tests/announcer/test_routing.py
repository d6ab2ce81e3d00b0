"""Whom a choice of the menu rings, by the caller's record, their territory, their company, and by skill."""

import httpx2 as httpx
import pytest
from sqlalchemy import select
from starlette.applications import Starlette

from server.announcer import visits
from server.announcer.script import Option
from server.calls.models import Ring
from server.identity.models import Workspace
from tests import make
from tests.announcer.callers import add_key, set_up
from tests.automation.conftest import rule
from tests.conftest import add_person

Client = httpx.AsyncClient
THEIRS = Option("1", "record", "Your contact")
STEAM = Option("2", "skill", "Steam", skill="steam")
ANA, MATEO, OLGA = 1, 2, 3
SALES, SUPPORT = 1, 2


@pytest.fixture
async def line(app: Starlette, workspace: Workspace, ana: Client, mateo: Client) -> str:
    """A line of Sales, who are Ana; Support are Olga."""
    await add_person(app, workspace, "Olga Prieto")
    await ana.post("/settings/teams", data={"name": "Support", "department": "1"})
    await ana.put(f"/settings/teams/{SALES}/members/{ANA}")
    await ana.put(f"/settings/teams/{SUPPORT}/members/{OLGA}")
    return await set_up(ana, team=str(SALES))


async def rung(app: Starlette, ana: Client, path: str, option: Option, contact: int | None = 1) -> set[int]:
    """By a call of somebody who is this contact, or of nobody known."""
    assert (await ana.post(path, data={"name": "Noor"})).status_code == 201
    async with app.state.database.transaction() as tx:
        if contact is not None:
            await visits.identify(tx, 1, contact)
        await visits.ring(tx, 1, option)
    async with app.state.database.transaction(read=True) as tx:
        return set(await tx.scalars(select(Ring.user_id).where(Ring.call_id == 1)))


async def test_owner_and_team_of_the_record(app: Starlette, ana: Client, line: str) -> None:
    await make.contact(app, owner=MATEO, team=SUPPORT)
    assert await rung(app, ana, line, THEIRS) == {MATEO, OLGA}


@pytest.mark.parametrize(
    ("conditions", "to"),
    [
        ({"territory": "Málaga, Cádiz"}, OLGA),
        ({"territory": "Madrid"}, ANA),
        ({"territory": "Málaga", "tag": "gold"}, ANA),
        ({"territory": "Málaga", "words": "steam"}, ANA),
    ],
)
async def test_the_team_of_their_territory(
    app: Starlette, ana: Client, line: str, conditions: dict[str, str], to: int
) -> None:
    """By the rules that ask of the customer alone; else the line's own team."""
    await rule(ana, to_team=str(SUPPORT), **conditions)
    await make.contact(app, addresses="Calle Mayor 1, Málaga")
    assert await rung(app, ana, line, THEIRS) == {to}


async def test_those_of_their_company(app: Starlette, ana: Client, line: str) -> None:
    await make.contact(app, "Hoteles Almadraba", "company", team=SUPPORT)
    await make.contact(app, company="Hoteles Almadraba")
    assert await rung(app, ana, line, THEIRS, contact=2) == {OLGA}


async def test_who_has_proved_nothing_comes_to_the_line_s_team(app: Starlette, ana: Client, line: str) -> None:
    await make.contact(app, owner=MATEO)
    assert await rung(app, ana, line, THEIRS, contact=None) == {ANA}


@pytest.mark.parametrize(("away", "people"), [("", {MATEO, OLGA}), ("1", {OLGA})])
async def test_who_has_the_skill_and_is_there(
    app: Starlette, ana: Client, line: str, away: str, people: set[int]
) -> None:
    await ana.put(f"/settings/automation/people/{MATEO}", data={"skills": "Steam, Español", "is_away": away})
    await ana.put(f"/settings/automation/people/{OLGA}", data={"skills": "steam"})
    await make.contact(app, owner=ANA)
    assert await rung(app, ana, line, STEAM) == people


async def test_a_message_for_a_skill_goes_to_who_looks_after_them(app: Starlette, ana: Client, line: str) -> None:
    """Nobody has it: the call is missed by those of the record."""
    await make.contact(app, owner=MATEO)
    assert await rung(app, ana, line, STEAM) == set()
    async with app.state.database.transaction() as tx:
        await visits.hang_up(tx, 1)
    await app.state.relay.drain()
    missed = await make.facts(app, "call.missed")
    assert [(fact.data["team"], fact.data["owner"]) for fact in missed] == [(None, MATEO)]


async def test_admins_choose_among_the_skills_there_are(ana: Client, api: Client, line: str) -> None:
    refused = {"digit": "2", "kind": "skill", "label_en": "Steam", "target": "skill:steam"}
    assert (await ana.post("/settings/announcer/menus/1/options", data=refused)).status_code == 422
    await ana.put(f"/settings/automation/people/{MATEO}", data={"skills": "Steam"})
    await add_key(ana, "2", "skill", "skill:steam")
    await add_key(ana, "3", "record")
    found = (await api.get("/announcer")).json()["menus"][0]["options"]
    assert [(one["kind"], one["skill"]) for one in found if one["digit"] in "23"] == [
        ("skill", "steam"),
        ("record", ""),
    ]
    page = (await ana.get("/settings/announcer")).text
    assert "Who looks after them" in page and '<option value="skill:steam" selected>' in page
    await ana.put(f"/settings/automation/people/{MATEO}", data={"skills": ""})
    assert '<option value="skill:steam" selected>' in (await ana.get("/settings/announcer")).text, "it stays chosen"
