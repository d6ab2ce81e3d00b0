"""Calls from a room and from a conversation: whom they ring, who may know of them, and their line in the talk."""

import re

import httpx2 as httpx
import pytest
from sqlalchemy import select
from starlette.applications import Starlette

from realtime.calls.ports import Fact, Joined, Left
from server.calls import rings
from server.calls.book import CallBook
from server.calls.models import Call, Ring
from server.chat.models import Message
from server.identity.models import Workspace
from server.kit.access import system
from server.kit.text import LANGUAGES
from server.tasks.models import Task
from tests import make
from tests.calls.conftest import read_call
from tests.chat.conftest import open_room, restrict, say, tell
from tests.conftest import add_person, client_of
from tests.live import assert_live_equals_reload, assert_live_in_both_languages

Client = httpx.AsyncClient


async def place_of(client: Client, place: str) -> int:
    """A room of Ana and Mateo; Priya is in the open one too."""
    match place:
        case "open":
            return await open_room(client, name="vans")
        case "private":
            room = await open_room(client, name="board", private="1")
            await client.put(f"/rooms/{room}/members", data={"user": "2"})
            return room
        case _:
            return await open_room(client, kind="direct", user="2")


async def call_in(client: Client, room: int, kind: str = "video") -> str:
    answer = await client.post("/calls", data={"about": f"room:{room}", "kind": kind})
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


async def rung(app: Starlette, state: str = "ringing") -> set[int]:
    async with app.state.database.transaction(read=True) as tx:
        return set(await tx.scalars(select(Ring.user_id).where(Ring.state == state)))


async def line(app: Starlette) -> Message:
    async with app.state.database.transaction(read=True) as tx:
        return (await tx.scalars(select(Message).where(Message.call_id.is_not(None)))).one()


async def told(app: Starlette, *facts: Fact) -> None:
    await CallBook(app.state.database).report(facts)


async def test_a_room_rings_its_members(app: Starlette, ana: Client, mateo: Client, priya: Client, secret: int) -> None:
    url = await call_in(ana, secret)
    assert await rung(app) == {2}
    shown = (await mateo.get("/calls/ringing")).text
    assert 'id="ring-1"' in shown and "board" in shown
    assert "ring-1" not in (await priya.get("/calls/ringing")).text
    assert (await call_in(mateo, secret)) == url, "one call for one room"
    assert (await mateo.get(url)).status_code == 200


async def test_who_muted_the_room_is_not_rung(
    app: Starlette, ana: Client, mateo: Client, priya: Client, general: int
) -> None:
    await priya.put(f"/rooms/{general}/mute")
    await call_in(ana, general)
    assert await rung(app) == {2}
    looking = {"referer": f"http://test/chat/{general}"}
    assert "ring-1" in (await priya.get("/calls/ringing", headers=looking)).text, "but sees it where they look"


async def test_a_conversation_rings_the_other_one(app: Starlette, ana: Client, mateo: Client, talk: int) -> None:
    url = await call_in(ana, talk, "audio")
    assert await rung(app) == {2}
    assert "Mateo" in (await ana.get(url)).text and "Ana Beltrán" in (await mateo.get(f"{url}/card")).text


async def test_a_discussion_calls_its_record(app: Starlette, ana: Client, mateo: Client, lucia: str) -> None:
    await tell(ana, lucia, "Shall we call her?")
    async with app.state.database.transaction(read=True) as tx:
        room = (await tx.scalars(select(Message.room_id).order_by(Message.id.desc()).limit(1))).one()
    await call_in(ana, room)
    assert (await read_call(app)).about == lucia
    await restrict(ana, lucia, "user:1")
    assert (await mateo.post("/calls", data={"about": f"room:{room}"})).status_code == 404


@pytest.mark.parametrize("place", ["private", "direct"])
async def test_strangers_to_the_room_know_nothing(
    app: Starlette, ana: Client, mateo: Client, priya: Client, place: str
) -> None:
    room = await place_of(ana, place)
    assert (await priya.post("/calls", data={"about": f"room:{room}"})).status_code == 404
    url = await call_in(ana, room)
    await make.recording(app, 1)
    for method, path in (
        ("GET", url), ("GET", f"{url}/card"), ("PUT", f"{url}/answer"), ("GET", f"{url}/recording"), ("DELETE", url),
        ("POST", f"{url}/guest-links"), ("GET", "/api/v1/calls/1"),
    ):  # fmt: skip
        assert (await priya.request(method, path)).status_code == 404, (method, path)
    assert url not in (await priya.get("/calls")).text and url in (await mateo.get("/calls")).text
    assert (await priya.get("/api/v1/calls")).json()["items"] == []
    assert (await ana.post(f"{url}/invitations", data={"to": "user:3"})).status_code == 422
    assert (await mateo.get(f"{url}/recording")).status_code == 200


async def test_the_archive_ends_it(app: Starlette, ana: Client, mateo: Client) -> None:
    room = await open_room(ana, name="vans")
    await call_in(ana, room)
    assert (await ana.put(f"/rooms/{room}/archive")).status_code < 300
    assert not (await read_call(app)).is_open
    assert (await ana.post("/calls", data={"about": f"room:{room}"})).status_code == 422


async def test_who_leaves_a_closed_room_is_out_of_its_call(
    app: Starlette, ana: Client, mateo: Client, secret: int
) -> None:
    url = await call_in(ana, secret)
    await mateo.put(f"{url}/answer")
    assert (await mateo.delete(f"/rooms/{secret}/membership")).status_code < 300
    assert (await mateo.get(url)).status_code == 404


async def test_read_only_people_start_none(app: Starlette, workspace: Workspace, ana: Client, general: int) -> None:
    async with await client_of(app, await add_person(app, workspace, "Rita", "read-only")) as rita:
        assert (await rita.post("/calls", data={"about": f"room:{general}"})).status_code == 403
        assert 'hx-post="/calls"' not in (await rita.get(f"/chat/{general}")).text


async def test_the_line_says_how_it_stands(app: Starlette, ana: Client, mateo: Client, talk: int) -> None:
    await say(ana, talk, "One moment")
    await mateo.put(f"/rooms/{talk}/read", data={"message": "1"})
    url = await call_in(ana, talk)
    room = (await read_call(app)).room
    await told(app, Joined(room, 1e9, 1))
    assert (await line(app)).call == {"kind": "video", "state": "going", "met": False, "seconds": 0}
    assert 'data-unread="1"' in (await mateo.get("/chat")).text
    await mateo.put(f"{url}/answer")
    await told(app, Joined(room, 1e9 + 5, 2))
    assert 'data-unread="0"' in (await mateo.get("/chat")).text, "who came has seen that it rang"
    await told(app, Left(room, 1e9 + 130, 2, "left"))
    assert (await ana.delete(url)).status_code < 300
    assert (await line(app)).call["state"] == "over"  # type: ignore[index]
    shown = (await mateo.get(f"/chat/{talk}")).text
    assert re.search(r"Video call</b></a><span class=\"meta num\">[\d:]+</span>", shown)
    for method, path in (("PUT", "/messages/2"), ("PUT", "/messages/2/removal"), ("GET", "/messages/2/edit")):
        assert (await ana.request(method, path, data={"text": "x"})).status_code == 403
    said = (await ana.get(f"/api/v1/rooms/{talk}/messages")).json()["items"][0]
    assert (said["call"], said["body"]) == (1, "")


async def test_a_missed_one_stays_unread_and_makes_no_task(
    app: Starlette, ana: Client, mateo: Client, talk: int
) -> None:
    url = await call_in(ana, talk)
    await mateo.put(f"{url}/decline")
    assert (await line(app)).call["state"] == "missed"  # type: ignore[index]
    await ana.delete(url)
    assert "Nobody answered" in (await mateo.get(f"/chat/{talk}")).text
    assert 'data-unread="1"' in (await mateo.get("/chat")).text
    async with app.state.database.transaction(read=True) as tx:
        assert await tx.scalar(select(Task.id)) is None and (await tx.get_one(Call, 1)).missed_at is not None


@pytest.mark.parametrize("place", ["open", "private", "direct"])
async def test_the_line_is_live(app: Starlette, ana: Client, mateo: Client, priya: Client, place: str) -> None:
    room = await place_of(ana, place)
    await app.state.relay.drain()
    page, regions = f"/chat/{room}", (f"room-{room}-messages", f"room-{room}-news")

    async def start() -> None:
        await call_in(ana, room)

    async def meet() -> None:
        await told(app, Joined(call.room, 1e9, 1), Joined(call.room, 1e9 + 1, 2))

    await assert_live_in_both_languages(app, mateo, page, start, regions=regions)
    call = await read_call(app)
    await assert_live_in_both_languages(app, mateo, page, meet, regions=regions)
    await assert_live_in_both_languages(app, mateo, page, lambda: ana.delete("/calls/1"), regions=regions)


async def test_the_log_follows_the_room(app: Starlette, ana: Client, mateo: Client, priya: Client) -> None:
    """By its name while it is open; when it is closed, its calls leave the log of all others."""
    room = await open_room(ana, name="vans")
    await call_in(ana, room)
    await app.state.relay.drain()
    renamed = {"name": "ferries", "topic": ""}
    await assert_live_equals_reload(
        app, priya, "/calls", lambda: ana.put(f"/rooms/{room}", data=renamed), regions=("call-1-row",)
    )
    screen = await assert_live_equals_reload(
        app, priya, "/calls", lambda: ana.put(f"/rooms/{room}/privacy"), regions=("call-1-row",)
    )
    assert screen.page.find("call-1-row") is None


@pytest.mark.parametrize("how", ["nobody came", "hung up"])
async def test_who_was_called_finds_it_under_the_bell(
    app: Starlette, ana: Client, mateo: Client, talk: int, how: str
) -> None:
    """Whether it rang out or the caller left before: at once on every screen, and the notice leads to the conversation."""
    url = await call_in(ana, talk)
    await app.state.relay.drain()

    async def miss() -> None:
        if how == "hung up":
            assert (await ana.delete(url)).status_code == 200
            return
        async with app.state.database.transaction() as tx:
            call = await tx.get_one(Call, 1)
            await rings.miss(tx, system(call.workspace_id), call)

    sentence = {"en": "called you", "es": "te llamó"}
    regions = ("notices", "nav", "tabbar")
    for screen in await assert_live_in_both_languages(app, mateo, "/notices", miss, regions=regions):
        assert f"Ana Beltrán {sentence[screen.language]}" in screen.page.text()
    visited = await mateo.post("/notices/1/visit", headers={"hx-request": "true"})
    assert visited.headers["hx-redirect"] == f"/chat/{talk}"
    if how == "nobody came":
        await ana.delete(url)
    for language in LANGUAGES:
        await make.speak(app, 1, language)
        assert f"</b> {sentence[language]}" not in (await ana.get("/notices")).text
    assert len(await make.facts(app, "call.unheard")) == 1, "once, though it ends after it was missed"


async def test_no_bell_for_who_came_or_said_no_nor_for_a_room(
    app: Starlette, ana: Client, mateo: Client, priya: Client, talk: int, general: int
) -> None:
    declined = await call_in(ana, talk)
    await mateo.put(f"{declined}/decline")
    await ana.delete(declined)
    answered = await call_in(ana, talk)
    await mateo.put(f"{answered}/answer")
    await ana.delete(answered)
    await ana.delete(await call_in(ana, general))
    assert await make.facts(app, "call.unheard") == []
