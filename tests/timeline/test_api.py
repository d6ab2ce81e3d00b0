"""Notes by API."""

import pytest
from starlette.applications import Starlette

from tests import make
from tests.conftest import Client


@pytest.fixture
async def notes(app: Starlette, api: Client) -> str:
    """The address of Lucía's notes."""
    return f"/contacts/{(await make.contact(app)).id}/notes"


async def test_the_life_of_a_note(app: Starlette, api: Client, other: Client, notes: str) -> None:
    made = await api.post(notes, json={"body": "Prefers the **morning**"})
    assert made.status_code == 201 and made.headers["location"] == "/api/v1/notes/1", made.text
    assert made.json()["about"] == "contact:1" and made.json()["author"] == 1
    assert (await other.patch("/notes/1", json={"body": "No"})).status_code == 403
    assert (await other.patch("/notes/1", json={"pinned": True})).json()["pinned"] is True
    edited = await api.patch("/notes/1", json={"body": "Prefers the evening"})
    assert edited.json()["body"] == "Prefers the evening" and edited.json()["edited_at"]
    late = await api.patch("/notes/1", json={"body": "Prefers noon", "version": 1})
    assert late.status_code == 409 and late.json()["theirs"]["value"] == "Prefers the evening"
    assert [note["id"] for note in (await other.get(notes)).json()["items"]] == [1]
    assert (await api.delete("/notes/1")).status_code == 204
    assert (await api.get("/notes/1")).status_code == 404 and (await api.get(notes)).json()["items"] == []


async def test_the_newest_come_first(app: Starlette, api: Client, notes: str) -> None:
    for n in range(3):
        await api.post(notes, json={"body": f"note {n}"})
    first = (await api.get(f"{notes}?limit=2")).json()
    second = (await api.get(f"{notes}?limit=2&cursor={first['next']}")).json()
    assert [note["body"] for note in first["items"] + second["items"]] == ["note 2", "note 1", "note 0"]
    with make.counted(app) as statements:
        await api.get(notes)
    assert len(statements) <= 6


async def test_notes_of_a_closed_record_are_not_there(
    app: Starlette, ana: Client, api: Client, other: Client, notes: str
) -> None:
    await api.post(notes, json={"body": "Secret"})
    await make.restrict(ana, 1, "user:1")
    assert (await other.get("/notes/1")).json() == (await other.get("/notes/99")).json()
    assert (await other.get(notes)).json() == (await other.get("/contacts/99/notes")).json()
    closed, missing = [await other.post(f"/contacts/{id}/notes", json={"body": "x"}) for id in (1, 99)]
    assert (closed.status_code, closed.json()) == (missing.status_code, missing.json())
