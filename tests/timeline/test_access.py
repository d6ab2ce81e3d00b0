"""Role by verb, without a database; then notes and files of closed and trashed records."""

import pytest
from starlette.applications import Starlette

from server.identity.models import User
from server.kit.access import Principal, Role
from server.timeline.access import may
from server.timeline.models import File, Note
from tests.timeline.conftest import HX, Client, upload

OWN, OTHER = Note(author_id=5), Note(author_id=9)


@pytest.mark.parametrize(
    ("role", "verb", "thing", "allowed"),
    [
        ("read-only", "see", OTHER, True),
        ("read-only", "pin", OTHER, False),
        ("read-only", "edit", OWN, False),
        ("member", "pin", OTHER, True),
        ("member", "edit", OWN, True),
        ("member", "edit", OTHER, False),
        ("manager", "edit", OTHER, True),
        ("member", "edit", File(creator_id=5), True),
        ("member", "edit", File(creator_id=9), False),
    ],
)
def test_role_by_verb(role: Role, verb: str, thing: Note | File, allowed: bool) -> None:
    assert may(Principal(5, 1, role), verb, thing) is allowed


PATHS = [
    ("GET", "/timeline/contact:1"),
    ("GET", "/timeline/contact:1?before=99"),
    ("POST", "/timeline/contact:1/notes"),
    ("PUT", "/timeline/contact:1/draft"),
    ("PUT", "/timeline/contact:1/read"),
    ("GET", "/notes/1"),
    ("GET", "/notes/1/edit"),
    ("GET", "/notes/1/history"),
    ("PUT", "/notes/1"),
    ("DELETE", "/notes/1"),
    ("PUT", "/notes/1/pin"),
    ("DELETE", "/notes/1/pin"),
    ("GET", "/files/1"),
    ("DELETE", "/files/1"),
    ("GET", "/panels/files?about=contact:1"),
]


async def is_hidden_from(client: Client) -> None:
    for method, path in PATHS:
        answer = await client.request(method, path, data={"text": "x", "event": "1"} if method != "GET" else None)
        assert answer.status_code == 404, f"{method} {path}"
    assert (await upload(client, "contact:1", ("x.txt", b"x"))).status_code == 404


async def test_a_closed_record_hides_notes_and_files(ana: Client, mateo: Client, note: str, file: str) -> None:
    assert (await mateo.get(file)).status_code == 200
    await ana.put("/contacts/1/restriction", data={"who": "user:1"})
    await is_hidden_from(mateo)
    assert (await ana.get(file)).status_code == 200
    assert "Tarifa" in (await ana.get("/contacts/1")).text


async def test_strangers_find_nothing(stranger: Client, note: str, file: str) -> None:
    await is_hidden_from(stranger)


async def test_a_trashed_record_hides_them_from_everybody(ana: Client, note: str, file: str) -> None:
    await ana.put("/contacts/1/trash")
    await is_hidden_from(ana)
    await ana.delete("/contacts/1/trash")
    assert (await ana.get(file)).status_code == 200


async def test_only_authors_and_managers_change(
    app: Starlette, ana: Client, mateo: Client, note: str, file: str
) -> None:
    assert (await mateo.put(note, data={"text": "Mine now"})).status_code == 403
    assert (await mateo.delete(note)).status_code == 403
    assert (await mateo.delete(file)).status_code == 403
    assert (await mateo.put(f"{note}/pin")).status_code == 200
    async with app.state.database.transaction() as tx:
        (await tx.get(User, 2)).role = "manager"
    assert (await mateo.put(note, data={"text": "Mine now"})).status_code == 200


async def test_read_only_people_read(app: Starlette, ana: Client, mateo: Client, note: str) -> None:
    async with app.state.database.transaction() as tx:
        (await tx.get(User, 2)).role = "read-only"
    page = (await mateo.get("/contacts/1")).text
    assert "Tarifa" in page
    assert 'id="composer"' not in page
    assert (await mateo.post("/timeline/contact:1/notes", data={"text": "x"}, headers=HX)).status_code == 403
    assert (await upload(mateo, "contact:1", ("x.txt", b"x"))).status_code == 403
    assert (await mateo.put("/timeline/contact:1/read", data={"event": "1"})).status_code in (204, 404)
