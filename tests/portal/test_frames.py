"""Everything that is done to a case, and every byte that its customer's socket is sent: nothing of the team's is in it."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select
from starlette.applications import Starlette

from realtime.connection import Connection
from realtime.frames import Batch
from server.identity.doors import LiveDoors, Person
from server.identity.models import Session
from server.kit.patches import read_heads
from tests import make
from tests.cases.conftest import Take
from tests.conftest import Client
from tests.portal.conftest import LinkOf, bearer
from tests.realtime.fakes import until

SECRET = "Zebracorn"  # in everything that is the team's
INSIDE = (
    SECRET,
    ":team",
    "cases:",
    "contact:",
    "user:",
    "assign",
    "snooze",
    "urgent",
    "note",
    "draft",
    "Mateo",
    "Beltr",
)


class Ear:
    """A socket's far end: keeps every byte."""

    def __init__(self) -> None:
        self.heard: list[bytes] = []
        self.closed: int | None = None

    def write(self, batch: Batch) -> bool:
        self.heard.append(batch.plain)
        return True

    def close(self, code: int) -> None:
        self.closed = code

    async def drain(self) -> None: ...

    @property
    def text(self) -> str:
        return b"".join(self.heard).decode("utf-8", "ignore")


class Door:
    def __init__(self) -> None:
        self.headers = {"host": "test"}


async def listen(app: Starlette, token: str, *topics: str) -> tuple[Ear, Connection]:
    socket: Any = Door()
    visitor = await LiveDoors(app.state.database, app.state.house, app.state.settings).admit(socket, token)
    assert visitor is not None
    ear = Ear()
    connection = await app.state.hub.connect(visitor, ear)
    await app.state.hub.subscribe(connection, dict.fromkeys(topics, 0))
    return ear, connection


async def sit(app: Starlette, user_id: int, *topics: str) -> tuple[Ear, Connection]:
    """A member's page."""
    ear, who = Ear(), await make.person(app, user_id)
    async with app.state.database.transaction(read=True) as tx:
        head = (await read_heads(tx, who.key))[who.key]
        session = await tx.scalar(select(Session.id).where(Session.user_id == user_id).limit(1))
    connection = await app.state.hub.connect(Person(replace(who, session_id=session), "en", head=head), ear)
    await app.state.hub.subscribe(connection, dict.fromkeys(topics))
    return ear, connection


@pytest.fixture
async def customer(app: Starlette, case: str, link_of: LinkOf) -> AsyncIterator[tuple[Ear, Connection, str]]:
    """Who asks for all that there is."""
    link = await link_of()
    asked = ("case:1:customer", "case:1:team", "case:1", "case:2:customer", "cases:1", "contact:1", "contacts:1")
    ear, connection = await listen(app, link.rpartition("/")[2], *asked, "workspace:1", "user:1", "side:1")
    yield ear, connection, link
    app.state.hub.leave(connection)


def said(ear: Ear) -> list[dict[str, Any]]:
    """The frames, each JSON in its WebSocket frame."""
    decoder, text, found, at = json.JSONDecoder(), ear.text, [], 0
    while (at := text.find('{"t":', at)) >= 0:
        frame, at = decoder.raw_decode(text, at)
        found.append(frame)
    return found


async def test_no_frame_of_the_team_reaches_a_customer(
    app: Starlette,
    ana: Client,
    mateo: Client,
    anybody: Client,
    take: Take,
    case: str,
    customer: tuple[Ear, Connection, str],
) -> None:
    ear, _connection, link = customer
    team, mateos = await sit(app, 2, "case:1:team", "workspace:1")
    app.state.hub.presence.at(mateos, "case:1:team", "note", False)
    assert app.state.hub.presence.typing(mateos, "case:1:team")
    await ana.post("/settings/teams", data={"name": f"{SECRET} team", "department": "1"})
    await take(sender="Bo <bo@x.example>", subject=f"{SECRET} other", Message_ID="<b@x.example>")
    where = {"n": "1", "page": f"https://x.example/{SECRET}", "title": SECRET}
    acts = [
        lambda: ana.post(f"{case}/messages", data={"audience": "team", "note": f"{SECRET} @[Mateo Ríos](user:2)"}),
        lambda: ana.post(f"{case}/messages", data={"audience": "customer", "text": f"{SECRET} undone", "seen": "9"}),
        lambda: ana.delete(f"{case}/messages/4"),
        lambda: mateo.put(f"{case}/drafts/reply", data={"text": f"{SECRET} draft"}),
        lambda: mateo.put(f"{case}/drafts/note", data={"text": f"{SECRET} draft"}),
        lambda: ana.put(f"{case}/assignee", data={"assignee": "2", "team": "1"}),
        lambda: ana.put(case, data={"field": "priority", "value": "urgent"}),
        lambda: ana.put(f"{case}/status", data={"status": "snoozed", "until": "2027-01-10T09:00"}),
        lambda: ana.put(f"{case}/status", data={"status": "waiting"}),
        lambda: ana.put(f"{case}/status", data={"status": "solved"}),
        lambda: ana.delete(f"{case}/solution"),
        lambda: ana.post(f"{case}/links"),
        lambda: ana.put(f"{case}/reading", data={"n": "1"}),
        lambda: anybody.post("/p/case/reading", data=where, headers=bearer(link)),
        lambda: ana.put(f"{case}/record", data={"about": "contact:2"}),
        lambda: ana.put("/contacts/2/facts/title", data={"value": SECRET, "seen": "0"}),
        lambda: make.restrict(ana, 2, "user:1", "user:2"),
        lambda: ana.post(f"{case}/messages", data={"audience": "customer", "text": "x", "seen": "0"}),
        lambda: anybody.post("/p/case/rating", data={"stars": "5"}, headers=bearer(link)),
        lambda: anybody.post("/p/case/messages", data={"text": "The very last word"}, headers=bearer(link)),
    ]
    for act in acts:
        await act()
        await app.state.relay.drain()
    await until(lambda: "The very last word" in ear.text and "The very last word" in team.text)
    assert SECRET in team.text, "the team was told"
    told = json.dumps([frame for frame in said(ear) if frame["t"] != "no"], ensure_ascii=False)
    assert [word for word in INSIDE if word in told] == []
    assert SECRET not in ear.text
    topics = {frame.get("topic") for frame in said(ear) if frame["t"] not in ("no", "ok", "hb")}
    assert topics <= {"case:1:customer", None}
    assert {frame["t"] for frame in said(ear)} <= {"ok", "no", "p", "hb"}
    app.state.hub.leave(mateos)


async def test_writing_is_shown_to_the_other_side_without_a_name(
    app: Starlette, ana: Client, mateo: Client, customer: tuple[Ear, Connection, str]
) -> None:
    ear, connection, _link = customer
    team, mateos = await sit(app, 2, "case:1:team")
    presence = app.state.hub.presence
    assert presence.typing(connection, "case:1:customer")
    await until(lambda: '"t":"typing","topic":"case:1:team","id":0' in team.text)
    assert not presence.typing(connection, "case:1:team"), "no topic of the team's"
    assert presence.typing(mateos, "case:1:team") and presence.typing(mateos, "case:1:customer")
    await until(lambda: '"t":"typing"' in ear.text)
    assert [frame for frame in said(ear) if frame["t"] == "typing"] == [{"t": "typing", "topic": "case:1:customer"}]
    assert not presence.typing(mateos, "case:2:customer"), "only where one listens to the team's side"
    app.state.hub.leave(mateos)


async def test_a_revoked_link_is_cut_off(
    app: Starlette, ana: Client, case: str, customer: tuple[Ear, Connection, str]
) -> None:
    ear, connection, _link = customer
    await ana.delete(f"{case}/links")
    await app.state.relay.drain()
    await until(lambda: connection.closed is not None)
    assert ear.closed == 4401
