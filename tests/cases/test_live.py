"""What a second screen becomes through patches is what a reload shows."""

import pytest
from starlette.applications import Starlette

from server.cases.automatic import FLOOD
from server.cases.departures import UNDO
from server.kit.clock import frozen
from server.kit.patches import PatchSource
from tests import make
from tests.cases.conftest import Take
from tests.conftest import Client
from tests.live import assert_live_equals_reload, assert_live_in_both_languages

REGIONS = ("case-1-thread", "case-1-head", "case-1-turn", "case-1-facts")
REPLY = {"audience": "customer", "text": "Please close the left valve.", "seen": "1"}


@pytest.fixture
async def case(app: Starlette, take: Take) -> str:
    await take(Message_ID="<a@x.example>")
    await app.state.relay.drain()
    return "/cases/1"


async def test_reply_note_and_letter(app: Starlette, ana: Client, mateo: Client, case: str, take: Take) -> None:
    for act in (
        lambda: ana.post(f"{case}/messages", data=REPLY),
        lambda: ana.post(f"{case}/messages", data={"audience": "team", "note": "It is the valve seat."}),
        lambda: take(In_Reply_To="<a@x.example>", text="It works, thank you."),
    ):
        await assert_live_in_both_languages(app, mateo, case, act, regions=REGIONS)


async def test_what_one_does_with_a_case(app: Starlette, ana: Client, mateo: Client, case: str) -> None:
    for act in (
        lambda: ana.put(f"{case}/assignee", data={"assignee": "2"}),
        lambda: ana.put(case, data={"field": "priority", "value": "high"}),
        lambda: ana.put(case, data={"field": "subject", "value": "Wet steam"}),
        lambda: ana.put(f"{case}/status", data={"status": "snoozed", "until": "2027-01-10T09:00"}),
        lambda: ana.put(f"{case}/status", data={"status": "solved"}),
        lambda: ana.delete(f"{case}/solution"),
    ):
        await assert_live_in_both_languages(app, mateo, case, act, regions=REGIONS)


async def test_a_reply_that_is_taken_back(app: Starlette, ana: Client, mateo: Client, case: str) -> None:
    await ana.post(f"{case}/messages", data=REPLY)
    await app.state.relay.drain()
    await assert_live_equals_reload(app, mateo, case, lambda: ana.delete(f"{case}/messages/2"), regions=REGIONS)


async def test_a_reply_that_could_not_leave(app: Starlette, ana: Client, mateo: Client, case: str) -> None:
    """No mail server is set up here: the thread says so."""
    await ana.post(f"{case}/messages", data=REPLY)
    await app.state.relay.drain()

    async def wait() -> None:
        with frozen() as clock:
            clock.forward(seconds=UNDO.total_seconds() + 1)
            await app.state.worker.drain()

    screen = await assert_live_equals_reload(app, mateo, case, wait, regions=REGIONS)
    thread = screen.page.find("case-1-thread")
    assert thread is not None and "No mail server is set up" in thread.text()


async def test_the_list_and_the_record_follow(
    app: Starlette, ana: Client, mateo: Client, case: str, take: Take
) -> None:
    await assert_live_equals_reload(
        app,
        mateo,
        "/cases?view=all",
        lambda: ana.put(f"{case}/assignee", data={"assignee": "2"}),
        regions=("case-list",),
    )
    await assert_live_equals_reload(
        app, mateo, "/contacts/1", lambda: take(In_Reply_To="<a@x.example>"), regions=("timeline",)
    )
    panel = "/panels/cases?about=contact:1"
    await assert_live_equals_reload(
        app, mateo, panel, lambda: ana.put(f"{case}/status", data={"status": "solved"}), regions=("contact-1-cases",)
    )


async def test_letters_that_leave_move_and_part(
    app: Starlette, ana: Client, mateo: Client, case: str, take: Take
) -> None:
    """A reply that left, what comes in between, a part that becomes a case, the record it is filed under."""
    await make.contact(app, "Nuria Cabrales")
    app.state.services.mailer.is_real = True
    await ana.post(f"{case}/messages", data=REPLY)
    await app.state.relay.drain()

    async def leave() -> None:
        with frozen() as clock:
            clock.forward(seconds=UNDO.total_seconds() + 1)
            await app.state.worker.drain()

    for act in (
        leave,
        lambda: take(In_Reply_To="<a@x.example>", text="And where is the invoice?", Message_ID="<b@x.example>"),
        lambda: ana.post(f"{case}/messages/3/split", data={"subject": "Where is the invoice"}),
        lambda: ana.put(f"{case}/record", data={"about": "contact:2"}),
    ):
        await assert_live_in_both_languages(app, mateo, case, act, regions=REGIONS)


async def test_a_flood_and_what_is_set_aside(app: Starlette, ana: Client, mateo: Client, take: Take) -> None:
    for n in range(FLOOD):
        await take(subject=f"Thank you {n}", Message_ID=f"<{n}@x.example>")
    await app.state.relay.drain()
    regions = (f"case-{FLOOD}-thread",)
    await assert_live_in_both_languages(
        app, mateo, f"/cases/{FLOOD}", lambda: take(Message_ID="<more@x.example>"), regions=regions
    )


async def test_the_customers_company_under_the_cases_name(
    app: Starlette, ana: Client, mateo: Client, case: str
) -> None:
    customer = (await ana.get("/api/v1/contacts")).json()["items"][0]["id"]
    await ana.put(f"/contacts/{customer}/facts/company", data={"value": "Hoteles Almadraba", "seen": "9"})
    firm = (await ana.get("/api/v1/companies")).json()["items"][0]["id"]
    await app.state.relay.drain()
    for act, shown in (
        (lambda: ana.put(f"/contacts/{firm}/facts/name", data={"value": "Hoteles Alba", "seen": "9"}), True),
        (lambda: ana.put(f"/contacts/{firm}/restriction", data={"who": ["user:1"]}), False),
        (lambda: ana.put(f"/contacts/{firm}/restriction", data={}), True),
        (lambda: ana.put(f"/contacts/{firm}/trash"), False),
    ):
        screen = await assert_live_equals_reload(app, mateo, case, act, regions=("case-1-head",))
        assert ("Hoteles Alba" in screen.page.find("case-1-head").text()) == shown


async def test_ones_own_topic_tells_nothing_of_a_case(app: Starlette, ana: Client, mateo: Client, take: Take) -> None:
    """Tokens hear the facts themselves, and their own topic without asking: it says that something changed, and once
    the record is closed to them not even that."""
    source = PatchSource(app.state.database)
    await take(Message_ID="<a@x.example>")
    await ana.put("/cases/1/assignee", data={"assignee": "2"})
    await app.state.relay.drain()
    heard = await source.replay("user:2", 0, ("json",)) or []
    bodies = [b"".join(one.bodies.values()).decode() for one in heard]
    assert any('"tabbar"' in body for body in bodies) and not any('"case.' in body for body in bodies)
    await make.restrict(ana, 1, "user:1")
    await app.state.relay.drain()
    before = len(await source.replay("user:2", 0, ("json",)) or [])
    await take(In_Reply_To="<a@x.example>", text="The secret valve leaks.")
    await app.state.relay.drain()
    assert len(await source.replay("user:2", 0, ("json",)) or []) == before
