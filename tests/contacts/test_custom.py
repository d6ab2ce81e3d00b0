"""Own fields that go and come back: what records hold keeps its meaning."""

import httpx2 as httpx
import pytest
from starlette.applications import Starlette

from tests import make

Client = httpx.AsyncClient


async def define(ana: Client, label: str, kind: str) -> None:
    answer = await ana.post("/settings/fields", data={"label": label, "kind": kind})
    assert answer.status_code == 201, answer.text


async def test_a_field_of_another_kind_does_not_find_the_old_values(app: Starlette, ana: Client, api: Client) -> None:
    await define(ana, "Seats", "text")
    lucia = await make.contact(app, **{"x.seats": "a dozen"})
    assert (await ana.delete("/settings/fields/1")).status_code == 200
    await define(ana, "Seats", "number")
    (field,) = (await api.get("/fields")).json()["items"]
    sorted_by_it = await ana.get(f"/contacts?sort=x.{field['key']}&cols={field['key']}")
    assert sorted_by_it.status_code == 200
    assert (await ana.get(f"/contacts?x.{field['key']}.gt=3")).status_code == 200
    changed = await api.patch(f"/contacts/{lucia.id}", json={"custom": {field["key"]: 12}})
    assert changed.json()["custom"][field["key"]] == 12


UNSEEN = "\u200b\u202e\u00ad"


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("/contacts", {"name": UNSEEN}),
        ("/contacts", {"name": UNSEEN, "kind": "company"}),
        ("/contacts", {"name": "Lucía", "company": UNSEEN}),
        ("/settings/fields", {"label": UNSEEN, "kind": "text"}),
        ("/settings/teams", {"name": UNSEEN}),
        ("/settings/tokens", {"name": UNSEEN}),
        ("/rooms", {"name": UNSEEN}),
        ("/contacts/views", {"name": UNSEEN, "query": "tag=x"}),
        ("/tasks", {"title": UNSEEN}),
    ],
)
async def test_a_name_that_nobody_sees_is_none(ana: Client, path: str, form: dict[str, str]) -> None:
    answer = await ana.post(path, data=form, headers={"accept": "application/json"})
    assert answer.status_code == 422, answer.text
    assert (await ana.put("/settings/workspace/name", data={"value": UNSEEN})).status_code == 422


async def test_a_comma_ends_a_tag_wherever_it_is_typed(app: Starlette, ana: Client, api: Client) -> None:
    lucia = await make.contact(app, tags=["vip"])
    form = {"ids": str(lucia.id), "value": f"hotel, coast,{UNSEEN}"}
    assert (await ana.put("/contacts/selection/tag", data=form)).status_code == 200
    assert (await api.get(f"/contacts/{lucia.id}")).json()["tags"] == ["vip", "hotel", "coast"]
    changed = await api.patch(f"/contacts/{lucia.id}", json={"tags": ["a,b"]})
    assert changed.json()["tags"] == ["a", "b"]


async def test_a_field_of_the_same_kind_finds_them_again(app: Starlette, ana: Client, api: Client) -> None:
    """Until then nobody is told what records still hold."""
    await define(ana, "Website", "text")
    lucia = await make.contact(app, **{"x.website": "almadraba.example"})
    address = f"/contacts/{lucia.id}"
    exports, asked = (f"/export{address}.vcf", "/export/contacts.vcf", "/export/contacts.csv"), (address, "/contacts")

    async def told() -> set[bool]:
        answers = [await ana.get(one) for one in exports] + [await api.get(one) for one in asked]
        return {"almadraba" in answer.text for answer in answers}

    assert await told() == {True}
    await ana.delete("/settings/fields/1")
    assert await told() == {False}
    await define(ana, "Website", "text")
    assert (await api.get(f"/contacts/{lucia.id}")).json()["custom"] == {"website": "almadraba.example"}


async def test_nobody_finds_what_records_hold_of_a_field_that_was_removed(app: Starlette, ana: Client) -> None:
    """Neither at once nor when the record changes meanwhile; a field that comes back finds it again."""
    await define(ana, "Website", "text")
    lucia = await make.contact(app, **{"x.website": "almadraba.example"})

    async def is_found() -> bool:
        await app.state.worker.drain()
        return "Lucía" in (await ana.get("/contacts?q=almadraba")).text

    assert await is_found()
    await ana.delete("/settings/fields/1")
    assert not await is_found()
    await ana.put(f"{lucia.url}/facts/title", data={"value": "Buyer", "seen": "100"})
    assert not await is_found()
    await define(ana, "Website", "text")
    assert await is_found()


@pytest.mark.parametrize(
    ("text", "language", "number"),
    [
        ("1,234", "en", 1234),
        ("1,234", "es", 1.234),
        ("1,234,567", "en", 1234567),
        ("1,234,567", "es", 1234567),
        ("1,234.50", "es", 1234.5),
        ("1.234.567", "en", 1234567),
        ("1.234,50", "en", 1234.5),
        ("-12,5", "en", -12.5),
        ("1.234", "es", 1.234),
        ("0,125", "en", 0.125),
        ("€ 1", "en", None),
    ],
)
async def test_numbers_as_people_write_them(
    app: Starlette, ana: Client, api: Client, text: str, language: str, number: float | None
) -> None:
    await define(ana, "Seats", "number")
    lucia = await make.contact(app)
    await make.speak(app, 1, language)
    answer = await ana.put(f"/contacts/{lucia.id}/facts/x.seats", data={"value": text, "seen": "0"})
    assert answer.status_code == (422 if number is None else 200)
    assert (await api.get(f"/contacts/{lucia.id}")).json()["custom"].get("seats") == number
