"""Every byte that a program's socket is sent: nothing of a case whose customer's record is closed to it."""

import json
from types import SimpleNamespace
from typing import Any, cast

from starlette.applications import Starlette

from server.channels.actions import open_channel
from server.channels.forms import ChannelDraft
from server.identity.actions import PersonDraft, WorkspaceDraft, create_workspace
from server.identity.doors import LiveDoors
from server.kit.access import Principal
from tests import make
from tests.cases.conftest import HELP, Take, letter
from tests.conftest import Client, program, token_of
from tests.portal.test_frames import Ear, said
from tests.realtime.fakes import until

SECRET = "Zebracorn"
TOPICS = ("contact:2", "contact:3", "case:1:team", "case:2:team", "cases:1", "contacts:1", "workspace:1")
MOVED = {("contact:3", "case.moved"), ("cases:1", "case.moved")}


async def test_a_token_hears_nothing_of_a_case_that_it_could_not_read(
    app: Starlette, ana: Client, mateo: Client, take: Take
) -> None:
    await take(sender="Bo <bo@x.example>", subject=SECRET, Message_ID="<a@x.example>")
    for name in ("Lucía Ferrer", "Marta Gil"):
        await make.contact(app, name)
    await take(sender="Lu <lu@x.example>", subject="Open", Message_ID="<b@x.example>")
    await make.restrict(ana, 1, "user:1")
    await app.state.relay.drain()
    headers, doors = (
        {"authorization": f"Bearer {await token_of(app, 2)}"},
        LiveDoors(app.state.database, app.state.house, app.state.settings),
    )
    ear, socket = Ear(), SimpleNamespace(headers=headers, scope={"type": "websocket"}, app=app)
    person = await doors.authenticate(cast(Any, socket))
    assert person is not None and person.variant == "json"
    connection = await app.state.hub.connect(person, ear)
    await app.state.hub.subscribe(connection, dict.fromkeys(TOPICS))
    await until(
        lambda: {"contact:3", "cases:1"} <= {at for one in said(ear) if one["t"] == "ok" for at in one["topics"]}
    )
    for act in (
        lambda: ana.post("/cases/1/records", data={"about": "contact:2"}),
        lambda: ana.put("/cases/1/parent", data={"parent": "2"}),
        lambda: ana.put("/contacts/1/facts/title", data={"value": SECRET, "seen": "0"}),
        lambda: ana.put("/cases/1/assignee", data={"assignee": "1"}),
        lambda: ana.put("/cases/1/parent", data={"parent": ""}),
        lambda: ana.delete("/cases/1/records/contact:2"),
        lambda: ana.put("/cases/1/record", data={"about": "contact:3"}),
        lambda: until(lambda: told_by(ear) >= MOVED),  # asked for later, it would be closed
        lambda: make.restrict(ana, 3, "user:1"),
        lambda: ana.put("/cases/2", data={"field": "subject", "value": "The very last word"}),
    ):
        answer = await act()
        assert answer is None or answer.status_code < 400, answer.text
        await app.state.relay.drain()
    await until(lambda: {("cases:1", "case.changed"), ("case:2:team", "case.changed")} <= told_by(ear))
    app.state.hub.leave(connection)
    frames = [frame for frame in said(ear) if frame["t"] in ("p", "r")]
    hidden = {"case:1", "contact:1"}
    shown = facts_in(ear)
    told = {(topic, one["name"]) for topic, one in shown if hidden & {one["subject"], one["about"]}}
    assert told == MOVED, "that record was open then"
    assert not any(one["name"] == "contact.restricted" for topic, one in shown if topic in ("contacts:1", "cases:1"))
    poked = {(frame["topic"], *frame["regions"]) for frame in frames if "regions" in frame and "event" not in frame}
    assert {("contact:2", "cases-panel"), ("case:2:team", "case-around")} <= poked
    assert SECRET not in ear.text


def facts_in(ear: Ear) -> list[tuple[str, Any]]:
    frames = [frame for frame in said(ear) if frame["t"] in ("p", "r")]
    return [(frame["topic"], frame["event"]) for frame in frames if "event" in frame]


def told_by(ear: Ear) -> set[tuple[str, str]]:
    return {(topic, one["name"]) for topic, one in facts_in(ear)}


async def test_two_workspaces_share_nothing(app: Starlette, ana: Client, api: Client, take: Take) -> None:
    """The same customer writes the same letter to both: two records, two cases, each with its own number and counts."""
    other = "help@elsewhere.example"
    async with app.state.database.transaction() as tx:
        draft = PersonDraft("Eve Stone", "eve@elsewhere.example", "no password")
        place, eve = await create_workspace(tx, WorkspaceDraft("Elsewhere", "en", "UTC"), draft)
        await open_channel(
            tx, Principal(eve.id, place.id, "owner", name=eve.name), ChannelDraft(other, "Elsewhere", "en")
        )
    raw = letter(Message_ID="<a@x.example>", text=SECRET)
    assert [(await take(raw, to=to)).is_known for to in (HELP, other, other)] == [False, False, True]
    await api.post("/case-views", json={"name": SECRET, "query": "priority=urgent", "shared": True})
    await app.state.relay.drain()
    token = await token_of(app, eve.id)
    ear, socket = (
        Ear(),
        SimpleNamespace(headers={"authorization": f"Bearer {token}"}, scope={"type": "websocket"}, app=app),
    )
    doors = LiveDoors(app.state.database, app.state.house, app.state.settings)
    person = await doors.authenticate(cast(Any, socket))
    assert person is not None
    connection = await app.state.hub.connect(person, ear)
    mine = f"cases:{place.id}"
    await app.state.hub.subscribe(connection, dict.fromkeys((*TOPICS, "contact:1", "case:1:customer", mine)))
    await ana.post("/cases/1/messages", data={"audience": "team", "note": SECRET})
    await take(In_Reply_To="<a@x.example>", text=SECRET)
    await app.state.relay.drain()
    await take(letter(Message_ID="<z@x.example>", subject="The very last word"), to=other)
    await app.state.relay.drain()
    await until(lambda: "The very last word" in ear.text)
    app.state.hub.leave(connection)
    frames = [frame for frame in said(ear) if frame["t"] in ("p", "r")]
    assert {frame["topic"] for frame in frames} <= {mine, "case:2:team", "contact:2", person.key}
    assert SECRET not in json.dumps(frames)
    async with program(app, token) as eves:
        cases = (await eves.get("/cases")).json()["items"]
        assert [(one["id"], one["number"]) for one in cases] == [(2, 1), (3, 2)]
        assert (await eves.get("/case-views")).json()["items"] == []
        assert (await eves.get("/contacts/1")).status_code == (await eves.get("/cases/1")).status_code == 404
    assert [one["id"] for one in (await api.get("/cases")).json()["items"]] == [1]
