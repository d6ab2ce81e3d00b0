"""Rooms and messages by API."""

from starlette.applications import Starlette

from tests import make
from tests.chat.conftest import say
from tests.conftest import Client


async def test_a_room_and_what_is_said_there(app: Starlette, api: Client, other: Client) -> None:
    room = await api.post("/rooms", json={"name": "renewals"})
    assert room.status_code == 201 and room.json()["kind"] == "room", room.text
    home = f"/rooms/{room.json()['id']}"
    assert (await other.get(home)).json()["name"] == "renewals"
    said = [(await api.post(f"{home}/messages", json={"body": f"word {n}"})).json() for n in range(3)]
    assert said[0]["body"] == "word 0" and said[0]["author"] == 1
    newest = (await other.get(f"{home}/messages?limit=2")).json()
    assert [message["body"] for message in newest["items"]] == ["word 2", "word 1"]
    older = (await other.get(f"{home}/messages?limit=2&cursor={newest['next']}")).json()
    assert [message["body"] for message in older["items"]] == ["word 0"] and older["next"] is None
    after = (await other.get(f"{home}/messages?after={said[0]['id']}")).json()
    assert [message["body"] for message in after["items"]] == ["word 1", "word 2"]
    reply = await other.post(f"{home}/messages", json={"body": "yes", "reply_to": said[1]["id"]})
    assert reply.json()["reply_to"] == said[1]["id"]
    assert (await api.get(f"/messages/{reply.json()['id']}")).json() == reply.json()


async def test_what_does_not_fit_is_refused(api: Client, general: int) -> None:
    for body, field in (
        ({"body": ""}, "body"),
        ({"body": " "}, "body"),
        ({"body": ["x"]}, "body"),
        ({"text": "x"}, "body"),
    ):
        answer = await api.post(f"/rooms/{general}/messages", json=body)
        assert answer.status_code == 422 and field in answer.json()["fields"], answer.text
    assert (await api.post(f"/rooms/{general}/messages", json={"body": "x", "reply_to": 99})).status_code == 422
    assert list((await api.post("/rooms", json={"kind": "direct"})).json()["fields"]) == ["user"]
    assert list((await api.post("/rooms", json={"kind": "direct", "user": 99})).json()["fields"]) == ["user"]


async def test_closed_rooms_are_not_there_for_others(
    ana: Client, priya: Client, secret: int, talk: int, api: Client, other: Client, app: Starlette
) -> None:
    from tests.conftest import program, token_of

    await say(ana, secret, "between us")
    async with program(app, await token_of(app, 3)) as outside:
        ids = {room["id"] for room in (await outside.get("/rooms")).json()["items"]}
        assert not ids & {secret, talk}
        for room in (secret, talk):
            assert (await outside.get(f"/rooms/{room}")).json() == (await outside.get("/rooms/999")).json()
            assert (await outside.get(f"/rooms/{room}/messages")).status_code == 404
            assert (await outside.post(f"/rooms/{room}/messages", json={"body": "x"})).status_code == 404
    inside = {room["id"]: room for room in (await other.get("/rooms")).json()["items"]}
    assert inside[secret]["private"] and inside[talk]["people"] == [1, 2]


async def test_a_removed_message_has_no_words(ana: Client, api: Client, general: int) -> None:
    message = await say(ana, general, "by mistake")
    assert (await ana.put(f"/messages/{message}/removal")).status_code == 200
    shown = (await api.get(f"/rooms/{general}/messages")).json()["items"][0]
    assert shown["removed"] and shown["body"] == ""


async def test_lists_are_few_statements(app: Starlette, ana: Client, api: Client, general: int) -> None:
    for n in range(5):
        await say(ana, general, f"word {n}")
    for address in ("/rooms", f"/rooms/{general}/messages"):
        with make.counted(app) as statements:
            assert (await api.get(address)).status_code == 200
        assert len(statements) <= 6, statements


async def test_a_discussion_begins_with_its_first_message(app: Starlette, api: Client, other: Client) -> None:
    home = f"/contacts/{(await make.contact(app)).id}/messages"
    assert (await api.get(home)).json() == {"items": [], "next": None}
    said = await api.post(home, json={"body": "She calls at noon"})
    assert said.status_code == 201, said.text
    assert said.headers["location"] == f"/api/v1/messages/{said.json()['id']}"
    assert (await other.post(home, json={"body": "I take it"})).json()["room"] == said.json()["room"]
    assert [one["body"] for one in (await other.get(home)).json()["items"]] == ["I take it", "She calls at noon"]
    assert (await api.post(home.replace("contacts", "companies"), json={"body": "x"})).status_code == 404
    assert list((await api.post(home, json={"body": " "})).json()["fields"]) == ["body"]


async def test_an_answer_stops_nobody_from_changing_their_words(
    ana: Client, api: Client, other: Client, general: int
) -> None:
    first = await say(ana, general, "first words")
    await other.post(f"/rooms/{general}/messages", json={"body": "I see", "reply_to": first})
    assert (await api.get(f"/messages/{first}")).json()["version"] > 1
    changed = await api.patch(f"/messages/{first}", json={"body": "second words", "version": 1})
    assert changed.status_code == 200, changed.text
    assert (await ana.put(f"/messages/{first}/reactions/👍")).is_success
    await other.post(f"/rooms/{general}/messages", json={"body": "And so?", "reply_to": first})
    again = await api.patch(f"/messages/{first}", json={"body": "third words", "version": changed.json()["version"]})
    assert again.status_code == 200, again.text


async def test_ones_own_message_is_changed_and_removed(
    app: Starlette, ana: Client, api: Client, other: Client, general: int
) -> None:
    message = f"/messages/{await say(ana, general, 'first words')}"
    assert (await other.patch(message, json={"body": "no"})).status_code == 403
    changed = await api.patch(message, json={"body": "second words", "version": 1})
    assert changed.json()["body"] == "second words" and changed.json()["edited_at"], changed.text
    late = await api.patch(message, json={"body": "third words", "version": 1})
    assert late.status_code == 409 and late.json()["theirs"]["value"] == "second words"
    assert (await other.delete(message)).status_code == 403
    assert (await api.delete(message)).status_code == 204
    assert (await api.get(message)).json()["removed"] is True
    assert (await api.patch(message, json={"body": "again"})).status_code == 403
    assert (await api.delete("/messages/999")).status_code == 404
