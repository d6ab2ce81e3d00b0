"""Cases that lie still: asked again, solved, closed; what is written to them afterwards."""

import pytest
from sqlalchemy import select
from starlette.applications import Starlette

from server.cases.models import Case
from server.kit.clock import frozen
from tests import make
from tests.automation.conftest import care, rule
from tests.cases.conftest import Take
from tests.conftest import Client
from tests.portal.conftest import anybody as anybody
from tests.portal.places import place
from tests.portal.test_form import fill
from tests.sla.conftest import moment

CARE = {"ask_after": "3", "solve_after": "4", "close_after": "7", "ask_en": "Did it help, {first_name}?"}
RATE = {"rate_after": "1", "rate_en": "How was it?"}
REPLY = {"audience": "customer", "text": "Please close the left valve.", "seen": "1"}


@pytest.fixture
async def waiting(ana: Client, take: Take) -> None:
    assert (await ana.put("/settings/automation/care", data=CARE)).status_code == 200
    async with moment("2026-11-02T10:00"):
        await take(Message_ID="<a@x.example>")
        await ana.post("/cases/1/messages", data=REPLY)


async def status(api: Client) -> str:
    return str((await api.get("/cases/1")).json()["status"])


async def test_asked_then_solved_then_closed(app: Starlette, ana: Client, api: Client, waiting: None) -> None:
    for at, expected, asked in (
        ("2026-11-04T10:00", "waiting", 1),
        ("2026-11-05T11:00", "waiting", 2),
        ("2026-11-05T12:00", "waiting", 2),
        ("2026-11-09T12:00", "solved", 2),
        ("2026-11-15T12:00", "solved", 2),
        ("2026-11-16T13:00", "closed", 2),
    ):
        async with moment(at):
            await care(app)
        assert (await status(api), len(await make.facts(app, "case.answered"))) == (expected, asked), at


async def test_an_answer_in_between_begins_anew(app: Starlette, api: Client, take: Take, waiting: None) -> None:
    async with moment("2026-11-05T11:00"):
        await care(app)
        await take(In_Reply_To="<a@x.example>", text="Not yet.")
    async with moment("2026-11-20T11:00"):
        await care(app)
    assert await status(api) == "open", "it is our turn: nothing happens by itself"


async def test_a_solved_case_is_opened_again_and_a_closed_one_is_not(
    app: Starlette, ana: Client, api: Client, take: Take, waiting: None
) -> None:
    await ana.put("/cases/1/status", data={"status": "solved"})
    taken = await take(In_Reply_To="<a@x.example>", text="It leaks again.")
    assert taken.case is not None and taken.case.id == 1 and await status(api) == "open"
    await ana.put("/cases/1/status", data={"status": "closed"})
    taken = await take(In_Reply_To="<a@x.example>", text="A year later")
    assert taken.case is not None and taken.case.id == 2 and taken.case.follows == 1


async def test_nothing_is_done_unasked(app: Starlette, ana: Client, api: Client, waiting: None) -> None:
    await ana.put("/settings/automation/care", data={})
    async with moment("2027-11-05T11:00"):
        await care(app)
    assert await status(api) == "waiting"
    answer = await ana.put("/settings/automation/care", data={"ask_after": "3"}, headers={"HX-Request": "true"})
    assert answer.status_code == 422


async def test_how_it_was_is_asked_once(app: Starlette, ana: Client, api: Client, take: Take) -> None:
    asks = {"rate_after": "24", "rate_en": "How did we do, {first_name}?"}
    assert (await ana.put("/settings/automation/care", data=asks)).status_code == 200
    async with moment("2026-11-02T10:00"):
        await take(Message_ID="<a@x.example>")
        await ana.post("/cases/1/messages", data=REPLY)
        await ana.put("/cases/1/status", data={"status": "solved"})
    for at, answers in (("2026-11-03T09:00", 1), ("2026-11-03T11:00", 2), ("2026-11-05T11:00", 2)):
        async with moment(at):
            await care(app)
        assert len(await make.facts(app, "case.answered")) == answers, at
    assert "How did we do, Harriet?" in (await ana.get("/cases/1")).text
    assert await status(api) == "solved"


async def test_an_acknowledgement_takes_the_place_of_no_question(
    app: Starlette, ana: Client, api: Client, take: Take, waiting: None
) -> None:
    """The customer of the waiting case had an automatic answer today: they are asked tomorrow, not never."""
    asks = CARE | {"rate_after": "1", "rate_en": "How did we do, {first_name}?"}
    assert (await ana.put("/settings/automation/care", data=asks)).status_code == 200
    await rule(ana, answer_en="We have your message.")
    async with moment("2026-11-05T11:00"):
        await take(Message_ID="<b@x.example>", subject="Another matter")
        await care(app)
        assert "Did it help, Harriet?" not in (await ana.get("/cases/1")).text
        await ana.post("/cases/2/messages", data=REPLY | {"seen": "2"})
        await ana.put("/cases/2/status", data={"status": "solved"})
    async with moment("2026-11-05T13:00"):
        await care(app)
        assert "How did we do, Harriet?" in (await ana.get("/cases/2")).text
    async with moment("2026-11-06T11:00"):
        await care(app)
        assert "Did it help, Harriet?" in (await ana.get("/cases/1")).text


async def test_a_house_without_an_address_holds_up_nobody(
    app: Starlette, ana: Client, api: Client, anybody: Client, take: Take, channel: int
) -> None:
    """Its only address was closed: a form’s customer cannot be written to, and whatever else is still goes its way, in
    this house and in every other."""
    form = "/p/form/" + await place(ana, "form")
    assert (await ana.put("/settings/automation/care", data=CARE | RATE)).status_code == 200
    await rule(ana, answer_en="We have it")
    await ana.delete(f"/settings/channels/{channel}")
    with frozen() as clock:
        for _one in range(2):
            assert (await anybody.post(form, data=await fill(anybody, form, clock))).status_code == 201
        async with app.state.database.transaction() as tx:
            for case in await tx.scalars(select(Case)):
                case.answered_at = clock.at
        await ana.put("/cases/1/status", data={"status": "solved"})
        await ana.put("/cases/2/status", data={"status": "waiting"})
        clock.forward(days=30)
        await care(app)
        assert [(await api.get(f"/cases/{n}")).json()["status"] for n in (1, 2)] == ["closed", "waiting"]
        clock.forward(days=30)
        await care(app)
    assert (await api.get("/cases/2")).json()["status"] == "solved" and await make.facts(app, "case.answered") == []
