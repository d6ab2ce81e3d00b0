"""What people do with calls, over HTTP."""

import json
import re

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import joinedload
from starlette.applications import Starlette

from realtime.calls.ports import Joined
from server.calls.book import CallBook
from server.calls.guests import come_by_link
from server.calls.models import Call, CallMessage, GuestLink, Participant, Recording, Ring
from server.contacts.models import Contact
from server.contacts.trash import erase_contact
from server.identity.models import Workspace
from tests import make
from tests.calls.conftest import AGREED, Client, Facts, read_call, told
from tests.conftest import add_person, client_of

HTMX = {"hx-request": "true"}


async def test_a_call_is_started_once(app: Starlette, ana: Client, mateo: Client, lucia: str, facts: Facts) -> None:
    first = await ana.post("/calls", data={"about": lucia, "kind": "audio"}, headers=HTMX)
    second = await mateo.post("/calls", data={"about": lucia, "kind": "video"}, headers=HTMX)
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.headers["hx-redirect"] == second.headers["hx-redirect"] == "/calls/1"
    assert [name for name, _data in await facts()] == ["call.started"]
    call = await read_call(app)
    assert (call.kind, call.about, len(call.room)) == ("audio", lucia, 32)


PAGES = ("/calls", "/calls?show=missed&person=2&since=2026-01-01&page=1", "/calls?person=x&since=yesterday", "{call}",
         "{call}/card", "/calls/ringing", "/calls/logged/new", "{call}/invitations/new", "/panels/calls?about={lucia}")  # fmt: skip


@pytest.mark.parametrize("page", PAGES)
async def test_pages(ana: Client, mateo: Client, call: str, lucia: str, page: str) -> None:
    for client in (ana, mateo):
        answer = await client.get(page.format(call=call, lucia=lucia))
        assert answer.status_code == 200, answer.text[-2000:]


async def test_it_rings_for_the_owner_and_where_one_looks(
    app: Starlette, ana: Client, mateo: Client, call: str
) -> None:
    """And for nobody else, until they look at the record."""
    async with await _colleague(app) as olga:
        assert 'id="ring-1"' in (await mateo.get("/calls/ringing")).text
        assert 'id="ring-1"' not in (await ana.get("/calls/ringing")).text, "she calls herself"
        assert 'id="ring-1"' not in (await olga.get("/calls/ringing")).text
        looking = {"referer": "http://test/contacts/1"}
        assert 'id="ring-1"' in (await olga.get("/calls/ringing", headers=looking)).text
        assert (await mateo.put(f"{call}/answer")).headers["hx-redirect"].startswith(call)
        assert 'id="ring-1"' not in (await olga.get("/calls/ringing", headers=looking)).text


async def _colleague(app: Starlette) -> Client:
    async with app.state.database.transaction(read=True) as tx:
        workspace = await tx.get_one(Workspace, 1)
    return await client_of(app, await add_person(app, workspace, "Olga Prieto"))


async def test_first_answer_wins(app: Starlette, ana: Client, mateo: Client, call: str, facts: Facts) -> None:
    async with await _colleague(app) as olga:
        await ana.post(f"{call}/invitations", data={"to": "user:3"})
        assert (await mateo.put(f"{call}/answer")).status_code == 200
        late = await olga.put(f"{call}/answer")
        assert (late.status_code, (await read_call(app)).answered_by) == (409, 2)
        assert (await mateo.put(f"{call}/answer")).status_code == 200, "twice is once"
        assert [name for name, _data in await facts()].count("call.answered") == 1


async def test_declined_by_all_is_missed_and_makes_a_task(ana: Client, mateo: Client, call: str, facts: Facts) -> None:
    for _twice in range(2):
        assert (await mateo.put(f"{call}/decline")).status_code == 200
    assert [name for name, _data in await facts()] == ["call.started", "call.declined", "call.missed"]
    assert "Call back" in (await mateo.get("/tasks")).text


async def test_who_talks_in_another_call_is_busy(
    ana: Client, mateo: Client, call: str, book: CallBook, app: Starlette, facts: Facts
) -> None:
    """It rings for the others; when all are busy it was missed at once."""
    await mateo.put(f"{call}/answer")
    await told(book, Joined((await read_call(app)).room, 1e9, 2))
    other = (await ana.post("/contacts", data={"name": "Harriet Cole"})).headers["location"].rpartition("/")[2]
    await ana.put(f"/contacts/{other}/facts/owner", data={"value": "2", "seen": "1"})
    await ana.post("/calls", data={"about": f"contact:{other}"})
    assert 'id="ring-2"' not in (await mateo.get("/calls/ringing")).text
    assert "in another call" in (await ana.get("/calls/2")).text
    assert (await facts())[-1][0] == "call.missed"
    asked = await ana.post("/calls/2/invitations", data={"to": "user:2"}, headers=HTMX)
    assert "in a call already" in str(asked.headers), "in another one, not in this"


async def test_an_erased_record_takes_its_calls_along(app: Starlette, ana: Client, call: str) -> None:
    await ana.post(f"{call}/guest-links", data={"name": "Lucía"})
    async with app.state.database.transaction() as tx:
        link = await tx.get_one(GuestLink, 1, options=[joinedload(GuestLink.call)])
        await come_by_link(tx, link, "Lucía", "es")
    await ana.post(f"{call}/messages", data={"text": "Hello"})
    await make.recording(app, 1)
    await ana.put("/contacts/1/trash")
    assert not (await read_call(app)).is_open
    async with app.state.database.transaction() as tx:
        await erase_contact(tx, await make.person(app), await tx.get_one(Contact, 1))
    async with app.state.database.transaction(read=True) as tx:
        for table in (Call, Participant, GuestLink, CallMessage, Recording, Ring):
            assert await tx.scalar(select(func.count()).select_from(table)) == 0, table


async def test_hosts_keep_the_door(app: Starlette, ana: Client, mateo: Client, call: str, facts: Facts) -> None:
    await mateo.put(f"{call}/answer")
    assert (await mateo.put(f"{call}/lock")).status_code == 403, "neither host nor manager"
    for act in ("put", "put", "delete"):
        assert (await ana.request(act.upper(), f"{call}/lock")).status_code == 200
    for path in (f"{call}/participants/2/mute", f"{call}/hold/2"):
        for act in ("PUT", "DELETE"):
            assert (await ana.request(act, path)).status_code == 200
    assert (await ana.delete(f"{call}/participants/1")).status_code == 422, "she leaves instead"
    assert (await ana.delete(f"{call}/participants/2")).status_code == 200
    assert (await ana.delete(f"{call}/participants/99")).status_code == 404
    told = [data["field"] for name, data in await facts() if name == "call.changed"]
    assert told == ["locked", "locked", "muted", "muted", "held", "held", "removed"]
    assert (await mateo.post(f"{call}/messages", data={"text": "Hello"})).status_code == 422
    assert "data-room" not in (await mateo.get(call)).text, "who was removed does not get the room again"


async def test_everybody_says_for_themselves(app: Starlette, ana: Client, call: str, facts: Facts) -> None:
    assert (await ana.put(f"{call}/recording", data={"state": "paused"})).status_code == 422
    assert (await ana.put(f"{call}/recording", data={"state": "on"})).status_code == 200
    lies = ({}, {"words": "You may sell my voice."}, AGREED | {"sentence": "asked-0"}, AGREED | {"language": "xx"})
    for lie in lies:
        assert (await ana.put(f"{call}/consent", data=lie)).status_code == 422, "which of our sentences was shown"
    assert (await ana.put(f"{call}/consent", data=AGREED)).status_code == 200
    assert (await ana.delete(f"{call}/consent")).status_code == 200
    assert (await ana.delete(f"{call}/recording")).status_code == 200
    said = [data for name, data in await facts() if name == "call.consented"]
    asked = "This call is to be recorded. May your voice and picture be recorded?"
    assert [(one["answer"], one["words"], one["sentence"]) for one in said] == [
        ("yes", asked, "asked-1"),
        ("no", "", ""),
    ]
    assert (await read_call(app)).recording == "off"


async def test_ending_is_for_all_and_final(app: Starlette, ana: Client, mateo: Client, call: str, facts: Facts) -> None:
    assert (await mateo.delete(call)).status_code == 403
    assert (await ana.delete(call)).headers["hx-redirect"] == call
    assert (await ana.delete(call)).status_code == 200, "twice is once"
    assert [name for name, _data in await facts()].count("call.ended") == 1
    for act, path in (("PUT", "answer"), ("PUT", "lock"), ("POST", "messages"), ("PUT", "consent")):
        assert (await ana.request(act, f"{call}/{path}", data={"text": "x"} | AGREED)).status_code == 409, path
    again = await ana.post("/calls", data={"about": "contact:1"})
    assert again.headers["location"] == "/calls/2"


async def test_links_are_shown_once(ana: Client, call: str) -> None:
    made = await ana.post(f"{call}/guest-links", data={"name": "Lucía", "hours": "24"})
    assert made.status_code == 201 and "http://test/p/join/" in made.text
    page = (await ana.get(call)).text
    assert "Lucía" in page and "/p/join/" not in page
    assert (await ana.delete(f"{call}/guest-links/1")).status_code == 200
    assert (await ana.post(f"{call}/guest-links", data={"hours": "7"})).status_code == 422
    assert (await ana.post(f"{call}/guest-links", data={"seats": "9"})).status_code == 422


async def test_a_link_that_was_taken_back_opens_nothing(ana: Client, call: str) -> None:
    made = await ana.post(f"{call}/guest-links", data={"hours": "24"})
    path = "/p/join/" + made.text.partition("/p/join/")[2].partition('"')[0]
    assert (await ana.get(path)).status_code == 200
    assert (await ana.delete(f"{call}/guest-links/1")).status_code == 200
    assert (await ana.get(path)).status_code == 404
    assert (await ana.post(path, data={"name": "Lucía"})).status_code == 404


async def test_a_call_of_yesterday_is_written_down_as_such(ana: Client, lucia: str, facts: Facts) -> None:
    """By the clock of who writes; the timeline says when it was, and the log has it in its place."""
    form = {"about": lucia, "minutes": "10", "at": "2026-01-02T18:30+01:00"}
    assert (await ana.post("/calls/logged", data=form, headers=HTMX)).status_code == 201
    assert (await facts())[0][1]["ended"] == "2026-01-02T17:30:00+00:00"
    assert "2026-01-02T17:30:00+00:00" in (await ana.get(f"/timeline/{lucia}?show=calls")).text
    assert (await ana.get("/calls?since=2026-01-02&until=2026-01-02")).text.count("callrow") == 1


async def test_a_call_made_elsewhere(ana: Client, lucia: str, facts: Facts) -> None:
    form = {"about": lucia, "direction": "in", "minutes": "12", "outcome": "talked", "note": "Wants two machines"}
    answer = await ana.post("/calls/logged", data=form, headers=HTMX)
    assert answer.status_code == 201, answer.text
    log = (await ana.get("/calls")).text
    assert "12:00" in log and "+34 600 000 118" in log
    assert "Wants two machines" in (await ana.get(f"/timeline/{lucia}?show=calls")).text
    for wrong in (
        {"minutes": "many"},
        {"direction": "up"},
        {"outcome": "?"},
        {"at": "soon"},
        {"at": "2999-01-01T10:00"},
    ):
        assert (await ana.post("/calls/logged", data=form | wrong)).status_code == 422, wrong
    assert (await ana.get("/calls?show=in")).text.count("callrow") == 1
    assert (await ana.get("/calls?show=out")).text.count("callrow") == 0


async def test_ranges_of_a_recording(app: Starlette, ana: Client, mateo: Client, call: str) -> None:
    """At most four MiB an answer, never kept, rights asked for each."""
    content = bytes(range(256)) * 24_000  # nearly six MiB
    await make.recording(app, 1, content)
    path = f"{call}/recording"
    first = await ana.get(path)
    assert (first.status_code, len(first.content)) == (206, 4 * 1024 * 1024)
    assert first.headers["content-range"] == f"bytes 0-{4 * 1024 * 1024 - 1}/{len(content)}"
    assert first.headers["cache-control"] == "no-store"
    piece = await ana.get(path, headers={"range": "bytes=5000000-"})
    assert (piece.status_code, piece.content) == (206, content[5_000_000:])
    assert (await ana.get(path, headers={"range": "bytes=-10"})).content == content[-10:]
    assert (await ana.get(path, headers={"range": f"bytes={len(content)}-"})).status_code == 416
    assert (await mateo.get(path, headers={"range": "bytes=0-9"})).status_code == 206
    await make.restrict(ana, 1, "user:1")
    assert (await mateo.get(path, headers={"range": "bytes=10-19"})).status_code == 404


async def test_a_legal_hold_keeps_a_recording(app: Starlette, ana: Client, mateo: Client, call: str) -> None:
    key = await make.recording(app, 1)
    await ana.delete(call)
    assert (await mateo.put(f"{call}/legal-hold")).status_code == 403
    assert (await ana.put(f"{call}/legal-hold")).status_code == 200
    assert (await ana.delete(f"{call}/recording")).status_code == 409
    assert (await ana.delete(f"{call}/legal-hold")).status_code == 200
    assert (await mateo.delete(f"{call}/recording")).status_code == 403, "neither the starter nor a manager"
    assert (await ana.delete(f"{call}/recording")).status_code == 200
    await app.state.worker.drain()
    assert not app.state.services.files.path(key).exists()
    assert (await ana.delete(f"{call}/recording")).status_code == 404
    assert "removed the recording" in (await ana.get("/timeline/contact:1")).text


async def test_statements(app: Starlette, ana: Client, lucia: str) -> None:
    """The log asks as often for many calls as for few."""
    form = {"about": lucia, "minutes": "1"}
    for _many in range(12):
        await ana.post("/calls/logged", data=form)
    with make.counted(app) as statements:
        assert (await ana.get("/calls")).status_code == 200
    assert len(statements) <= 9, [one[:90] for one in statements]
    call = (await ana.post("/calls", data={"about": lucia})).headers["location"]
    with make.counted(app) as statements:
        assert (await ana.get(call)).status_code == 200
    assert len(statements) <= 15, [one[:90] for one in statements]


async def test_what_rings_here_is_handed_on(
    app: Starlette, ana: Client, mateo: Client, call: str, facts: Facts
) -> None:
    """It rings for them instead; whoever answers is a host. Nobody there to be rung: it goes on ringing here."""
    async with await _colleague(app) as olga:
        form = (await mateo.get(f"{call}/transfer/new")).text
        assert "Olga Prieto" in form and "Ana Beltrán" not in form
        refused = await mateo.post(f"{call}/transfer", data={"to": "user:1"})
        assert refused.status_code == 422 and 'id="ring-1"' in (await mateo.get("/calls/ringing")).text
        assert (await mateo.post(f"{call}/transfer", data={"to": "user:3"})).status_code == 200
        assert 'id="ring-1"' not in (await mateo.get("/calls/ringing")).text
        assert 'id="ring-1"' in (await olga.get("/calls/ringing")).text
        await olga.put(f"{call}/answer")
        assert (await facts())[1:] == [
            ("call.rang", {"to_user": 3, "to_team": None, "transfer": True}),
            ("call.answered", {}),
        ]
        assert (await olga.put(f"{call}/lock")).status_code == 200


async def test_a_page_after_the_last_leads_to_the_last(ana: Client, call: str) -> None:
    answer = await ana.get("/calls?page=9999&show=out")
    assert (answer.status_code, answer.headers["location"]) == (303, "/calls?show=out")
    answer = await ana.get("/calls?page=9999&show=missed")
    assert answer.headers["location"] == "/calls?show=missed"
    assert "No call matches" in (await ana.get("/calls?show=missed")).text


async def test_call_again(app: Starlette, ana: Client, lucia: str) -> None:
    """The button of a call that is over carries all that another one needs."""
    first = (await ana.post("/calls", data={"about": lucia, "kind": "audio"}, headers=HTMX)).headers["hx-redirect"]
    await ana.delete(first)
    page = (await ana.get(first)).text
    button = re.search(r"hx-post=\"(/calls)\" hx-vals='(\{[^']*\})' aria-label=\"Call again\"", page)
    assert button is not None
    again = await ana.post(button[1], data=json.loads(button[2]), headers=HTMX)
    assert again.status_code == 201 and again.headers["hx-redirect"] != first
    assert ((await read_call(app, 2)).about, (await read_call(app, 2)).kind) == (lucia, "audio")
