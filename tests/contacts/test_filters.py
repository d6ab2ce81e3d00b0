"""Filters on own fields: what cannot be compared is said, never silently nothing."""

import httpx2 as httpx
import pytest
from starlette.applications import Starlette

from server.contacts.custom import define_field
from tests import make

Client = httpx.AsyncClient


@pytest.fixture(autouse=True)
async def two(app: Starlette, ana: Client) -> None:
    who = await make.person(app)
    async with app.state.database.transaction() as tx:
        for label, kind in (("Seats", "number"), ("Signed on", "date"), ("Active", "yes_no"), ("City", "text")):
            await define_field(tx, who, label, kind)
    await make.contact(app, "Lucía", **{"x.seats": 3, "x.signed_on": "2026-02-01", "x.active": "yes", "x.city": "Faro"})
    await make.contact(
        app, "Oliver", **{"x.seats": 40.5, "x.signed_on": "2026-05-31", "x.active": "no", "x.city": "Leeds"}
    )


def names(page: str) -> list[str]:
    return [name for name in ("Lucía", "Oliver") if f">{name}</span>" in page]


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("x.seats.gt=abc", "Seats is compared with a number, such as 12; “abc” is none"),
        ("x.seats.is=", "Seats is compared with a value, and none is given"),
        ("x.signed_on.lt=soon", "Signed on is compared with a day, such as 2026-05-31; “soon” is none"),
        ("x.active.is=maybe", "Active is compared with yes or no; “maybe” is neither"),
    ],
)
async def test_a_value_that_is_none_is_said(ana: Client, api: Client, query: str, sentence: str) -> None:
    page = (await ana.get(f"/contacts?{query}")).text
    assert f"{sentence}. This filter is left out." in page
    assert names(page) == ["Lucía", "Oliver"]
    both = (await ana.get(f"/contacts?{query}&x.city.is=Faro")).text
    assert names(both) == ["Lucía"]  # the rest still applies
    assert sentence in both
    refused = await api.get(f"/contacts?{query}")
    assert refused.status_code == 422
    assert refused.json()["fields"] == {query.partition("=")[0]: sentence}
    assert refused.json()["message"] == sentence


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("x.seats.gt=40,4", ["Oliver"]),
        ("x.seats.is=3", ["Lucía"]),
        ("x.signed_on.gt=1.3.2026", ["Oliver"]),
        ("x.signed_on.is=2026-02-01", ["Lucía"]),
        ("x.active.is=si", ["Lucía"]),
        ("x.active.is=false", ["Oliver"]),
        ("x.seats.has=abc", []),
        ("x.city.gt=Goa", ["Oliver"]),
    ],
)
async def test_values_are_read_as_people_write_them(ana: Client, api: Client, query: str, expected: list[str]) -> None:
    page = (await ana.get(f"/contacts?{query}")).text
    assert names(page) == expected
    assert "left out" not in page
    assert [one["name"] for one in (await api.get(f"/contacts?{query}")).json()["items"]] == expected


@pytest.mark.parametrize("query", ["x.nothing.is=1", "x.seats.near=1", "colour=red"])
async def test_programs_ask_for_nothing_unknown(api: Client, query: str) -> None:
    answer = await api.get(f"/contacts?{query}")
    assert answer.status_code == 422
    said = "Say how it is compared: .is, .has, .gt, .lt, .none, .any" if "near" in query else "No such field"
    assert answer.json()["fields"] == {query.partition("=")[0]: said}
