"""Chat's pages: hostile text, older messages, threads, places of messages, and how much a page asks of the database."""

import httpx2 as httpx
import pytest
from starlette.applications import Starlette

from server.chat import queries
from server.identity.models import User
from tests.chat.conftest import open_room, say, tell
from tests.make import statements_of
from tests.tree import parse

Client = httpx.AsyncClient
HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "[x](javascript:alert(1))",
    "![x](https://example.org/track.png)",
    '<div hx-get="/signout" hx-trigger="load">x</div>',
    '"><svg/onload=alert(1)>',
    "@[<b onclick=alert(1)>](user:1)",
]


@pytest.mark.parametrize("text", HOSTILE)
async def test_hostile_text_is_only_text(ana: Client, mateo: Client, general: int, lucia: str, text: str) -> None:
    room = await open_room(ana, name="<i>room</i>", topic=text[:200])
    for page in (f"/chat/{room}", "/contacts/1"):
        said = await tell(ana, lucia, text) if page == "/contacts/1" else await say(ana, room, text)
        tree = parse((await mateo.get(page)).text)
        shown = tree.find(f"say-{said}" if page == "/contacts/1" else f"message-{said}")
        assert shown is not None
        for node in shown.walk():
            assert node.tag not in ("script", "img", "b", "i") or node.attrs == {}
            assert not {"onerror", "onclick", "onload"} & set(node.attrs)
            assert not (node.attrs.get("href") or "").startswith("javascript")
            assert node.attrs.get("hx-trigger") != "load"


async def test_whoever_is_alone_is_led_to_where_colleagues_are_invited(ana: Client) -> None:
    """Nobody has come yet: the list of people has nobody else."""
    assert '<a href="/settings/people">Invite colleagues</a>' in (await ana.get("/chat")).text


async def test_older_messages_come_in_order(ana: Client, general: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "PAGE", 3)
    ids = [await say(ana, general, f"number {n}") for n in range(7)]
    newest = (await ana.get(f"/chat/{general}/messages")).text
    assert [id for id in ids if f'id="message-{id}"' in newest] == ids[4:]
    assert f"before={ids[4]}" in newest
    older = (await ana.get(f"/chat/{general}/messages", params={"before": ids[4]})).text
    assert [id for id in ids if f'id="message-{id}"' in older] == ids[1:4]
    oldest = (await ana.get(f"/chat/{general}/messages", params={"before": ids[1]})).text
    assert "before=" not in oldest


async def test_a_link_to_an_old_message_shows_it(ana: Client, general: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "PAGE", 3)
    ids = [await say(ana, general, f"number {n}") for n in range(8)]
    answer = await ana.get(f"/messages/{ids[0]}")
    assert answer.headers["location"] == f"/chat/{general}?at={ids[0]}#message-{ids[0]}"
    assert f'id="message-{ids[0]}"' in (await ana.get(answer.headers["location"])).text


async def test_a_thread_opens_by_its_address(ana: Client, mateo: Client, general: int) -> None:
    root = await say(ana, general, "Who drives?")
    answer = await mateo.post(f"/messages/{root}/replies", data={"text": "Tom"})
    reply = int(answer.headers["location"].rpartition("/")[2])
    place = (await ana.get(f"/messages/{reply}")).headers["location"]
    assert place == f"/chat/{general}?at={root}&thread={root}#message-{reply}"
    page = parse((await ana.get(place)).text)
    assert "Tom" in page.find("thread").text()  # type: ignore[union-attr]
    assert page.find(f"room-{general}-messages").find(f"message-{reply}") is None  # type: ignore[union-attr]


async def test_read_only_members_read(app: Starlette, ana: Client, mateo: Client, general: int) -> None:
    message = await say(ana, general, "Hello")
    async with app.state.database.transaction() as tx:
        person = await tx.get(User, 2)
        assert person is not None
        person.role = "read-only"
    page = (await mateo.get(f"/chat/{general}")).text
    assert "Hello" in page
    assert f'action="/rooms/{general}/messages"' not in page
    assert (await mateo.post(f"/rooms/{general}/messages", data={"text": "x"})).status_code == 403
    assert (await mateo.put(f"/messages/{message}/reactions/👍")).status_code == 403
    assert (await mateo.put(f"/rooms/{general}/read", data={"message": str(message)})).status_code == 200


async def test_fragments_know_no_reader(ana: Client, mateo: Client, general: int) -> None:
    message = await say(ana, general, "Hello")
    await mateo.put(f"/messages/{message}/reactions/👍")
    headers = {"hx-request": "true"}
    mine, theirs = [await one.get(f"/messages/{message}", headers=headers) for one in (ana, mateo)]
    assert mine.text == theirs.text
    assert 'data-users="2"' in mine.text


async def test_statements(app: Starlette, ana: Client, mateo: Client, lucia: str, general: int) -> None:
    """The same for one message and for many."""
    counts = []
    for many in (1, 12):
        for n in range(many):
            message = await say(ana, general, f"number {n}")
            await mateo.post(f"/messages/{message}/replies", data={"text": "yes"})
            await mateo.put(f"/messages/{message}/reactions/👍")
            await tell(ana, lucia, f"number {n}")
        counts.append(await statements_of(app, lambda: ana.get(f"/chat/{general}")))
    assert counts[0] == counts[1] <= 15
    assert await statements_of(app, lambda: ana.get("/chat")) <= 10
