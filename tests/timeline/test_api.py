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


async def test_a_pin_writes_over_nobody_s_words(api: Client, other: Client, notes: str) -> None:
    """Who has the note open meanwhile is not asked whose words hold."""
    await api.post(notes, json={"body": "Prefers the morning"})
    await other.patch("/notes/1", json={"pinned": True})
    edited = await api.patch("/notes/1", json={"body": "Prefers the evening", "version": 1})
    assert edited.status_code == 200 and edited.json()["pinned"] is True, edited.text
    assert (await api.patch("/notes/1", json={"body": "Prefers noon", "version": 2})).status_code == 409


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


async def test_the_life_of_a_file(app: Starlette, api: Client, other: Client, notes: str) -> None:
    home = notes.replace("notes", "files")
    made = await api.post(home, files={"file": ("../offer ñ.pdf", b"%PDF-1.7 words", "text/html")})
    assert made.status_code == 201 and made.headers["location"] == "/api/v1/files/1", made.text
    assert made.json()["name"] == "offer ñ.pdf" and made.json()["type"] == "application/pdf"
    assert (await other.get(home)).json()["items"] == [made.json()] == [(await other.get("/files/1")).json()]
    got = await other.get("/files/1/content")
    assert got.content == b"%PDF-1.7 words" and got.headers["content-disposition"].startswith("attachment")
    assert (await other.delete("/files/1")).status_code == 403
    assert (await api.delete("/files/1")).status_code == 204
    assert (await api.get("/files/1")).status_code == (await api.get("/files/1/content")).status_code == 404


async def test_a_file_comes_once_and_needs_to_be_there(app: Starlette, api: Client, notes: str) -> None:
    home, key = notes.replace("notes", "files"), {"idempotency-key": "the same file"}
    twice = [await api.post(home, files={"file": ("a.txt", b"a")}, headers=key) for _time in range(2)]
    assert [one.status_code for one in twice] == [201, 201] and twice[0].json() == twice[1].json()
    for form in ({"data": {"file": "words"}}, {"json": {"file": "x"}}, {"files": {"other": ("a", b"a")}}):
        assert list((await api.post(home, **form)).json()["fields"]) == ["file"], form
    assert len([path for path in (app.state.settings.data_dir / "files").rglob("*") if path.is_file()]) == 1


async def test_files_of_a_closed_record_are_not_there(
    app: Starlette, ana: Client, api: Client, other: Client, notes: str
) -> None:
    home = notes.replace("notes", "files")
    await api.post(home, files={"file": ("a.txt", b"a")})
    await make.restrict(ana, 1, "user:1")
    for address in ("/files/1", "/files/1/content", home):
        assert (await other.get(address)).status_code == 404, address
    assert (await other.post(home, files={"file": ("b.txt", b"b")})).status_code == 404
    assert len([path for path in (app.state.settings.data_dir / "files").rglob("*") if path.is_file()]) == 1
