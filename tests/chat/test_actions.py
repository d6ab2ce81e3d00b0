"""Verbs of chat: what becomes of rows, which facts they announce, and what they refuse."""

import httpx2 as httpx
import pytest
from sqlalchemy import select
from starlette.applications import Starlette

from server.chat.models import Message, Room, RoomMember
from server.kit.events import EventRow
from tests.chat.conftest import count_messages, open_room, restrict, say, tell

Client = httpx.AsyncClient


async def facts(app: Starlette, *names: str) -> list[EventRow]:
    async with app.state.database.transaction(read=True) as tx:
        return list(await tx.scalars(select(EventRow).where(EventRow.name.in_(names)).order_by(EventRow.id)))


async def body(app: Starlette, message: int) -> str:
    async with app.state.database.transaction(read=True) as tx:
        found: str | None = await tx.scalar(select(Message.body).where(Message.id == message))
        return found or ""


async def test_everybody_is_in_general(app: Starlette, ana: Client, mateo: Client, general: int) -> None:
    async with app.state.database.transaction(read=True) as tx:
        members = set(await tx.scalars(select(RoomMember.user_id).where(RoomMember.room_id == general)))
    assert members == {1, 2}
    assert (await ana.put(f"/rooms/{general}/archive")).status_code == 422


async def test_a_message_says_who_is_meant(app: Starlette, ana: Client, mateo: Client, general: int) -> None:
    message = await say(ana, general, "@Mateo Ríos, ask @[The boss](user:2) and @[Nobody](user:99)", mention="user:2")
    assert await body(app, message) == "@[Mateo Ríos](user:2), ask @[Mateo Ríos](user:2) and @Nobody"
    [row] = await facts(app, "message.posted")
    assert row.data["mentions"] == ["user:2"]
    assert row.data["excerpt"] == "@Mateo Ríos, ask @Mateo Ríos and @Nobody"
    assert (row.data["room"], row.data["author"], row.about) == (general, 1, None)


async def test_facts_of_closed_rooms_are_about_the_room(
    app: Starlette, ana: Client, secret: int, talk: int, lucia: str
) -> None:
    """So that whoever reads facts by `allowed` never reads these."""
    await say(ana, secret, "one")
    await say(ana, talk, "two")
    await tell(ana, lucia, "three")
    abouts = [row.about for row in await facts(app, "message.posted")]
    assert abouts == [f"room:{secret}", f"room:{talk}", lucia]


async def test_a_pair_has_one_room(ana: Client, mateo: Client) -> None:
    first = await open_room(ana, kind="direct", user="2")
    assert await open_room(mateo, kind="direct", user="1") == first
    assert (await ana.post("/rooms", data={"kind": "direct", "user": "1"})).status_code == 422
    assert (await ana.post("/rooms", data={"kind": "direct", "user": "99"})).status_code == 404


async def test_a_record_has_one_discussion(app: Starlette, ana: Client, mateo: Client, lucia: str) -> None:
    await tell(ana, lucia, "one")
    await tell(mateo, lucia, "two")
    async with app.state.database.transaction(read=True) as tx:
        assert list(await tx.scalars(select(Room.about).where(Room.kind == "record"))) == [lucia]
    assert len(await facts(app, "room.created")) == 2  # general was first


@pytest.mark.parametrize("form", [{"name": ""}, {"name": "General"}, {"name": "x" * 90}, {"kind": "record"}])
async def test_rooms_that_cannot_be(ana: Client, general: int, form: dict[str, str]) -> None:
    assert (await ana.post("/rooms", data=form)).status_code == 422


@pytest.mark.parametrize("text", ["", "   ", "x" * 10_001])
async def test_messages_that_cannot_be(app: Starlette, ana: Client, general: int, text: str) -> None:
    assert (await ana.post(f"/rooms/{general}/messages", data={"text": text})).status_code == 422
    assert await count_messages(app) == 0


async def test_only_the_author_edits(app: Starlette, ana: Client, mateo: Client, general: int) -> None:
    message = await say(mateo, general, "Van 2")
    assert (await ana.put(f"/messages/{message}", data={"text": "Van 3"})).status_code == 403
    assert (await mateo.put(f"/messages/{message}", data={"text": "Van 2"})).status_code == 200
    assert await facts(app, "message.edited") == []
    assert (await mateo.put(f"/messages/{message}", data={"text": "Van 4"})).status_code == 200
    assert await body(app, message) == "Van 4"


async def test_managers_take_back_and_it_can_be_undone(ana: Client, mateo: Client, general: int) -> None:
    theirs, own = await say(mateo, general, "Hm, not so sure"), await say(ana, general, "Well")
    assert (await mateo.put(f"/messages/{own}/removal")).status_code == 403
    answer = await ana.put(f"/messages/{theirs}/removal")
    assert "removal" in answer.headers["x-toast"]
    assert "Hm, not so sure" not in (await mateo.get(f"/chat/{general}")).text
    assert (await ana.delete(f"/messages/{theirs}/removal")).status_code == 200
    assert "Hm, not so sure" in (await mateo.get(f"/chat/{general}")).text


async def test_a_sign_is_put_once(app: Starlette, ana: Client, general: int) -> None:
    message = await say(ana, general, "Done")
    for _ in range(2):
        assert (await ana.put(f"/messages/{message}/reactions/👍")).status_code == 200
    assert len(await facts(app, "reaction.added")) == 1
    assert (await ana.put(f"/messages/{message}/reactions/🐙")).status_code == 422
    for _ in range(2):
        assert (await ana.delete(f"/messages/{message}/reactions/👍")).status_code == 200
    assert len(await facts(app, "reaction.removed")) == 1


async def test_an_archived_room_is_only_read(ana: Client, mateo: Client) -> None:
    room = await open_room(ana, name="installations")
    message = await say(mateo, room, "Van 2")
    assert (await mateo.put(f"/rooms/{room}/archive")).status_code == 403
    assert (await ana.put(f"/rooms/{room}/archive")).status_code == 200
    assert (await mateo.post(f"/rooms/{room}/messages", data={"text": "x"})).status_code == 422
    assert (await mateo.put(f"/messages/{message}", data={"text": "x"})).status_code == 422
    assert "Van 2" in (await mateo.get(f"/chat/{room}")).text
    assert await open_room(mateo, name="installations") != room


async def test_unread_and_reading(ana: Client, mateo: Client, general: int) -> None:
    first = await say(ana, general, "one")
    await say(ana, general, "two")
    assert 'data-unread="2"' in (await mateo.get("/chat")).text
    await mateo.put(f"/rooms/{general}/read", data={"message": str(first)})
    assert 'data-unread="1"' in (await mateo.get("/chat")).text
    await say(mateo, general, "three")
    assert 'data-unread="0"' in (await mateo.get("/chat")).text
    assert (await mateo.put(f"/rooms/{general}/read", data={"message": "999"})).status_code == 404


async def test_the_draft_is_kept_until_it_is_sent(ana: Client, general: int, lucia: str) -> None:
    for place in (f"room:{general}", lucia):
        assert (await ana.put(f"/chat/drafts/{place}", data={"text": "Half a thought"})).status_code == 200
    assert "Half a thought" in (await ana.get(f"/chat/{general}")).text
    assert "Half a thought" in (await ana.get("/contacts/1")).text
    await say(ana, general, "A thought")
    assert "Half a thought" not in (await ana.get(f"/chat/{general}")).text


async def test_the_same_key_makes_one_message(app: Starlette, ana: Client, general: int) -> None:
    headers = {"idempotency-key": "one-and-the-same"}
    for _ in range(3):
        answer = await ana.post(f"/rooms/{general}/messages", data={"text": "once"}, headers=headers)
        assert answer.status_code == 201
    assert await count_messages(app) == 1


async def test_the_last_one_out_of_a_private_room_shuts_it(ana: Client, mateo: Client, lucia: str) -> None:
    room = await open_room(mateo, name="lunch", private="1")
    await say(mateo, room, "the walnut plan")
    await mateo.delete(f"/rooms/{room}/membership")
    for client in (ana, mateo):
        assert (await client.get(f"/chat/{room}")).status_code == 404
        assert "/messages/" not in (await client.get("/palette", params={"q": "walnut"})).text


async def test_erasing_a_record_takes_its_discussion(app: Starlette, ana: Client, mateo: Client, lucia: str) -> None:
    from server.contacts.access import get_contact
    from server.contacts.trash import erase_contact
    from server.kit.access import system

    await restrict(ana, lucia, "user:1", "user:2")
    await tell(ana, lucia, "@Mateo Ríos the walnut plan", mention="user:2")
    async with app.state.database.transaction() as tx:
        await erase_contact(tx, system(1), await get_contact(tx, system(1), 1))
    assert await count_messages(app) == 0
    assert "walnut" not in (await ana.get("/palette", params={"q": "walnut"})).text.replace("“walnut”", "").replace(
        "q=walnut", ""
    ).replace("name=walnut", "")
    assert "walnut" not in (await mateo.get("/notices")).text
