"""What a second screen becomes through patches is what a reload shows."""

import httpx2 as httpx
import pytest
from starlette.applications import Starlette

from realtime.calls.ports import Joined, Left
from server.calls.book import CallBook
from server.identity.models import Workspace
from server.kit.clock import frozen
from tests import make
from tests.calls.conftest import AGREED, Client, guest, read_call, told
from tests.conftest import add_person, client_of
from tests.live import assert_live_equals_reload, assert_live_in_both_languages

ROOM = ("call-1-state", "call-1-people", "call-1-rung", "call-1-links")


@pytest.mark.parametrize(
    ("method", "path", "form"),
    [
        ("PUT", "lock", {}),
        ("POST", "invitations", {"to": "user:2"}),
        ("POST", "transfer", {"user": "2"}),
        ("PUT", "participants/1/mute", {}),
        ("PUT", "hold/1", {}),
        ("PUT", "consent", AGREED),
        ("PUT", "recording", {"state": "on"}),
        ("POST", "guest-links", {"name": "Lucía"}),
    ],
)
async def test_the_room(
    app: Starlette, ana: Client, mateo: Client, call: str, book: CallBook, method: str, path: str, form: dict[str, str]
) -> None:
    await told(book, Joined((await read_call(app)).room, 1e9, 1))
    await app.state.relay.drain()
    await assert_live_equals_reload(
        app, mateo, call, lambda: ana.request(method, f"{call}/{path}", data=form), regions=ROOM
    )


async def test_the_record_beside_its_call(app: Starlette, ana: Client, mateo: Client, lucia: str, call: str) -> None:
    """Its facts and its notes are those of its page, and move as they do there."""
    number = lucia[8:]
    await ana.post(f"/timeline/{lucia}/notes", data={"text": "Wants the large oven"})
    await app.state.relay.drain()
    title = {"value": "Manager", "seen": "0"}
    await assert_live_in_both_languages(
        app,
        mateo,
        call,
        lambda: ana.put(f"/contacts/{number}/facts/title", data=title),
        regions=("facts",),
    )
    for act in (
        lambda: ana.post(f"/timeline/{lucia}/notes", data={"text": "Tarifa on 2 December"}),
        lambda: ana.put("/notes/1", data={"text": "Wants the small oven"}),
        lambda: ana.delete("/notes/2"),
        lambda: ana.delete("/notes/2/removal"),
    ):
        screens = await assert_live_in_both_languages(app, mateo, call, act, regions=("contact-1-notes",))
    for text in (screen.page.text() for screen in screens):
        assert "Manager" in text and "small oven" in text and "Tarifa" in text
    for part, name in (("/panels/notes?about=" + lucia, "contact-1-notes"), (f"/contacts/{number}/facts", "facts")):
        assert f'id="{name}"' in (await mateo.get(part)).text
    record = (await mateo.get(f"/contacts/{number}")).text
    assert record.count('id="facts"') == 1 and 'id="contact-1-notes"' not in record


async def test_the_head_of_a_call_that_goes_on(
    app: Starlette, ana: Client, mateo: Client, lucia: str, call: str
) -> None:
    """Whom it is with, and where they work: by a new name of either."""
    await app.state.relay.drain()
    for record, field, value in (
        (lucia[8:], "company", "Hoteles Almadraba"),
        (lucia[8:], "name", "Lucía Ferrer Soto"),
        ("2", "name", "Hoteles del Sur"),
    ):

        async def act(address: str = f"/contacts/{record}/facts/{field}", value: str = value) -> httpx.Response:
            return await ana.put(address, data={"value": value, "seen": "99"})

        screen = await assert_live_equals_reload(app, mateo, call, act, regions=("call-home",))
    head = screen.page.find("call-home")
    assert head is not None and "Lucía Ferrer Soto" in head.text() and "Hoteles del Sur" in head.text()


async def test_coming_and_going(app: Starlette, ana: Client, mateo: Client, call: str, book: CallBook) -> None:
    await app.state.relay.drain()
    room = (await read_call(app)).room

    async def act() -> None:
        await told(book, Joined(room, 1e9, 1), Left(room, 1e9 + 70, 1, "left"))

    await assert_live_in_both_languages(app, mateo, call, act, regions=ROOM)


async def test_the_record(app: Starlette, ana: Client, mateo: Client, lucia: str) -> None:
    """Its last calls, its stream, and the card where one looks at it."""
    page = f"/contacts/{lucia[8:]}"
    regions = ("contact-1-calls", "timeline-contact-1")
    await app.state.relay.drain()
    await assert_live_equals_reload(
        app, mateo, page, lambda: ana.post("/calls", data={"about": lucia}), regions=regions
    )
    await assert_live_equals_reload(app, ana, page, lambda: mateo.put("/calls/1/answer"), regions=regions)
    await assert_live_equals_reload(app, mateo, page, lambda: ana.delete("/calls/1"), regions=regions)
    logged = {"about": lucia, "minutes": "3", "note": "Said yes"}
    await assert_live_equals_reload(app, mateo, page, lambda: ana.post("/calls/logged", data=logged), regions=regions)


async def test_the_log(app: Starlette, ana: Client, mateo: Client, call: str) -> None:
    await app.state.relay.drain()
    regions = ("call-1-row",)
    await assert_live_equals_reload(app, ana, "/calls", lambda: mateo.put(f"{call}/answer"), regions=regions)
    await assert_live_equals_reload(app, mateo, "/calls", lambda: ana.delete(call), regions=regions)
    screen = await assert_live_equals_reload(
        app, mateo, "/calls", lambda: ana.post("/calls", data={"about": "contact:1"}), regions=("call-list",)
    )
    assert screen.page.find("call-2-row") is not None


async def test_a_closed_record_s_call_leaves_the_log(app: Starlette, ana: Client, mateo: Client, call: str) -> None:
    async def restrict() -> None:
        await make.restrict(ana, 1, "user:1")

    await app.state.relay.drain()
    await assert_live_equals_reload(app, ana, "/calls", restrict, regions=("nav",))
    assert (await mateo.get(call)).status_code == 404
    assert "Lucía" not in (await mateo.get("/calls")).text


async def test_the_card_comes_and_goes(app: Starlette, ana: Client, mateo: Client, lucia: str) -> None:
    await app.state.relay.drain()
    screen = await assert_live_equals_reload(
        app, mateo, "/tasks", lambda: ana.post("/calls", data={"about": lucia}), regions=("nav",)
    )
    assert screen.page.find("ring-1") is not None
    await app.state.relay.drain()
    screen = await assert_live_equals_reload(app, mateo, "/tasks", lambda: ana.delete("/calls/1"), regions=("nav",))
    assert screen.page.find("ring-1") is None


async def test_guests_read_the_call_chat_and_nothing_else(app: Starlette, ana: Client, call: str) -> None:
    """What goes to the topic of all is what was said in the call, and the dot that says whether it is recorded."""
    from server.kit.patches import PatchSource

    await ana.post(f"{call}/messages", data={"text": "Good morning"})
    await ana.post("/discussions/contact:1/messages", data={"text": "Offer her the fifteenth"})
    await ana.put(f"{call}/lock")
    await app.state.relay.drain()
    source = PatchSource(app.state.database)
    heard = await source.replay("call:1:all", 0, ("en", "es", "json"))
    assert heard is not None
    bodies = [b"".join(message.bodies.values()).decode() for message in heard]
    assert all("call-1-talk" in body or "call-1-dot" in body for body in bodies)
    assert sum("Good morning" in body for body in bodies) == 1 and not any("fifteenth" in body for body in bodies)


async def test_the_others_see_who_took_it(
    app: Starlette, workspace: Workspace, ana: Client, mateo: Client, call: str
) -> None:
    async with await client_of(app, await add_person(app, workspace, "Olga Prieto")) as olga:
        await ana.post(f"{call}/invitations", data={"to": "user:3"})
        await app.state.relay.drain()
        screen = await assert_live_equals_reload(
            app, olga, "/tasks", lambda: mateo.put(f"{call}/answer"), regions=("nav",)
        )
        assert screen.page.find("ring-1") is None
        assert "took the call" not in screen.page.text(), "it is said once, by the card"
        cards = (await olga.get("/calls/ringing")).text
        assert cards.count("Mateo Ríos") == 1 and "Mateo Ríos has answered" in cards


async def test_what_is_said_declined_taken_back_and_removed(
    app: Starlette, ana: Client, mateo: Client, call: str, book: CallBook
) -> None:
    """Words in the call, a colleague who cannot come, a link that ends, a recording that goes."""
    await ana.post(f"{call}/guest-links", data={"name": "Lucía"})
    await told(book, Joined((await read_call(app)).room, 1e9, 1))
    await app.state.relay.drain()
    for act in (
        lambda: ana.post(f"{call}/messages", data={"text": "Good morning"}),
        lambda: mateo.put(f"{call}/decline"),
        lambda: ana.delete(f"{call}/guest-links/1"),
    ):
        await assert_live_in_both_languages(app, mateo, call, act, regions=(*ROOM, "call-1-talk"))
    await ana.delete(call)
    await make.recording(app, 1)
    await app.state.relay.drain()
    await assert_live_in_both_languages(app, mateo, call, lambda: ana.delete(f"{call}/recording"))


async def test_who_waits_and_what_was_missed(
    app: Starlette, ana: Client, mateo: Client, call: str, book: CallBook
) -> None:
    await ana.post(f"{call}/guest-links", data={"name": "Lucía"})
    room = (await read_call(app)).room
    await told(book, Joined(room, 1e9, 1))
    await app.state.relay.drain()

    async def miss() -> None:
        with frozen() as clock:
            clock.forward(seconds=50)
            await app.state.worker.drain()

    async def knock() -> None:
        visitor, one = await guest(app, ana, call)
        assert await book.seat(visitor, room, None) is not None
        await told(book, Joined(room, 1e9 + 1, one.id, waiting=True))

    await assert_live_in_both_languages(app, mateo, "/contacts/1", miss, regions=("timeline-contact-1",))
    await assert_live_in_both_languages(app, mateo, call, knock, regions=ROOM)
    admit = f"{call}/participants/2/admission"
    await assert_live_in_both_languages(app, mateo, call, lambda: ana.put(admit), regions=ROOM)


async def test_the_dot_says_who_is_left_out_where_names_have_no_room(
    app: Starlette, ana: Client, book: CallBook, call: str
) -> None:
    """On a telephone: how many; of who agrees nothing is left to say."""
    await told(book, Joined((await read_call(app)).room, 1e9, 1))
    await ana.put(f"{call}/recording", data={"state": "on"})
    alone = (await ana.get(call)).text
    assert 'class="only-s">, without 1<' in alone
    assert 'class="hide-s">, nobody has agreed<' in alone, "names say nothing while nobody is in"
    await ana.put(f"{call}/consent", data=AGREED)
    assert "without 1" not in (await ana.get(call)).text
