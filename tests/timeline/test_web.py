"""The stream's pages, drafts, read marks, files and hostile text, and how many statements a record's page takes."""

import re
from pathlib import Path

import pytest
from sqlalchemy import select
from starlette.applications import Starlette

from server.timeline.models import ReadMark
from tests.make import counted, speak
from tests.timeline.conftest import HX, PNG, Client, Facts, upload

XSS = "<img src=x onerror=alert(1)>\"'&"


async def fill(app: Starlette, ana: Client, mateo: Client, lucia: str) -> None:
    for n in range(12):
        await (ana if n % 2 else mateo).post(f"/timeline/{lucia}/notes", data={"text": f"Note {n}"}, headers=HX)
        await ana.post("/tasks", data={"title": f"Task {n}", "about": lucia, "assignee": "2", "team": "1"}, headers=HX)
        await ana.put("/contacts/1/facts/phones", data={"value": f"+34 600 000 1{n:02}", "seen": "99"})
        await upload(mateo, lucia, (f"{n}.pdf", b"%PDF-"))
    await ana.put("/notes/3/pin")
    await ana.put("/tasks/1/assignee", data={"assignee": "1"})
    await app.state.relay.drain()


async def test_a_records_page_takes_few_statements(app: Starlette, ana: Client, mateo: Client, lucia: str) -> None:
    await fill(app, ana, mateo, lucia)
    with counted(app) as statements:
        assert (await ana.get("/contacts/1")).status_code == 200
    assert len(statements) <= 15, "\n".join(statements)


async def test_older_lines_come_without_losing_the_place(
    app: Starlette, ana: Client, mateo: Client, lucia: str
) -> None:
    await fill(app, ana, mateo, lucia)

    def ids(html: str) -> list[int]:
        return [int(found) for found in re.findall(r'id="event-(\d+)"', html)]

    page = (await ana.get(f"/timeline/{lucia}", headers=HX)).text
    newest = ids(page)
    assert len(newest) == 40
    assert newest == sorted(newest)
    older = re.search(r'hx-get="([^"]+before=\d+)"', page)
    assert older is not None
    before = (await ana.get(older[1].replace("&amp;", "&"), headers=HX)).text
    assert ids(before)
    assert max(ids(before)) < min(newest)
    assert "before=" not in before
    assert (await ana.get(f"/timeline/{lucia}?before=x", headers=HX)).status_code == 422


async def test_a_filter_has_an_address(app: Starlette, ana: Client, mateo: Client, lucia: str) -> None:
    await fill(app, ana, mateo, lucia)
    for show, there, absent in [
        ("notes", "Note 3", "gave"),
        ("tasks", "Task 3", "Note 4"),
        ("files", "3.pdf", "Task 3"),
        ("changes", "changed phone", "Task 3"),
    ]:
        page = (await ana.get(f"/timeline/{lucia}?show={show}")).text
        assert there in page, show
        assert absent not in page, show
    assert "Note 11" in (await ana.get(f"/timeline/{lucia}?show=nonsense")).text


async def test_what_is_not_relayed_yet_comes_last(app: Starlette, ana: Client, lucia: str) -> None:
    await app.state.relay.drain()
    await ana.post(f"/timeline/{lucia}/notes", data={"text": "Just now"}, headers=HX)
    page = (await ana.get(f"/timeline/{lucia}", headers=HX)).text
    assert page.index("added this record") < page.index("Just now")


async def test_a_note_answers_with_its_line(ana: Client, lucia: str, facts: Facts) -> None:
    key = HX | {"idempotency-key": "the same act"}
    first = await ana.post(f"/timeline/{lucia}/notes", data={"text": "Once"}, headers=key)
    again = await ana.post(f"/timeline/{lucia}/notes", data={"text": "Once"}, headers=key)
    assert first.status_code == again.status_code == 201
    assert first.text == again.text
    assert 'hx-target="#timeline-contact-1" hx-swap="beforeend"' in first.text
    assert len(await facts()) == 1
    plain = await ana.post(f"/timeline/{lucia}/notes", data={"text": "Without scripts"})
    assert (plain.status_code, plain.headers["location"]) == (303, "/contacts/1")


@pytest.mark.parametrize(
    ("method", "path", "data", "status"),
    [
        ("POST", "/timeline/contact:1/notes", {"text": " "}, 422),
        ("POST", "/timeline/contact:1/notes", {"text": "x" * 20_001}, 422),
        ("POST", "/timeline/contact:9/notes", {"text": "x"}, 404),
        ("POST", "/timeline/task:1/notes", {"text": "x"}, 404),
        ("PUT", "/notes/1", {"text": ""}, 422),
        ("PUT", "/notes/1", {"text": "x", "seen": "abc"}, 422),
        ("PUT", "/notes/9/pin", {}, 404),
        ("DELETE", "/notes/1/removal", {}, 404),
        ("POST", "/timeline/contact:1/files", {"files": "no file"}, 422),
        ("PUT", "/timeline/contact:1/read", {"event": "999"}, 404),
        ("PUT", "/timeline/contact:1/read", {"event": "x"}, 422),
    ],
)
async def test_errors_leave_no_fact(
    ana: Client, note: str, facts: Facts, method: str, path: str, data, status: int
) -> None:
    answer = await ana.request(method, path, data=data)
    assert answer.status_code == status, answer.text
    assert len(await facts()) == 1


async def test_an_older_version_is_a_conflict(ana: Client, note: str) -> None:
    assert 'name="seen" value="1"' in (await ana.get(f"{note}/edit")).text
    await ana.put(note, data={"text": "Theirs", "seen": "1"})
    assert (await ana.put(note, data={"text": "Mine", "seen": "1"}, headers=HX)).status_code == 409
    history = (await ana.get(f"{note}/history")).text
    assert "Theirs" in history
    assert "Tarifa" in history


async def test_a_draft_comes_back(ana: Client, mateo: Client, lucia: str) -> None:
    assert (await ana.put(f"/timeline/{lucia}/draft", data={"text": "Half a thou"})).status_code == 204
    await ana.put(f"/timeline/{lucia}/draft", data={"text": "Half a thought"})
    assert ">Half a thought</textarea>" in (await ana.get("/contacts/1")).text
    assert "Half a thought" not in (await mateo.get("/contacts/1")).text
    await ana.put(f"/timeline/{lucia}/draft", data={"text": ""})
    assert "Half a thought" not in (await ana.get("/contacts/1")).text


async def test_a_read_mark_only_moves_forward(
    app: Starlette, ana: Client, mateo: Client, note: str, lucia: str
) -> None:
    assert "data-read-at" not in (await mateo.get("/contacts/1")).text
    page = (await mateo.get("/contacts/1")).text
    ids = re.findall(r'id="event-(\d+)"', page)
    for event_id in (ids[-1], ids[0]):
        assert (await mateo.put(f"/timeline/{lucia}/read", data={"event": event_id})).status_code == 204
    async with app.state.database.transaction(read=True) as tx:
        [mark] = await tx.scalars(select(ReadMark))
    assert f'data-read-at="{mark.at.isoformat()}"' in (await mateo.get("/contacts/1")).text
    assert (mark.user_id, mark.about) == (2, lucia)


def stored(folder: Path) -> list[Path]:
    return [path for path in (folder / "files").rglob("*") if path.is_file()]


async def test_files_come_and_go(app: Starlette, ana: Client, lucia: str) -> None:
    answer = await upload(ana, lucia, ("foto de Tarifa.png", PNG), ("page.html", b"<script>alert(1)</script>"))
    assert answer.status_code == 201
    assert 'class="shot"' in answer.text
    shown = await ana.get("/files/1?inline=1")
    assert shown.headers["content-type"] == "image/png" and shown.content.startswith(PNG[:8])
    page = await ana.get("/files/2?inline=1")
    assert page.headers["content-disposition"].startswith("attachment")
    assert page.headers["content-type"] == "application/octet-stream"
    assert page.headers["x-content-type-options"] == "nosniff"
    answer = await ana.delete("/files/2", headers=HX)
    assert "removal" in answer.headers["x-toast"]
    assert (await ana.get("/files/2")).status_code == 404
    assert (await ana.delete("/files/2/removal")).status_code == 200
    assert (await ana.get("/files/2")).status_code == 200


async def test_refused_uploads_leave_no_bytes(
    app: Starlette, ana: Client, mateo: Client, lucia: str, tmp_path: Path
) -> None:
    await ana.put("/contacts/1/restriction", data={"who": "user:1"})
    assert (await upload(mateo, lucia, ("x.txt", b"x"))).status_code == 404
    assert (await upload(ana, "contact:9", ("x.txt", b"x"))).status_code == 404
    key = HX | {"idempotency-key": "the same upload"}
    for _time in range(2):
        answer = await ana.post(f"/timeline/{lucia}/files", files={"files": ("a.txt", b"a")}, headers=key)
        assert answer.status_code == 201
    assert len(stored(tmp_path)) == 1


async def test_hostile_text_is_only_text(ana: Client, lucia: str) -> None:
    body = f"{XSS} <script>alert(1)</script> [x](javascript:alert(1)) <div hx-get='/signout' id='main'>"
    await ana.post(f"/timeline/{lucia}/notes", data={"text": body}, headers=HX)
    await ana.put("/notes/1/pin")
    await ana.put("/notes/1", data={"text": body + " again"})
    await upload(ana, lucia, (XSS + ".pdf", b"%PDF-"), ("<svg onload=alert(1)>.svg", b"<svg onload=alert(1)>"))
    for path in ("/contacts/1", "/notes/1/edit", "/notes/1/history", f"/timeline/{lucia}?show=notes"):
        page = (await ana.get(path, headers=HX if "notes" in path else {})).text
        assert "<img src=x" not in page, path
        assert "<script>alert" not in page, path
        assert 'href="javascript:' not in page, path
        assert "<svg onload" not in page, path
        assert "<div hx-get='/signout'" not in page, path


async def test_the_page_speaks_spanish(app: Starlette, ana: Client, note: str, file: str) -> None:
    await speak(app, 1, "es")
    page = (await ana.get("/contacts/1")).text
    for english in (
        "Only your team sees this",
        "Save note for the team",
        "Draft saved",
        "added a file",
        "Internal",
        "Changes",
    ):
        assert english not in page, english
    for spanish in ("Solo lo ve tu equipo", "Guardar nota para el equipo", "Nota interna"):
        assert spanish in page
