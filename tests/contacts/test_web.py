"""The list and the record over HTTP."""

import asyncio
import json

import httpx2 as httpx
import pytest
from starlette.applications import Starlette

from server.contacts.actions import ContactDraft, create_contact
from server.contacts.custom import define_field
from tests import make
from tests.conftest import shared

Client = httpx.AsyncClient


async def test_the_empty_list_says_what_to_do(ana: Client) -> None:
    page = (await ana.get("/contacts")).text
    assert "Nobody at the table yet" in page
    assert 'href="/import"' in page


@pytest.mark.parametrize("path", ["/contacts", "/contacts/{id}", "/companies/{id}", "/import"])
async def test_the_sidebar_says_where_one_is(app: Starlette, ana: Client, path: str) -> None:
    kind = "company" if "companies" in path else "contact"
    record = await make.contact(app, "Hoteles Almadraba", kind)
    page = (await ana.get(path.format(id=record.id))).text
    assert page.count('data-nav="/contacts" aria-current="page"') == 2, "in the sidebar and in the tab bar"
    assert page.count('aria-current="page"') == 2, "and nowhere else"


async def test_the_list_takes_at_most_six_statements(app: Starlette, ana: Client) -> None:
    who = await make.person(app)
    async with app.state.database.transaction() as tx:
        for n in range(60):
            await create_contact(
                tx, who, ContactDraft(f"Person {n:02}", values={"company": f"Company {n % 7}", "owner": 1})
            )
    with counted(app) as statements:
        page = (await ana.get("/contacts")).text
    assert page.count("data-row") == 50
    assert len(statements) <= 6, "\n".join(statements)


counted = make.counted


async def test_the_record_takes_at_most_fifteen_statements(app: Starlette, ana: Client) -> None:
    lucia = await make.contact(app, company="Hoteles Almadraba", owner=1)
    with counted(app) as statements:
        assert (await ana.get(lucia.url)).status_code == 200
    assert len(statements) <= 15, "\n".join(statements)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("q=almad", ["Lucía"]),
        ("tag=vip", ["Oliver"]),
        ("owner=me", ["Lucía"]),
        ("owner=none", ["Oliver"]),
        ("x.seats.gt=10", ["Oliver"]),
        ("x.seats.none=", ["Lucía"]),
        ("sort=-name", ["Oliver", "Lucía"]),
        ("sort=x.seats", ["Oliver", "Lucía"]),
        ("sort=name;drop&x.nothing.is=1&owner=abc&page=-4", ["Lucía", "Oliver"]),
        ("kind=company", ["Hoteles"]),
        ("page=99", []),
    ],
)
async def test_filters_stand_in_the_address(app: Starlette, ana: Client, query: str, expected: list[str]) -> None:
    who = await make.person(app)
    async with app.state.database.transaction() as tx:
        await define_field(tx, who, "Seats", "number")
    await make.contact(app, "Lucía Ferrer", company="Hoteles Almadraba", owner=1)
    await make.contact(app, "Oliver Banks", tags="VIP", **{"x.seats": "12"})
    page = (await ana.get(f"/contacts?{query}", headers={"hx-request": "true", "hx-target": "contact-list"})).text
    found = sorted(
        (page.index(f"Select {name}"), name) for name in ("Lucía", "Oliver", "Hoteles") if f"Select {name}" in page
    )
    assert [name for _place, name in found] == expected


async def test_a_clash_answers_409_with_both(app: Starlette, ana: Client, mateo: Client) -> None:
    lucia = await make.contact(app)
    assert (await ana.put(f"{lucia.url}/facts/title", data={"value": "Director", "seen": "0"})).status_code == 200
    answer = await mateo.put(
        f"{lucia.url}/facts/title", data={"value": "Owner", "seen": "0"}, headers={"hx-request": "true"}
    )
    assert answer.status_code == 409
    assert "Director" in answer.text


async def test_trash_and_restore(app: Starlette, ana: Client) -> None:
    lucia = await make.contact(app)
    answer = await ana.put(f"{lucia.url}/trash")
    assert json.loads(answer.headers["x-toast"])["undo"] == {"method": "DELETE", "url": f"{lucia.url}/trash"}
    assert (await ana.get(lucia.url)).status_code == 404
    assert "Lucía" not in (await ana.get("/contacts?q=lucia")).text
    assert "Lucía" in (await ana.get("/contacts?trash=1")).text
    await ana.delete(f"{lucia.url}/trash")
    assert (await ana.get(lucia.url)).status_code == 200
    assert "Lucía" in (await ana.get("/contacts?q=lucia")).text


async def test_many_at_once(app: Starlette, ana: Client) -> None:
    one, two = await make.contact(app, "One"), await make.contact(app, "Two")
    answer = await ana.put(
        "/contacts/selection/tag", data={"ids": [str(one.id), str(two.id), "999"], "value": "spring"}
    )
    assert "2 records changed. 1 left as it was" in json.loads(answer.headers["x-toast"])["text"]
    assert (await ana.get("/contacts?tag=spring")).text.count("data-row") == 2


async def test_fifty_posts_of_one_key_make_one_record(app: Starlette, ana: Client) -> None:
    headers = {"idempotency-key": "one-act-only"}
    answers = await asyncio.gather(*(ana.post("/contacts", data={"name": "Once"}, headers=headers) for _ in range(50)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.headers["location"] for answer in answers}) == 1
    assert len(await make.facts(app, "contact.created")) == 1
    other = await ana.post("/contacts", data={"name": "Other"}, headers=headers)
    assert other.status_code == 422


async def test_a_refused_key_is_free_again(app: Starlette, ana: Client) -> None:
    headers = {"idempotency-key": "second-try"}
    assert (await ana.post("/contacts", data={"name": ""}, headers=headers)).status_code == 422
    assert (await ana.post("/contacts", data={"name": "Now"}, headers=headers)).status_code == 201


async def test_hostile_names_are_shown_as_text(app: Starlette, ana: Client) -> None:
    payloads = [str(one["payload"]) for one in json.loads(shared("xss/payloads.json").read_text())][:40]
    for payload in payloads:
        if not payload.strip():
            continue
        answer = await ana.post("/contacts", data={"name": payload[:200]})
        assert answer.status_code in (201, 422)
    page = (await ana.get("/contacts")).text
    assert "<img src=x" not in page.lower()
    assert "onerror=" not in page.replace("&#34;", '"').lower().split("<table")[0]


async def test_companies_have_an_address(ana: Client) -> None:
    answer = await ana.get("/companies")
    assert (answer.status_code, answer.headers["location"]) == (303, "/contacts?kind=company")


async def test_naughty_strings_survive(app: Starlette, ana: Client) -> None:
    strings = json.loads(shared("naughty/blns.json").read_text())
    lucia = await make.contact(app)
    for seen, text in enumerate(text for text in strings if text.strip() and len(text) < 150):
        answer = await ana.put(f"{lucia.url}/facts/title", data={"value": text, "seen": "100000"})
        assert answer.status_code == 200, (seen, text)


async def test_the_record_stands_in_the_list_beside_it(app: Starlette, ana: Client) -> None:
    """Also when two dozen others were touched since."""
    who = await make.person(app)
    async with app.state.database.transaction() as tx:
        ids = [(await create_contact(tx, who, ContactDraft(f"Person {n:02}"))).id for n in range(30)]
    page = (await ana.get(f"/contacts/{ids[0]}")).text
    assert f'data-row href="/contacts/{ids[0]}" aria-current="true"' in page
    assert page.count("data-row href=") == 24


async def test_facts_are_shown_as_people_say_them(app: Starlette, ana: Client) -> None:
    who = await make.person(app)
    async with app.state.database.transaction() as tx:
        await define_field(tx, who, "Customer since", "date", [])
        draft = ContactDraft("Lucía", values={"language": "es", "x.customer_since": "2022-09-09"})
        contact = await create_contact(tx, who, draft)
    page = (await ana.get(contact.url)).text
    assert "Spanish" in page
    assert '<time datetime="2022-09-09" data-format="date">' in page
    form = (await ana.get(f"{contact.url}/facts/language/edit")).text
    assert '<option value="es" selected>Spanish</option>' in form


async def test_the_empty_trash_says_so(ana: Client) -> None:
    page = (await ana.get("/contacts?trash=1")).text
    assert "The trash is empty" in page
    assert "Nobody matches" not in page


async def test_the_owners_filter_says_whose(app: Starlette, ana: Client, mateo: Client) -> None:
    await mateo.post("/contacts", data={"name": "Iris"})
    assert "<b>Mateo Ríos</b>" in (await ana.get("/contacts?owner=2")).text
    assert "<b>a colleague</b>" in (await ana.get("/contacts?owner=99")).text


async def test_a_page_after_the_last_leads_to_the_last(app: Starlette, ana: Client) -> None:
    await ana.post("/contacts", data={"name": "Iris"})
    answer = await ana.get("/contacts?page=99999&sort=-name")
    assert (answer.status_code, answer.headers["location"]) == (303, "/contacts?sort=-name")
    assert "Nobody at the table yet" in (await ana.get("/contacts?kind=company")).text


async def test_the_address_of_a_part_leads_to_its_page(app: Starlette, ana: Client) -> None:
    await ana.post("/contacts", data={"name": "Iris"})
    visit = {"sec-fetch-mode": "navigate"}
    for part, whole in (("/contacts/1/restriction", "/contacts/1"), ("/contacts/new", "/contacts")):
        answer = await ana.get(part, headers=visit)
        assert (answer.status_code, answer.headers["location"]) == (303, whole)
    assert (await ana.get("/contacts/1", headers=visit)).status_code == 200


async def test_what_is_in_the_trash_says_so_and_comes_back(
    app: Starlette, ana: Client, mateo: Client, stranger: Client
) -> None:
    """By its own page and, ticked, by the list of the trash."""
    lucia = await make.contact(app)
    await ana.put(f"{lucia.url}/trash")
    page = (await ana.get(lucia.url)).text
    assert "Lucía Ferrer is in the trash" in page
    assert f'hx-delete="{lucia.url}/trash"' in page
    assert "hx-delete" not in (await mateo.get(lucia.url)).text.partition('class="blank')[2].partition("</main>")[0]
    assert (await stranger.get(lucia.url)).status_code == 404
    assert "/contacts/selection/restore" in (await ana.get("/contacts?trash=1")).text
    assert (await ana.put("/contacts/selection/restore", data={"ids": str(lucia.id)})).status_code == 200
    assert "is in the trash" not in (await ana.get(lucia.url)).text


async def test_what_narrows_the_list_is_named_also_when_nobody_matches(ana: Client) -> None:
    await ana.post("/settings/teams", data={"name": "Sales"})
    company = (await ana.post("/contacts", data={"name": "Maple & Rye", "kind": "company"})).headers["location"]
    number = company.rpartition("/")[2]
    for address, name in (("team=1", "Sales"), ("owner=1", "Ana"), (f"company={number}", "Maple &amp; Rye")):
        page = (await ana.get(f"/contacts?q=nobody&{address}")).text
        assert "Nobody matches" in page and f"<b>{name}" in page, address
    assert "<b>a team</b>" in (await ana.get("/contacts?team=999")).text
    assert "<b>a colleague</b>" in (await ana.get("/contacts?owner=999")).text
