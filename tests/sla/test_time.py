"""What promises do as time passes: a warning before, escalation after, and screens that follow."""

import pytest
from starlette.applications import Starlette

from tests import make
from tests.cases.conftest import Take
from tests.conftest import Client
from tests.live import assert_live_in_both_languages
from tests.sla.conftest import STANDARD, at, clocks, due, moment, tick


async def test_who_has_it_is_warned_once(app: Starlette, ana: Client, mateo: Client, take: Take, policy: None) -> None:
    async with moment("2026-11-27T09:00"):  # from 10:00 to 14:00 in Madrid
        await take(Message_ID="<a@x.example>")
        await mateo.put("/cases/1/assignee", data={"assignee": "me"})
    first = (await clocks(app))["first"]
    assert first.warn_at is not None and first.due_at is not None
    async with moment(first.warn_at.strftime("%Y-%m-%dT%H:%M:%S")):
        await tick(app)
        await tick(app)
    assert [row.data["kind"] for row in await make.facts(app, "sla.warned")] == ["first"]
    assert "is due soon" in (await mateo.get("/notices")).text


async def test_a_breach_is_told_and_escalated(
    app: Starlette, ana: Client, mateo: Client, take: Take, policy: None
) -> None:
    await ana.put("/settings/teams/1/members/2")
    await ana.put("/settings/sla/policies/1", data=STANDARD | {"escalate_team": "1", "raises": "1"})
    async with moment("2026-11-27T09:00"):
        await take(Message_ID="<a@x.example>")
    async with moment("2026-11-27T16:00"):
        await tick(app)
        await tick(app)
    breached = await make.facts(app, "sla.breached")
    assert [row.data["kind"] for row in breached].count("first") == 1
    case = (await ana.get("/cases/1")).text
    assert "The first answer is late" in case
    assert "late" in (await mateo.get("/notices")).text
    rows = await make.facts(app, "case.assigned", "case.changed")
    assert any(row.name == "case.assigned" and row.data["new_team"] == 1 for row in rows)
    assert any(row.name == "case.changed" and row.data["new"] == "high" for row in rows)


async def test_several_that_are_broken_at_once_raise_it_once(
    app: Starlette, ana: Client, api: Client, take: Take, policy: None
) -> None:
    urgent = {"urgent-first": "30m", "urgent-next": "1h", "urgent-solution": "4h", "raises": "1"}
    assert (await ana.put("/settings/sla/policies/1", data=STANDARD | urgent)).status_code == 200
    async with moment("2026-11-27T09:00"):
        await take()
    async with moment("2026-12-04T09:00"):  # the first answer and the solution
        await tick(app)
        await tick(app)
    breached = await make.facts(app, "sla.breached")
    assert sorted(row.data["kind"] for row in breached) == ["first", "solution"]
    assert (await api.get("/cases/1")).json()["priority"] == "high"


async def test_late_answers_are_not_kept(app: Starlette, ana: Client, take: Take, policy: None) -> None:
    async with moment("2026-11-27T09:00"):
        await take(Message_ID="<a@x.example>")
    async with moment("2026-11-30T15:00"):
        await ana.post("/cases/1/messages", data={"audience": "customer", "text": "Sorry.", "seen": "1"})
    assert not (await clocks(app))["first"].is_kept, "also when the clock was not looked at in between"


async def test_screens_follow(app: Starlette, ana: Client, mateo: Client, take: Take, policy: None) -> None:
    async with moment("2026-11-27T09:00"):
        await take(Message_ID="<a@x.example>")
    await app.state.relay.drain()
    regions = ("case-1-turn", "case-1-promises", "case-1-thread", "case-1-facts")

    async def soon() -> None:
        async with moment("2026-11-27T12:45"):
            await tick(app)

    async def late() -> None:
        async with moment("2026-11-27T17:00"):
            await tick(app)

    async def promise_more() -> None:
        await ana.put("/settings/sla/policies/1", data=STANDARD | {"normal-first": "3h"})
        await app.state.worker.drain()

    for act in (
        soon,
        promise_more,
        lambda: ana.put("/cases/1", data={"field": "priority", "value": "high"}),
        late,
        lambda: ana.post("/cases/1/messages", data={"audience": "customer", "text": "Sorry.", "seen": "1"}),
        lambda: ana.put("/cases/1/status", data={"status": "solved"}),
        lambda: ana.delete("/cases/1/solution"),
    ):
        await assert_live_in_both_languages(app, mateo, "/cases/1", act, regions=regions)


async def test_the_list_shows_what_is_due_first(ana: Client, take: Take, policy: None) -> None:
    for n in range(2):
        async with moment(f"2026-11-27T{9 + n:02}:00"):
            await take(Message_ID=f"<{n}@x.example>", sender=f"P{n} <p{n}@b.example>", subject=f"Case of P{n}")
            if n:
                await ana.put("/cases/2", data={"field": "priority", "value": "high"})
    page = (await ana.get("/cases")).text
    assert page.index("Case of P1") < page.index("Case of P0")


async def test_time_is_looked_at_once_for_many(app: Starlette, ana: Client, take: Take, policy: None) -> None:
    async with moment("2026-11-27T09:00"):
        for n in range(3):
            await take(Message_ID=f"<{n}@x.example>", sender=f"P{n} <p{n}@b.example>")
    async with moment("2026-12-27T09:00"):
        await tick(app)
        with make.counted(app) as statements:
            await tick(app)
    assert len(statements) <= 2
    assert len(await make.facts(app, "sla.breached")) == 6
    assert all(at for at in (await due(app)).values())


async def test_promises_stand_right_below_the_case(ana: Client, take: Take, policy: None) -> None:
    await take()
    page = (await ana.get("/cases/1")).text
    places = [page.index(f'id="{name}"') for name in ("case-1-facts", "case-1-promises", "case-customer-after")]
    assert places == sorted(places)


async def test_a_broken_promise_stays_broken_where_the_next_priority_promises_nothing(
    app: Starlette, ana: Client, api: Client, take: Take, policy: None
) -> None:
    none = {"high-first": "", "high-next": "", "high-solution": ""}
    assert (await ana.put("/settings/sla/policies/1", data=STANDARD | none | {"raises": "1"})).status_code == 200
    async with moment("2026-11-27T09:00"):
        await take()
    async with moment("2026-11-30T10:00"):
        await tick(app)
    assert (await clocks(app))["first"].breached_at is not None
    assert (await api.get("/cases/1")).json()["priority"] == "normal"


@pytest.mark.parametrize(
    ("zone", "begin", "end"),
    [
        (
            "America/New_York",
            "2026-11-01T02:00",
            "2026-11-01T10:00",
        ),  # 22:00, the clock goes back: 5:00 is eight hours on
        ("America/New_York", "2027-03-14T03:00", "2027-03-15T03:00"),  # forward: seven hours till 6:00, one at night
        ("Europe/Madrid", "2026-10-24T20:00", "2026-10-25T04:00"),
        ("Europe/Madrid", "2027-03-27T21:00", "2027-03-28T21:00"),
    ],
)
async def test_a_night_is_as_long_as_it_is(
    app: Starlette, ana: Client, take: Take, zone: str, begin: str, end: str
) -> None:
    days = dict.fromkeys(("mon", "tue", "wed", "thu", "fri", "sat", "sun"), "22:00-06:00")
    assert (await ana.post("/settings/sla/calendars", data={"name": "Night", "zone": zone} | days)).status_code == 201
    assert (await ana.post("/settings/sla/policies", data=STANDARD | {"normal-first": "8h"})).status_code == 201
    async with moment(begin):
        await take()
    assert (await due(app))["first"] == at(end)
