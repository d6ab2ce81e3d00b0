"""People and teams by API; tokens."""

from starlette.applications import Starlette

from tests import make
from tests.conftest import Client


async def test_who_a_token_is(api: Client) -> None:
    me = (await api.get("/me")).json()
    assert (me["id"], me["name"], me["role"], me["topic"]) == (1, "Ana Beltrán", "owner", "user:1")
    assert me["workspace"]["name"] == "Nogal Café"


async def test_people_and_teams(app: Starlette, ana: Client, api: Client, other: Client) -> None:
    await ana.put("/settings/teams/1/members/2")
    people = (await other.get("/people")).json()["items"]
    assert [(one["id"], one["name"], one["teams"]) for one in people] == [
        (1, "Ana Beltrán", []),
        (2, "Mateo Ríos", [1]),
    ]
    teams = (await other.get("/teams")).json()["items"]
    assert {team["name"]: team["members"] for team in teams}["Sales"] == [2]
    for address in ("/people", "/teams", "/me"):
        with make.counted(app) as statements:
            await api.get(address)
        assert len(statements) <= 6


async def test_a_token_counts_under_the_api_alone(app: Starlette, api: Client) -> None:
    assert (await api.get("http://test/contacts")).status_code == 303
    answer = await api.get("/me", headers={"authorization": "Bearer tert_wrong"})
    assert answer.status_code == 401 and answer.headers["www-authenticate"] == "Bearer"


async def test_a_browser_s_session_counts_too(ana: Client) -> None:
    assert (await ana.get("/api/v1/me")).json()["id"] == 1
    forged = await ana.post("/api/v1/contacts", json={"name": "x"}, headers={"sec-fetch-site": "cross-site"})
    assert forged.status_code == 403


async def test_who_left_has_no_token_any_more(ana: Client, other: Client) -> None:
    assert (await ana.delete("/settings/people/2")).status_code == 200
    assert (await other.get("/me")).status_code == 401
