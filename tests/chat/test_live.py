"""Each fact of chat: what a second screen becomes is what a reload shows."""

from collections.abc import Awaitable, Callable

import httpx2 as httpx
import pytest
from starlette.applications import Starlette

from tests.chat.conftest import open_room, restrict, say, tell
from tests.live import Screen, assert_live_equals_reload, assert_live_in_both_languages

Client = httpx.AsyncClient
Act = Callable[[], Awaitable[httpx.Response]]
LANGUAGES = pytest.mark.parametrize("language", ["en", "es"])


@pytest.mark.parametrize("fact", ["posted", "edited", "removed", "restored", "reaction", "unreaction", "replied"])
async def test_a_message_reaches_the_room(app: Starlette, ana: Client, mateo: Client, general: int, fact: str) -> None:
    message = await say(ana, general, "Van 2 is **back**")
    if fact == "restored":
        await ana.put(f"/messages/{message}/removal")
    if fact == "unreaction":
        await ana.put(f"/messages/{message}/reactions/👍")
    await app.state.relay.drain()

    async def act() -> httpx.Response:
        match fact:
            case "posted":
                return await ana.post(f"/rooms/{general}/messages", data={"text": "And the ferry?"})
            case "edited":
                return await ana.put(f"/messages/{message}", data={"text": "Van 3 is back"})
            case "removed":
                return await ana.put(f"/messages/{message}/removal")
            case "restored":
                return await ana.delete(f"/messages/{message}/removal")
            case "replied":
                return await ana.post(f"/messages/{message}/replies", data={"text": "Tom drives"})
            case _:
                method = ana.delete if fact == "unreaction" else ana.put
                return await method(f"/messages/{message}/reactions/👍")

    regions = (f"room-{general}-messages", f"room-{general}-news")
    await assert_live_in_both_languages(app, mateo, f"/chat/{general}", act, regions=regions)


@pytest.mark.parametrize("fact", ["replied", "edited", "removed", "root"])
async def test_an_answer_reaches_the_thread(
    app: Starlette, ana: Client, mateo: Client, general: int, fact: str
) -> None:
    root = await say(ana, general, "Who drives?")
    answer = await mateo.post(f"/messages/{root}/replies", data={"text": "Tom"})
    reply = int(answer.headers["location"].rpartition("/")[2])
    await app.state.relay.drain()

    async def act() -> httpx.Response:
        match fact:
            case "replied":
                return await ana.post(f"/messages/{reply}/replies", data={"text": "Good"})
            case "edited":
                return await mateo.put(f"/messages/{reply}", data={"text": "Inés"})
            case "removed":
                return await mateo.put(f"/messages/{reply}/removal")
            case _:
                return await ana.put(f"/messages/{root}", data={"text": "Who drives today?"})

    page = f"/chat/{general}?thread={root}"
    await assert_live_in_both_languages(app, mateo, page, act, regions=("thread", f"room-{general}-messages"))


@pytest.mark.parametrize("fact", ["first", "posted", "edited", "removed", "reaction"])
async def test_a_discussion_reaches_the_record(
    app: Starlette, ana: Client, mateo: Client, lucia: str, fact: str
) -> None:
    """Also the very first message, before which there is no room."""
    message = 0 if fact == "first" else await tell(ana, lucia, "She asked twice")
    await app.state.relay.drain()

    async def act() -> httpx.Response:
        match fact:
            case "edited":
                return await ana.put(f"/messages/{message}", data={"text": "She asked once"})
            case "removed":
                return await ana.put(f"/messages/{message}/removal")
            case "reaction":
                return await mateo.put(f"/messages/{message}/reactions/👍")
            case _:
                return await ana.post(f"/discussions/{lucia}/messages", data={"text": "January is fine"})

    await assert_live_in_both_languages(app, mateo, "/contacts/1", act, regions=("discussion",))


@pytest.mark.parametrize(
    "fact", ["joined", "invited", "left", "name", "topic", "archived", "reopened", "muted", "direct"]
)
async def test_a_room_reaches_lists_and_heads(
    app: Starlette, ana: Client, mateo: Client, priya: Client, fact: str
) -> None:
    room = await open_room(ana, name="installations")
    if fact != "invited":
        await mateo.put(f"/rooms/{room}/membership")
    if fact == "reopened":
        await ana.put(f"/rooms/{room}/archive")
    await app.state.relay.drain()

    async def act() -> httpx.Response:
        match fact:
            case "joined":
                return await priya.put(f"/rooms/{room}/membership")
            case "invited":
                return await ana.put(f"/rooms/{room}/members", data={"user": "2"})
            case "left":
                return await mateo.delete(f"/rooms/{room}/membership")
            case "archived":
                return await ana.put(f"/rooms/{room}/archive")
            case "reopened":
                return await ana.delete(f"/rooms/{room}/archive")
            case "muted":
                return await mateo.put(f"/rooms/{room}/mute")
            case "direct":
                return await _write_first(ana)
            case _:
                form = {"name": "vans", "topic": ""} if fact == "name" else {"name": "installations", "topic": "Dates"}
                return await ana.put(f"/rooms/{room}", data=form)

    regions = ("rooms", "nav") if fact in ("direct", "left", "reopened") else ("rooms", f"room-{room}-head")
    page = "/chat" if fact in ("direct", "reopened") else f"/chat/{room}"
    await assert_live_in_both_languages(app, mateo, page, act, regions=regions)


async def _write_first(ana: Client) -> httpx.Response:
    talk = await open_room(ana, kind="direct", user="2")
    return await ana.post(f"/rooms/{talk}/messages", data={"text": "A word"})


async def test_archiving_takes_the_composer_away(app: Starlette, ana: Client, mateo: Client) -> None:
    room = await open_room(ana, name="installations")
    await app.state.relay.drain()

    async def act() -> httpx.Response:
        return await ana.put(f"/rooms/{room}/archive")

    screen = await assert_live_equals_reload(app, mateo, f"/chat/{room}", act, regions=("talk-page",))
    assert f"/rooms/{room}/messages" not in str([node.attrs.get("action") for node in screen.page.walk()])


async def test_reading_reaches_ones_own_other_screen(app: Starlette, ana: Client, mateo: Client, talk: int) -> None:
    message = await say(ana, talk, "Are you there?")
    await app.state.relay.drain()
    page = (await mateo.get("/chat")).text
    assert 'data-unread="1"' in page

    async def act() -> httpx.Response:
        return await mateo.put(f"/rooms/{talk}/read", data={"message": str(message)})

    await assert_live_in_both_languages(app, mateo, "/chat", act, regions=("rooms", "nav"))
    assert 'data-unread="1"' not in (await mateo.get("/chat")).text


async def test_a_mention_counts_at_once(app: Starlette, ana: Client, mateo: Client, general: int) -> None:
    async def act() -> httpx.Response:
        return await ana.post(f"/rooms/{general}/messages", data={"text": "@Mateo Ríos look", "mention": "user:2"})

    screen = await assert_live_equals_reload(app, mateo, "/chat", act, regions=("rooms", "nav"))
    item = screen.page.find(f"room-{general}-item")
    assert item is not None
    assert item.attrs["data-count"] == "1"


async def test_news_of_a_closed_room_reaches_its_members_alone(
    app: Starlette, ana: Client, mateo: Client, priya: Client, secret: int
) -> None:
    await app.state.relay.drain()
    for client, hears in ((mateo, True), (priya, False)):
        screen = Screen(app, client, "/chat")
        await screen.load()
        assert (f"room:{secret}:news" in screen.since) == hears


async def test_a_restricted_discussion_leaves_lists(app: Starlette, ana: Client, mateo: Client, lucia: str) -> None:
    await tell(mateo, lucia, "She asked twice")
    await app.state.relay.drain()

    async def act() -> httpx.Response:
        await restrict(ana, lucia, "user:1")
        return await ana.get("/chat")

    screen = await assert_live_equals_reload(app, mateo, "/chat", act, regions=("rooms",))
    assert "Lucía" not in screen.page.text()
