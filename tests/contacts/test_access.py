"""Who may do what with a record; who sees a restricted one."""

import httpx2 as httpx
import pytest
from starlette.applications import Starlette

from server.contacts.access import may
from server.contacts.models import Contact
from server.identity.models import Workspace
from server.kit.access import Principal
from tests import make
from tests.conftest import add_person, client_of

Client = httpx.AsyncClient
MINE = Contact(id=1, owner_id=7)


@pytest.mark.parametrize(
    ("role", "verb", "expected"),
    [
        ("read-only", "see", True),
        ("read-only", "edit", False),
        ("member", "edit", True),
        ("member", "delete", True),
        ("member", "restrict", False),
        ("manager", "restrict", True),
        ("owner", "delete", True),
    ],
)
def test_roles(role: str, verb: str, expected: bool) -> None:
    assert may(Principal(7, 1, role), verb, MINE) is expected  # type: ignore[arg-type]


def test_a_member_deletes_only_their_own() -> None:
    assert not may(Principal(8, 1, "member"), "delete", MINE)
    assert may(Principal(8, 1, "manager"), "delete", MINE)


async def test_a_stranger_finds_nothing(app: Starlette, ana: Client, stranger: Client) -> None:
    lucia = await make.contact(app)
    missing = await stranger.get("/contacts/999")
    there = await stranger.get(f"/contacts/{lucia.id}")
    assert there.status_code == missing.status_code == 404
    assert "Lucía" not in (await stranger.get("/contacts")).text


async def test_a_restricted_record_is_gone_for_others(app: Starlette, ana: Client, mateo: Client) -> None:
    lucia = await make.contact(app)
    await make.restrict(ana, lucia.id, "user:1")
    assert (await mateo.get(f"/contacts/{lucia.id}")).status_code == 404
    assert "Lucía" not in (await mateo.get("/contacts")).text
    assert "Lucía" not in (await mateo.get("/contacts?q=lucia")).text
    assert (await mateo.put(f"/contacts/{lucia.id}/facts/title", data={"value": "x", "seen": "0"})).status_code == 404
    assert (await ana.get(f"/contacts/{lucia.id}")).status_code == 200


async def test_a_team_on_the_list_sees_it(app: Starlette, workspace: Workspace, ana: Client, mateo: Client) -> None:
    lucia = await make.contact(app)
    await make.restrict(ana, lucia.id, "user:1", "team:1")
    assert (await mateo.get(f"/contacts/{lucia.id}")).status_code == 404
    assert (await ana.put("/settings/teams/1/members/2")).status_code == 200
    assert (await mateo.get(f"/contacts/{lucia.id}")).status_code == 200


async def test_an_owner_is_no_exception(app: Starlette, workspace: Workspace, ana: Client) -> None:
    lucia = await make.contact(app)
    other = await add_person(app, workspace, "Priya Raman", "manager")
    async with await client_of(app, other) as priya:
        await make.restrict(priya, lucia.id, f"user:{other.id}")
    assert (await ana.get(f"/contacts/{lucia.id}")).status_code == 404


async def test_a_read_only_person_reads(app: Starlette, workspace: Workspace, ana: Client) -> None:
    lucia = await make.contact(app)
    reader = await add_person(app, workspace, "Rita Reader", "read-only")
    async with await client_of(app, reader) as rita:
        assert (await rita.get(f"/contacts/{lucia.id}")).status_code == 200
        answer = await rita.put(f"/contacts/{lucia.id}/facts/title", data={"value": "x", "seen": "0"})
        assert answer.status_code == 403
        assert (await rita.put("/settings/profile/theme", data={"value": "dark"})).status_code == 200


async def test_another_site_cannot_write(app: Starlette, ana: Client) -> None:
    answer = await ana.post("/contacts", data={"name": "Forged"}, headers={"sec-fetch-site": "cross-site"})
    assert answer.status_code == 403
    assert await make.facts(app, "contact.created") == []


async def test_people_of_a_closed_company_are_found_by_it_by_its_own_readers_alone(
    app: Starlette, ana: Client, mateo: Client
) -> None:
    lucia = await make.contact(app, "Lucía Ferrer", company="Hoteles Almadraba")
    await make.contact(app, "Oliver Almadraba")
    await make.restrict(ana, lucia.company_id or 0, "user:1")
    await app.state.worker.drain()
    for words, hers, his in (
        ("almadraba", 2, 1),
        ("hoteles alma", 1, 0),
        ("hoteles", 1, 0),
        ("lucia hot", 1, 0),
        ("%", 0, 0),
    ):
        for client, count in ((ana, hers), (mateo, his)):
            with make.counted(app) as statements:
                page = (await client.get("/contacts", params={"q": words})).text
            assert page.count("data-row") == count, words
            assert f'id="contact-total">{count}<' in page
            assert len(statements) <= 6
    assert "Almadraba" not in (await mateo.get("/contacts", params={"q": "hoteles"})).text
    await ana.put(f"/contacts/{lucia.company_id}/trash")
    await app.state.worker.drain()
    assert (await ana.get("/contacts", params={"q": "hoteles"})).text.count("data-row") == 0


async def test_a_team_that_goes_leaves_its_people_on_the_list(
    app: Starlette, workspace: Workspace, ana: Client, mateo: Client
) -> None:
    """A record whose list names nobody any more would be lost to the house."""
    lucia, acme = await make.contact(app), await make.contact(app, "Acme", "company")
    await ana.put("/settings/teams/1/members/2")
    await make.restrict(ana, lucia.id, "team:1", "user:1")
    await make.restrict(ana, acme.id, "team:1", "user:1")
    assert (await ana.delete("/settings/teams/1")).status_code == 200
    assert (await mateo.get(f"/contacts/{lucia.id}")).status_code == 200
    assert (await mateo.get(f"/companies/{acme.id}")).status_code == 200
    facts = await make.facts(app, "contact.restricted")
    assert [(fact.data["old"], fact.data["new"]) for fact in facts[2:]] == [
        (["team:1", "user:1"], ["user:1", "user:2"])
    ] * 2


async def test_what_only_somebody_who_leaves_may_see_goes_to_whoever_let_them_go(
    app: Starlette, workspace: Workspace, ana: Client, mateo: Client
) -> None:
    nuria = await add_person(app, workspace, "Nuria Sanz", "manager")
    lucia, joint = await make.contact(app), await make.contact(app, "Joint")
    async with await client_of(app, nuria) as hers:
        await make.restrict(hers, lucia.id, f"user:{nuria.id}")
        await make.restrict(hers, joint.id, f"user:{nuria.id}", "user:2")
    assert (await ana.get(f"/contacts/{lucia.id}")).status_code == 404
    assert (await ana.delete(f"/settings/people/{nuria.id}")).status_code == 200
    assert (await ana.get(f"/contacts/{lucia.id}")).status_code == 200
    (fact,) = [one for one in await make.facts(app, "contact.restricted") if one.actor_id == 1]
    assert fact.data["new"] == ["user:1", f"user:{nuria.id}"], "taking access is a fact of the record"


async def test_a_closed_record_s_tags_are_not_suggested(app: Starlette, ana: Client, mateo: Client) -> None:
    lucia, oliver = await make.contact(app, tags="insolvent, vip"), await make.contact(app, "Oliver", tags="vip, gone")
    await make.restrict(ana, lucia.id, "user:1")
    assert "insolvent" in (await ana.get("/tags")).text
    theirs = (await mateo.get("/tags")).text
    assert "insolvent" not in theirs and "vip" in theirs
    await ana.put(f"/contacts/{oliver.id}/trash")
    assert "gone" not in (await mateo.get("/tags?q=go")).text
