"""Each verb: what the row becomes, which facts, and that twice is once."""

import pytest
from sqlalchemy import func, select
from starlette.applications import Starlette

from server.contacts.access import get_record
from server.contacts.trash import erase_contact
from server.kit.access import Principal
from server.kit.errors import Conflict, Invalid, NotFound
from server.timeline.access import get_note
from server.timeline.actions import (
    create_note,
    edit_note,
    pin_note,
    remove_note,
    restore_note,
    save_draft,
    unpin_note,
)
from server.timeline.forms import NoteDraft, with_mentions, without_marks
from server.timeline.models import Draft, File, Note, NoteVersion
from server.timeline.queries import history_of
from tests import make
from tests.timeline.conftest import Client, Facts, upload


async def act(app: Starlette, who: Principal, verb, *args, **named) -> Note:
    async with app.state.database.transaction() as tx:
        note = await get_note(tx, who, 1, removed=verb is restore_note)
        await verb(tx, who, note, *args, **named)
    return note


async def test_create(app: Starlette, ana: Client, mateo: Client, facts: Facts, who: Principal, lucia: str) -> None:
    async with app.state.database.transaction() as tx:
        await save_draft(tx, who, lucia, "@Mateo")
        body = "@Mateo Ríos and @Sales, mail ana@example.org, @Nobody, @[Evil](user:2) @[Gone](user:99)"
        note = await create_note(tx, who, NoteDraft(lucia, body))
    assert note.body.startswith("@[Mateo Ríos](user:2) and @[Sales](team:1), mail ana@example.org, @Nobody, ")
    assert note.body.endswith("@[Mateo Ríos](user:2) @Gone")
    [(name, data)] = await facts()
    assert name == "note.created"
    assert data["mentions"] == ["user:2", "team:1"]
    assert data["excerpt"].startswith("@Mateo Ríos and @Sales")
    assert len(data["excerpt"]) <= 140
    async with app.state.database.transaction(read=True) as tx:
        assert await tx.scalar(select(func.count()).select_from(Draft)) == 0
        assert await make.found(tx, who, "nobody") == ["note:1"]


@pytest.mark.parametrize("body", ["", "   ", "x" * 20_001, ["x"], None])
async def test_nonsense_is_refused(app: Starlette, ana: Client, facts: Facts, who: Principal, lucia: str, body) -> None:
    with pytest.raises(Invalid):
        async with app.state.database.transaction() as tx:
            await create_note(tx, who, NoteDraft(lucia, body))
    assert await facts() == []


async def test_no_such_record(app: Starlette, ana: Client, who: Principal) -> None:
    for about in ("contact:9", "task:1", "", "contact:1; drop"):
        with pytest.raises(NotFound):
            async with app.state.database.transaction() as tx:
                await create_note(tx, who, NoteDraft(about, "x"))


async def test_editing_keeps_every_text(app: Starlette, mateo: Client, note: str, facts: Facts, who: Principal) -> None:
    await act(app, who, edit_note, "Ask @Mateo Ríos")
    await act(app, who, edit_note, "Ask @Mateo Ríos")
    changed = await act(app, who, edit_note, "Ask @Mateo Ríos today")
    assert changed.edited_at is not None
    named = [data["mentions"] for name, data in await facts() if name == "note.edited"]
    assert named == [["user:2"], []]
    async with app.state.database.transaction(read=True) as tx:
        kept = await history_of(tx, changed)
    assert [version.body for version in kept] == [
        changed.body,
        "Ask @[Mateo Ríos](user:2)",
        "Pressure in Tarifa is **fine**",
    ]
    with pytest.raises(Conflict) as caught:
        await act(app, who, edit_note, "Mine", seen=1)
    assert caught.value.theirs["value"] == changed.body


async def test_twice_is_once(app: Starlette, note: str, facts: Facts, who: Principal) -> None:
    for verb in (pin_note, pin_note, unpin_note, unpin_note, remove_note):
        await act(app, who, verb)
    with pytest.raises(NotFound):
        await act(app, who, pin_note)
    await act(app, who, restore_note)
    names = [name for name, _data in await facts()]
    assert names == ["note.created", "note.pinned", "note.unpinned", "note.removed", "note.restored"]


async def test_a_name_that_two_people_have_needs_a_choice() -> None:
    known = [("Ana Beltrán", "user:1"), ("Ana Beltrán", "user:2"), ("Ana", "user:3")]
    assert with_mentions("@Ana Beltrán", {}, known) == "@[Ana](user:3) Beltrán"
    assert with_mentions("@Ana Beltrán", {"Ana Beltrán": "user:2"}, known) == "@[Ana Beltrán](user:2)"
    assert without_marks("hi @[Ana Beltrán](user:2)!") == "hi @Ana Beltrán!"


async def test_search_forgets_a_trashed_record(app: Starlette, ana: Client, note: str, who: Principal) -> None:
    async def found() -> list[str]:
        async with app.state.database.transaction(read=True) as tx:
            return await make.found(tx, who, "tarifa")

    assert await found() == ["note:1"]
    await ana.put("/contacts/1/trash")
    assert await found() == []
    await ana.delete("/contacts/1/trash")
    assert await found() == ["note:1"]


async def test_erasing_a_record_erases_what_is_beside_it(
    app: Starlette, ana: Client, note: str, file: str, who: Principal
) -> None:
    await ana.put(note, data={"text": "edited"})
    await ana.post("/tasks", data={"title": "About her", "about": "contact:1"})
    async with app.state.database.transaction() as tx:
        key = await tx.scalar(select(File.key))
        await erase_contact(tx, who, await get_record(tx, who, "contact:1"))
    assert app.state.services.files.path(key).exists()
    await app.state.worker.drain()
    assert not app.state.services.files.path(key).exists()
    async with app.state.database.transaction(read=True) as tx:
        for model in (Note, NoteVersion, File):
            assert await tx.scalar(select(func.count()).select_from(model)) == 0
        assert await make.found(tx, who, "her") == []


async def test_files(app: Starlette, ana: Client, lucia: str, facts: Facts) -> None:
    await upload(ana, lucia, ("../../etc/passwd", b"x"), ("foto.png", b"\x89PNG\r\n\x1a\n"))
    assert await facts() == [
        ("file.added", {"name": "passwd", "size": 1}),
        ("file.added", {"name": "foto.png", "size": 8}),
    ]
    await ana.delete("/files/1")
    await ana.delete("/files/1/removal")
    assert [name for name, _data in (await facts())[2:]] == ["file.removed", "file.restored"]
