"""Each sentence about the clocks: what starts, stops, pauses and recounts them, in office hours of Madrid."""

import pytest
from starlette.applications import Starlette

from server.cases.models import CaseMessage
from server.cases.turns import note_unsent
from server.kit.access import system
from server.sla.winding import load_case
from tests.cases.conftest import Take
from tests.conftest import Client
from tests.sla.conftest import STANDARD, at, clocks, due, moment

REPLY = {"audience": "customer", "text": "Please close the left valve."}


async def test_first_answer_is_due_in_office_hours(app: Starlette, take: Take, policy: None) -> None:
    async with moment("2026-11-27T16:00"):  # Friday 17:00: two hours are left, the other two on Monday
        await take(Message_ID="<a@x.example>")
    assert await due(app) == {"first": at("2026-11-30T10:00"), "solution": at("2026-12-01T16:00")}


async def test_an_answer_of_a_person_ends_it(app: Starlette, ana: Client, take: Take, policy: None) -> None:
    async with moment("2026-11-27T09:00"):
        await take(Message_ID="<a@x.example>")
    async with moment("2026-11-27T10:00"):
        await ana.post("/cases/1/messages", data={"audience": "team", "note": "I look at it."})
    assert "first" in await due(app), "a note answers nobody"
    async with moment("2026-11-27T11:00"):
        await ana.post("/cases/1/messages", data=REPLY | {"seen": "1"})
    held = await clocks(app)
    assert held["first"].done_at == at("2026-11-27T11:00") and held["first"].is_kept
    assert held["solution"].due_at is None, "it stands still while the case waits for the customer"


async def test_an_answer_that_did_not_arrive_is_none(app: Starlette, ana: Client, take: Take, policy: None) -> None:
    async with moment("2026-11-27T09:00"):
        await take(Message_ID="<a@x.example>")
    async with moment("2026-11-27T10:00"):
        await ana.post("/cases/1/messages", data=REPLY | {"seen": "1"})
    assert "first" not in await due(app)
    async with moment("2026-11-27T11:00"), app.state.database.transaction() as tx:
        case, message = await load_case(tx, 1, 1), await tx.get_one(CaseMessage, 2)
        assert case is not None
        await note_unsent(tx, system(1), case, message, "returned:5.1.1")
    assert await due(app) == {"first": at("2026-11-27T13:00"), "solution": at("2026-12-01T10:00")}, (
        "and an hour was waited"
    )


async def test_next_answer_counts_from_the_oldest_unanswered(
    app: Starlette, ana: Client, take: Take, policy: None
) -> None:
    async with moment("2026-11-27T08:00"):
        await take(Message_ID="<a@x.example>")
        await ana.post("/cases/1/messages", data=REPLY | {"seen": "1"})
    async with moment("2026-11-27T09:00"):
        await take(In_Reply_To="<a@x.example>", text="It still leaks.")
    async with moment("2026-11-27T11:00"):
        await take(In_Reply_To="<a@x.example>", text="Hello?")
    assert (await due(app))["next"] == at("2026-11-30T09:00"), "8 h from 10:00: four, three, and one on Monday"
    async with moment("2026-11-27T12:00"):
        await ana.post("/cases/1/messages", data=REPLY | {"seen": "4"})
    assert "next" not in await due(app)


async def test_solution_stands_still_while_waiting(app: Starlette, ana: Client, take: Take, policy: None) -> None:
    async with moment("2026-11-30T08:00"):  # Monday 9:00
        await take(Message_ID="<a@x.example>")
    async with moment("2026-11-30T10:00"):  # two hours used
        await ana.post("/cases/1/messages", data=REPLY | {"seen": "1"})
    async with moment("2026-12-02T08:00"):  # Wednesday 9:00; two days passed
        await take(In_Reply_To="<a@x.example>", text="It still leaks.")
    assert (await due(app))["solution"] == at("2026-12-03T16:00"), "14 h are left: eight, and six on Thursday"
    held = await clocks(app)
    assert held["solution"].used == 2 * 3600


async def test_solved_stops_it_and_opening_again_goes_on(app: Starlette, ana: Client, take: Take, policy: None) -> None:
    async with moment("2026-11-30T08:00"):
        await take(Message_ID="<a@x.example>")
    async with moment("2026-11-30T12:00"):
        await ana.put("/cases/1/status", data={"status": "solved"})
    held = await clocks(app)
    assert held["solution"].done_at == at("2026-11-30T12:00") and held["solution"].is_kept
    assert held["first"].done_at is not None
    async with moment("2026-12-01T08:00"):
        await ana.delete("/cases/1/solution")
    held = await clocks(app)
    assert held["solution"].done_at is None and held["solution"].used == 4 * 3600
    assert held["first"].done_at is None, "nobody has answered yet"


async def test_snooze_does_not_pause(app: Starlette, ana: Client, take: Take, policy: None) -> None:
    async with moment("2026-11-27T09:00"):
        await take(Message_ID="<a@x.example>")
    before = await due(app)
    async with moment("2026-11-27T10:00"):
        await ana.put("/cases/1/status", data={"status": "snoozed", "until": "2026-12-10T09:00"})
    assert await due(app) == before


async def test_an_answer_taken_back_was_none(app: Starlette, ana: Client, take: Take, policy: None) -> None:
    async with moment("2026-11-27T09:00"):
        await take(Message_ID="<a@x.example>")
        before = await due(app)
        await ana.post("/cases/1/messages", data=REPLY | {"seen": "1"})
        await ana.delete("/cases/1/messages/2")
    assert await due(app) == before


async def test_a_change_of_priority_recounts(app: Starlette, ana: Client, take: Take, policy: None) -> None:
    async with moment("2026-11-27T09:00"):
        await take(Message_ID="<a@x.example>")
    async with moment("2026-11-27T09:30"):
        await ana.put("/cases/1", data={"field": "priority", "value": "high"})
    assert (await due(app))["first"] == at("2026-11-27T10:00")
    async with moment("2026-11-27T09:40"):
        await ana.put("/cases/1", data={"field": "priority", "value": "low"})
    assert await due(app) == {}, "nothing is promised for it"
    async with moment("2026-11-27T09:50"):
        await ana.put("/cases/1", data={"field": "priority", "value": "normal"})
    assert (await due(app))["first"] == at("2026-11-27T13:00")


@pytest.mark.parametrize("change", ["targets", "hours", "removed"])
async def test_a_change_of_the_policy_recounts(
    app: Starlette, ana: Client, take: Take, policy: None, change: str
) -> None:
    async with moment("2026-11-27T09:00"):
        await take(Message_ID="<a@x.example>")
        if change == "targets":
            await ana.put("/settings/sla/policies/1", data=STANDARD | {"normal-first": "2h"})
        elif change == "hours":
            await ana.put("/settings/sla/calendars/1", data={"name": "Always", "zone": "Europe/Madrid"})
        else:
            await ana.delete("/settings/sla/policies/1")
        await app.state.worker.drain()
        expected = {"targets": at("2026-11-27T11:00"), "hours": at("2026-11-27T13:00"), "removed": None}
        assert (await due(app)).get("first") == expected[change]
        row = (await ana.get("/cases?view=all")).text
        assert ("data-due" in row) == (change != "removed")


async def test_the_customer_s_tag_chooses_the_policy(app: Starlette, ana: Client, take: Take, policy: None) -> None:
    gold = STANDARD | {"name": "Gold", "tag": "Gold", "normal-first": "1h"}
    await ana.post("/settings/sla/policies", data=gold)
    await ana.put("/settings/sla/policies/2/place")
    async with moment("2026-11-27T09:00"):
        await take(Message_ID="<a@x.example>")
        assert (await due(app))["first"] == at("2026-11-27T13:00")
        await ana.put("/contacts/1/facts/tags", data={"value": "gold"})
        assert (await due(app))["first"] == at("2026-11-27T10:00")
    assert "plan Gold" in (await ana.get("/cases/1")).text


async def test_a_merged_case_promises_nothing(app: Starlette, ana: Client, take: Take, policy: None) -> None:
    async with moment("2026-11-27T09:00"):
        await take(Message_ID="<a@x.example>")
        await take(Message_ID="<b@x.example>", subject="Again")
        await ana.put("/cases/2/merge", data={"into": "1"})
    assert await due(app, 2) == {}
    assert "first" in await due(app, 1)


async def test_a_case_opened_by_hand_promises_a_solution_alone(
    app: Starlette, ana: Client, take: Take, policy: None
) -> None:
    async with moment("2026-11-27T09:00"):
        await take(Message_ID="<a@x.example>")
        await ana.post("/cases", data={"about": "contact:1", "subject": "She called", "text": "About the steam."})
    assert set(await due(app, 2)) == {"solution"}
