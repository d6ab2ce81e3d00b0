"""Who sees which room, by page, act, topic and search."""

import httpx2 as httpx
import pytest
from starlette.applications import Starlette

from server.chat.access import may, may_hear_room, may_touch
from server.chat.models import Message, Room
from server.identity.access import by_user_id
from server.kit.access import ROLES, Principal
from tests.chat.conftest import open_room, restrict, say, tell

Client = httpx.AsyncClient


async def heard(app: Starlette, user: int, *rests: str) -> set[str]:
    async with app.state.database.transaction(read=True) as tx:
        who = await by_user_id(tx, user)
        assert who is not None
        return await may_hear_room(tx, who, set(rests))


async def statuses(client: Client, room: int, message: int) -> set[int]:
    """Every way into a room."""
    answers = [
        await client.get(f"/chat/{room}"),
        await client.get(f"/chat/{room}/messages"),
        await client.get(f"/rooms/{room}/members"),
        await client.post(f"/rooms/{room}/messages", data={"text": "hello"}),
        await client.put(f"/rooms/{room}/membership"),
        await client.put(f"/rooms/{room}/read", data={"message": str(message)}),
        await client.put(f"/rooms/{room}/archive"),
        await client.put(f"/rooms/{room}", data={"name": "mine"}),
        await client.put(f"/rooms/{room}/members", data={"user": "3"}),
        await client.put(f"/chat/drafts/room:{room}", data={"text": "x"}),
        await client.get(f"/messages/{message}"),
        await client.get(f"/messages/{message}/thread"),
        await client.get(f"/messages/{message}/edit"),
        await client.put(f"/messages/{message}", data={"text": "other"}),
        await client.post(f"/messages/{message}/replies", data={"text": "other"}),
        await client.put(f"/messages/{message}/reactions/👍"),
        await client.put(f"/messages/{message}/removal"),
    ]
    return {answer.status_code for answer in answers}


async def test_a_private_room_is_not_there_for_others(
    app: Starlette, ana: Client, priya: Client, stranger: Client, secret: int
) -> None:
    message = await say(ana, secret, "The walnut plan")
    assert await statuses(priya, secret, message) == {404}
    assert await statuses(stranger, secret, message) == {404}
    assert f'href="/chat/{secret}"' in (await ana.get("/chat")).text
    for page in ("/chat", "/rooms"):
        assert f'href="/chat/{secret}"' not in (await priya.get(page)).text
    assert await heard(app, 3, str(secret), f"{secret}:news") == set()
    assert await heard(app, 2, str(secret), f"{secret}:news") == {str(secret), f"{secret}:news"}


async def test_a_conversation_is_for_its_two(app: Starlette, ana: Client, priya: Client, talk: int) -> None:
    message = await say(ana, talk, "Between us")
    assert await statuses(priya, talk, message) == {404}
    assert await heard(app, 3, str(talk), f"{talk}:news") == set()
    assert await heard(app, 1, str(talk)) == {str(talk)}


async def test_owners_do_not_see_rooms_they_are_not_in(app: Starlette, ana: Client, mateo: Client) -> None:
    room = await open_room(mateo, name="lunch", private="1")
    assert (await ana.get(f"/chat/{room}")).status_code == 404
    assert await heard(app, 1, str(room)) == set()


async def test_an_open_room_is_for_the_whole_workspace_and_no_other(
    app: Starlette, ana: Client, mateo: Client, stranger: Client
) -> None:
    room = await open_room(ana, name="installations")
    message = await say(ana, room, "Van 2 is back")
    assert "Van 2 is back" in (await mateo.get(f"/chat/{room}")).text
    assert await heard(app, 2, str(room), f"{room}:news", "999", "x", "1:what") == {str(room), f"{room}:news"}
    assert await statuses(stranger, room, message) == {404}
    assert await say(mateo, room, "Good") > message


async def test_a_discussion_is_for_whoever_sees_the_record(
    app: Starlette, ana: Client, mateo: Client, stranger: Client, lucia: str
) -> None:
    message = await tell(mateo, lucia, "She asked twice")
    room = 0
    for one in (ana, mateo):
        answer = await one.get(f"/discussions/{lucia}")
        room = int(answer.headers["location"].rpartition("/")[2])
        assert "She asked twice" in (await one.get(f"/chat/{room}")).text
    assert (await stranger.get(f"/discussions/{lucia}")).status_code == 404
    await restrict(ana, lucia, "user:1")
    assert await statuses(mateo, room, message) == {404}
    assert (await mateo.get(f"/discussions/{lucia}")).status_code == 404
    assert (await mateo.post(f"/discussions/{lucia}/messages", data={"text": "x"})).status_code == 404
    assert "Lucía" not in (await mateo.get("/chat")).text
    assert await heard(app, 2, str(room), f"{room}:news") == set()
    assert await heard(app, 1, str(room)) == {str(room)}


async def test_the_discussion_goes_to_the_trash_with_its_record(app: Starlette, ana: Client, lucia: str) -> None:
    await tell(ana, lucia, "Soon gone")
    room = int((await ana.get(f"/discussions/{lucia}")).headers["location"].rpartition("/")[2])
    assert (await ana.put("/contacts/1/trash")).status_code == 200
    assert (await ana.get(f"/chat/{room}")).status_code == 404
    assert "Lucía" not in (await ana.get("/chat")).text
    assert await heard(app, 1, str(room)) == set()
    assert (await ana.delete("/contacts/1/trash")).status_code == 200
    assert "Soon gone" in (await ana.get(f"/chat/{room}")).text


async def test_leaving_a_private_room_shuts_its_door(app: Starlette, mateo: Client, secret: int) -> None:
    assert (await mateo.delete(f"/rooms/{secret}/membership")).status_code == 200
    assert (await mateo.get(f"/chat/{secret}")).status_code == 404
    assert await heard(app, 2, str(secret), f"{secret}:news") == set()


@pytest.mark.parametrize("role", ROLES)
def test_what_each_role_may_do_to_a_room(role: str) -> None:
    who = Principal(5, 1, role)  # type: ignore[arg-type]
    own, other = Room(kind="room", creator_id=5), Room(kind="room", creator_id=6)
    assert may(who, "see", other)
    assert may(who, "write", other) == (role != "read-only")
    assert may(who, "change", own) == (role != "read-only")
    assert may(who, "change", other) == (role in ("owner", "admin", "manager"))
    assert not may(who, "change", Room(kind="direct", creator_id=5))


@pytest.mark.parametrize("role", ROLES)
def test_what_each_role_may_do_to_a_message(role: str) -> None:
    who = Principal(5, 1, role)  # type: ignore[arg-type]
    own, other = Message(author_id=5), Message(author_id=6)
    assert may_touch(who, "edit", own) == (role != "read-only")
    assert not may_touch(who, "edit", other)
    assert may_touch(who, "remove", own) == (role != "read-only")
    assert may_touch(who, "remove", other) == (role in ("owner", "admin", "manager"))
