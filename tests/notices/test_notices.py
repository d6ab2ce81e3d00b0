"""Who is told of what: never the author, nobody who may not see it, and nobody twice."""

import json
from dataclasses import dataclass, field

import httpx2 as httpx
import pytest
from sqlalchemy import select
from starlette.applications import Starlette

from server.identity.access import by_user_id
from server.identity.models import TeamMember
from server.kit.events import Event, fact_row
from server.kit.events import EventRow as Row
from server.kit.jobs import Work
from server.kit.patches import PatchSource
from server.notices import jobs
from server.notices.models import Notice
from server.notices.reactions import tell_of_hand_over, tell_of_note, tell_of_task
from tests.chat.conftest import restrict, say, tell
from tests.live import assert_live_in_both_languages
from tests.make import statements_of

Client = httpx.AsyncClient


@dataclass(frozen=True, slots=True, kw_only=True)
class Made(Event):
    """A fact of a domain that is not here: only its name and data matter."""

    values: dict[str, object] = field(default_factory=dict)


async def happen(app: Starlette, name: str, about: str | None, actor: int, **data: object) -> None:
    reaction = {"note": tell_of_note, "task": tell_of_task}[name.partition(".")[0]]
    reaction = tell_of_hand_over if name == "task.handed" else reaction
    async with app.state.database.transaction() as tx:
        who = await by_user_id(tx, actor)
        assert who is not None
        Made.fact = name
        row = Row(**fact_row(who, Made(subject=f"{name.partition('.')[0]}:5", about=about)) | {"data": data})
        tx.add(row)
        await tx.flush()
        await reaction(tx, row)
        await reaction(tx, row)  # at least once is enough


async def told(app: Starlette) -> list[tuple[int, str, str]]:
    async with app.state.database.transaction(read=True) as tx:
        rows = await tx.execute(select(Notice.user_id, Notice.kind, Notice.text).order_by(Notice.id))
        return [tuple(row) for row in rows]


async def test_a_mention_in_an_open_room(app: Starlette, ana: Client, mateo: Client, general: int) -> None:
    await say(ana, general, "@Mateo Ríos and @Ana Beltrán look", mention="user:2")
    assert await told(app) == [(2, "mention", "@Mateo Ríos and @Ana Beltrán look")]
    page = await mateo.get("/notices")
    assert "Ana Beltrán" in page.text
    assert 'data-notice-count="1"' in page.text
    assert 'data-notice-count="0"' in (await ana.get("/notices")).text


async def test_a_mention_where_one_may_not_see(
    app: Starlette,
    ana: Client,
    mateo: Client,
    priya: Client,
    lucia: str,
    secret: int,
) -> None:
    await say(ana, secret, "@Priya Raman must not know", mention="user:3")
    await restrict(ana, lucia, "user:1", "user:2")
    await tell(ana, lucia, "@Priya Raman @Mateo Ríos", mention="user:3")
    assert await told(app) == []
    await happen(app, "note.created", lucia, 1, mentions=["user:2", "user:3"], excerpt="Only Mateo")
    assert await told(app) == [(2, "note", "Only Mateo")]


async def test_a_notice_hides_with_its_record(app: Starlette, ana: Client, mateo: Client, lucia: str) -> None:
    await tell(ana, lucia, "@Mateo Ríos the walnut plan", mention="user:2")
    assert "walnut" in (await mateo.get("/notices")).text
    await restrict(ana, lucia, "user:1")
    page = (await mateo.get("/notices")).text
    assert "walnut" not in page
    assert 'data-notice-count="0"' in page
    await restrict(ana, lucia)
    assert "walnut" in (await mateo.get("/notices")).text
    await ana.put("/contacts/1/trash")
    page = (await mateo.get("/notices")).text
    assert "walnut" not in page
    assert 'data-notice-count="0"' in page


async def test_notices_are_ones_own(app: Starlette, ana: Client, mateo: Client, general: int) -> None:
    await say(ana, general, "@Mateo Ríos", mention="user:2")
    assert (await ana.put("/notices/1/read")).status_code == 404
    assert (await ana.post("/notices/1/visit")).status_code == 404
    answer = await mateo.post("/notices/1/visit")
    assert answer.headers["location"] == "/messages/1"
    assert 'data-notice-count="0"' in (await mateo.get("/notices")).text


async def test_a_conversation_is_one_notice(app: Starlette, ana: Client, mateo: Client, talk: int) -> None:
    await say(ana, talk, "Are you there?")
    last = await say(ana, talk, "It is about Tarifa")
    assert await told(app) == [(2, "direct", "It is about Tarifa")]
    await mateo.put(f"/rooms/{talk}/read", data={"message": str(last)})
    assert 'data-notice-count="0"' in (await mateo.get("/notices")).text


async def test_a_removed_message_leaves_no_words(app: Starlette, ana: Client, mateo: Client, general: int) -> None:
    message = await say(ana, general, "@Mateo Ríos the walnut plan", mention="user:2")
    await ana.put(f"/messages/{message}/removal")
    assert await told(app) == []


@pytest.mark.parametrize(
    ("name", "data", "kind"),
    [
        ("task.created", {"assignee": 2, "title": "Ring Lucía"}, "assigned"),
        ("task.assigned", {"old": None, "new": 2, "old_team": None, "new_team": None}, "assigned"),
        ("task.handed", {"to_user": 2, "to_team": None, "comment": "She asked twice"}, "handed"),
    ],
)
async def test_tasks(app: Starlette, ana: Client, mateo: Client, name: str, data: dict[str, object], kind: str) -> None:
    await happen(app, name, None, 1, **data)
    text = str(data.get("comment") or data.get("title") or "")
    assert await told(app) == [(2, kind, text)]
    await happen(app, name, None, 2, **data)
    assert len(await told(app)) == 1


async def test_a_team_is_told_but_for_the_giver(app: Starlette, ana: Client, mateo: Client) -> None:
    async with app.state.database.transaction() as tx:
        tx.add_all([TeamMember(team_id=1, user_id=1), TeamMember(team_id=1, user_id=2)])
    await happen(app, "task.handed", None, 1, to_user=None, to_team=1, comment="For Sales")
    assert await told(app) == [(2, "handed", "For Sales")]


@pytest.mark.parametrize("fact", ["created", "one", "all"])
async def test_the_bell_is_live(app: Starlette, ana: Client, mateo: Client, general: int, fact: str) -> None:
    await say(ana, general, "@Mateo Ríos first", mention="user:2")
    await app.state.relay.drain()

    async def act() -> httpx.Response:
        if fact == "created":
            return await ana.post(f"/rooms/{general}/messages", data={"text": "@Mateo Ríos", "mention": "user:2"})
        return await mateo.put("/notices/1/read" if fact == "one" else "/notices/read")

    regions = ("notices", "nav", "tabbar")
    await assert_live_in_both_languages(app, mateo, "/notices", act, regions=regions)


async def test_only_the_newest_are_kept(
    app: Starlette, ana: Client, mateo: Client, general: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "KEPT", 2)
    for text in ("one", "two", "three"):
        await say(ana, general, f"@Mateo Ríos {text}", mention="user:2")
    await jobs.prune(Work(app.state.services, 0, 0, {}))
    assert [text for _user, _kind, text in await told(app)] == ["@Mateo Ríos two", "@Mateo Ríos three"]


async def test_the_empty_bell_says_what_comes_here(mateo: Client) -> None:
    assert "Nothing waits for you" in (await mateo.get("/notices")).text


async def test_statements(app: Starlette, ana: Client, mateo: Client, general: int) -> None:
    await say(ana, general, "@Mateo Ríos", mention="user:2")
    assert await statements_of(app, lambda: mateo.get("/notices")) <= 10


async def toasts(app: Starlette, user: str, since: int) -> str:
    source = PatchSource(app.state.database)
    messages = await source.replay(user, since, ("en",))
    assert messages is not None
    return "".join(
        json.loads(b"{" + message.bodies["en"] + b"}").get("html", "") for message in messages if message.bodies
    )


async def test_a_new_notice_is_said_at_once_and_once(app: Starlette, ana: Client, mateo: Client, general: int) -> None:
    await app.state.relay.drain()
    since = (await PatchSource(app.state.database).heads(["user:2"]))["user:2"]
    await say(ana, general, "@Mateo Ríos the van is back", mention="user:2")
    await app.state.relay.drain()
    said = await toasts(app, "user:2", since)
    assert "the van is back" in said
    assert 'hx-target="#toasts"' in said
    assert f'data-place="room:{general}"' in said
    await mateo.put("/notices/1/read")
    await app.state.relay.drain()
    assert "the van is back" not in await toasts(app, "user:2", since), "who comes back later finds it under the bell"
    assert 'hx-target="#notice-1-toast" hx-swap="delete"' in await toasts(app, "user:2", since)
