"""Records by API: the same verbs and rights as the pages, JSON in and out."""

import json
from typing import Any

import pytest
from starlette.applications import Starlette

from tests import make
from tests.conftest import Client

JSON = {"content-type": "application/json"}
LUCIA = {"name": "Lucía Ferrer", "emails": ["lucia@example.org"], "phones": ["+34 600 000 118 (mobile)"]}


@pytest.fixture
async def lucia(api: Client) -> dict[str, Any]:
    answer = await api.post("/contacts", json=LUCIA)
    assert answer.status_code == 201, answer.text
    assert answer.headers["location"] == f"/api/v1/contacts/{answer.json()['id']}"
    made: dict[str, Any] = answer.json()
    return made


async def test_a_record_is_made_and_read(api: Client, lucia: dict[str, Any]) -> None:
    answer = await api.get(f"/contacts/{lucia['id']}")
    assert answer.json() == lucia
    assert lucia["about"] == "contact:1" and lucia["kind"] == "contact" and lucia["version"] == 1
    assert lucia["phones"] == [{"value": "+34 600 000 118", "label": "mobile"}]
    assert lucia["company"] is None and lucia["custom"] == {} and lucia["url"] == "/contacts/1"


async def test_a_change_touches_only_what_was_sent(app: Starlette, api: Client, lucia: dict[str, Any]) -> None:
    answer = await api.patch("/contacts/1", json={"company": "Hoteles Almadraba", "tags": ["vip"], "owner": 1})
    assert answer.status_code == 200, answer.text
    changed = answer.json()
    assert changed["company"] == {"id": 2, "name": "Hoteles Almadraba"} and changed["owner"] == 1
    assert changed["emails"] == lucia["emails"] and changed["tags"] == ["vip"] and changed["version"] == 2
    facts = await make.facts(app, "contact.changed")
    assert {fact.data["field"] for fact in facts} == {"company", "tags", "owner"}
    assert {fact.via for fact in facts} == {"api"}
    assert (await api.get("/companies/2")).json()["name"] == "Hoteles Almadraba"
    assert (await api.get("/companies/1")).status_code == 404


async def test_the_same_field_asks(api: Client, other: Client, lucia: dict[str, Any]) -> None:
    theirs = await other.patch("/contacts/1", json={"phones": ["+34 600 000 142"]})
    assert theirs.status_code == 200
    for seen in ({"version": 1}, {"seen": {"phones": 1}}):
        answer = await api.patch("/contacts/1", json={"phones": ["+34 600 000 999"], **seen})
        assert answer.status_code == 409
        assert answer.json()["theirs"]["value"] == "+34 600 000 142" and answer.json()["theirs"]["who"] == "Mateo Ríos"
    merged = await api.patch("/contacts/1", json={"title": "Director", "version": 1})
    assert merged.status_code == 200
    assert merged.json()["phones"][0]["value"] == "+34 600 000 142"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": 7}, "name"),
        ({"name": ["x"]}, "name"),
        ({"name": "x", "emails": "a@example.org"}, "emails"),
        ({"name": "x", "emails": [7]}, "emails.0"),
        ({"name": "x", "emails": ["no mail"]}, "emails"),
        ({"name": "x", "owner": "1"}, "owner"),
        ({"name": "x", "owner": 1.5}, "owner"),
        ({"name": "x", "owner": True}, "owner"),
        ({"name": "x", "owner": 10**30}, "owner"),
        ({"name": "x", "owner": 99}, "owner"),
        ({"name": "x", "workspace_id": 2}, "workspace_id"),
        ({"name": "x", "self": 2}, "self"),
        ({"name": "x", "message": 2}, "message"),
        ({"name": "x", "a\ud800": 2}, ""),
        ({"name": "\ud800"}, "name"),
        ({"name": "x", "custom": {"nothing": 1}}, "x.nothing"),
        ({}, "name"),
        ({"name": "   "}, "name"),
        ({"name": "x" * 201}, "name"),
    ],
    ids=str,
)
async def test_what_does_not_fit_is_refused(app: Starlette, api: Client, body: dict[str, Any], field: str) -> None:
    answer = await api.post("/contacts", content=json.dumps(body), headers=JSON)
    assert answer.status_code == 422, answer.text
    assert answer.json()["error"] == "invalid" and list(answer.json()["fields"]) == [field]
    assert await make.facts(app, "contact.created") == []


@pytest.mark.parametrize("raw", ["[]", "7", '"x"', "null", "", "{", "NaN", '{"name": NaN}', "[" * 100_000])
async def test_a_body_that_is_no_object_is_refused(api: Client, raw: str) -> None:
    answer = await api.post("/contacts", content=raw, headers={"content-type": "application/json"})
    assert answer.status_code == 422, answer.text


async def test_a_slip_in_what_was_seen_overwrites_nothing(api: Client, lucia: dict[str, Any]) -> None:
    address = f"/contacts/{lucia['id']}"
    slip = await api.patch(address, json={"phones": ["+34 600 000 119"], "seen": {"phone": 1}})
    assert (slip.status_code, slip.json()["fields"]) == (422, {"seen.phone": "No such field"})
    assert (await api.get(address)).json()["phones"] == lucia["phones"]


@pytest.mark.parametrize(("limit", "said"), [(0, "At least 1"), (101, "At most 100")])
async def test_how_many_a_page_has_is_said(api: Client, limit: int, said: str) -> None:
    assert (await api.get(f"/contacts?limit={limit}")).json()["fields"] == {"limit": said}


async def test_how_an_own_field_is_compared_is_said(api: Client) -> None:
    await api.post("/fields", json={"label": "Tenure", "kind": "number"})
    for name in ("x.tenure", "x.tenure.ge"):
        answer = await api.get(f"/contacts?{name}=12")
        assert answer.status_code == 422 and ".gt" in answer.json()["fields"][name]


async def test_lists_go_on_after_a_cursor(api: Client) -> None:
    for n in range(5):
        assert (
            await api.post("/contacts", json={"name": f"Person {n}", "tags": ["even"] if n % 2 == 0 else []})
        ).status_code == 201
    first = (await api.get("/contacts?limit=2")).json()
    second = (await api.get(f"/contacts?limit=2&cursor={first['next']}")).json()
    third = (await api.get(f"/contacts?limit=2&cursor={second['next']}")).json()
    assert [c["name"] for page in (first, second, third) for c in page["items"]] == [f"Person {n}" for n in range(5)]
    assert third["next"] is None
    assert len((await api.get("/contacts?tag=even")).json()["items"]) == 3
    assert [c["id"] for c in (await api.get("/contacts?q=erson+3")).json()["items"]] == [4]
    assert (await api.get("/contacts?owner=me")).json()["items"] == []


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=101", "limit=x", "cursor=%21", "nothing=1", "owner=x", "limit=1&limit=2"]
)
async def test_addresses_that_make_no_sense_are_refused(api: Client, query: str) -> None:
    assert (await api.get(f"/contacts?{query}")).status_code == 422


async def test_back_from_the_trash(api: Client, other: Client, lucia: dict[str, Any]) -> None:
    assert (await api.delete("/contacts/1/trash")).status_code == 404
    await api.delete("/contacts/1")
    assert (await other.delete("/contacts/1/trash")).status_code == 403
    assert (await api.delete("/companies/1/trash")).status_code == 404
    assert (await api.delete("/contacts/1/trash")).json()["name"] == lucia["name"]
    assert (await api.get("/contacts/1")).status_code == 200


async def test_away_into_the_trash(app: Starlette, api: Client, other: Client, lucia: dict[str, Any]) -> None:
    assert (await other.delete("/contacts/1")).status_code == 403
    answer = await api.delete("/contacts/1")
    assert answer.status_code == 204 and answer.content == b""
    assert (await api.get("/contacts/1")).status_code == 404
    assert (await api.get("/contacts")).json()["items"] == []


async def test_a_restricted_record_is_not_there_for_others(
    app: Starlette, ana: Client, api: Client, other: Client
) -> None:
    company = await make.contact(app, "Hoteles Almadraba", "company")
    lucia = await make.contact(app, company=f"#{company.id}")
    await make.restrict(ana, company.id, "user:1")
    assert (await other.get(f"/companies/{company.id}")).json() == (await other.get("/companies/999")).json()
    assert (await other.get(f"/contacts/{lucia.id}")).json()["company"] is None
    assert (await other.get("/contacts")).json()["items"][0]["company"] is None
    assert (await api.get(f"/contacts/{lucia.id}")).json()["company"]["name"] == "Hoteles Almadraba"
    answer = await other.post("/contacts", json={"name": "x", "company": company.id})
    assert answer.status_code == 422 and list(answer.json()["fields"]) == ["company"]


async def test_own_fields(api: Client, other: Client, lucia: dict[str, Any]) -> None:
    assert (await other.post("/fields", json={"label": "Tenure", "kind": "number"})).status_code == 403
    made = await api.post("/fields", json={"label": "Tenure", "kind": "number"})
    assert made.status_code == 201 and made.json()["key"] == "tenure"
    answer = await api.patch("/contacts/1", json={"custom": {"tenure": 12}})
    assert answer.json()["custom"] == {"tenure": 12}
    assert (await api.patch("/contacts/1", json={"custom": {"tenure": "many"}})).status_code == 422
    assert (await api.patch("/contacts/1", json={"custom": {"tenure": None}})).json()["custom"] == {}
    assert [field["key"] for field in (await other.get("/fields")).json()["items"]] == ["tenure"]


async def test_a_key_writes_once(app: Starlette, api: Client) -> None:
    headers = {"idempotency-key": "the same act"}
    first = await api.post("/contacts", json=LUCIA, headers=headers)
    again = await api.post("/contacts", json=LUCIA, headers=headers)
    assert first.json() == again.json() and again.status_code == 201
    assert len(await make.facts(app, "contact.created")) == 1
    removed = [await api.delete("/contacts/1", headers={"idempotency-key": "away with it"}) for _ in range(2)]
    assert [answer.status_code for answer in removed] == [204, 204]


async def test_a_list_is_few_statements(app: Starlette, api: Client) -> None:
    for n in range(10):
        await make.contact(app, f"Person {n}", company=f"Company {n}")
    with make.counted(app) as statements:
        answer = await api.get("/contacts")
    assert len(answer.json()["items"]) == 10 and len(statements) <= 6, statements


async def test_one_mail_or_number_written_twice_is_one(api: Client, lucia: dict[str, Any]) -> None:
    both = {
        "emails": ["Lucia@Example.org", "lucia@example.org", "info@example.org"],
        "phones": ["+34 600 000 118 (mobile)", "+34600000118", "+34 600 000 118 ext. 5"],
    }
    changed = (await api.patch(f"/contacts/{lucia['id']}", json=both)).json()
    assert [one["value"] for one in changed["emails"]] == ["Lucia@Example.org", "info@example.org"]
    assert [one["value"] for one in changed["phones"]] == ["+34 600 000 118", "+34 600 000 118 ext. 5"]
