"""Whose turn it is, as a table; and that nobody gets what they may not see."""

from datetime import UTC, datetime, timedelta

import pytest
from starlette.applications import Starlette

from server.automation.choosing import Candidate, choose
from tests import make
from tests.automation.conftest import SALES, rule
from tests.cases.conftest import Take
from tests.conftest import Client
from tests.sla.conftest import STANDARD, moment, policy, tick  # noqa: F401  a fixture

T = datetime(2026, 11, 27, tzinfo=UTC)
ANA = Candidate(1, has=3, given_at=T)
MATEO = Candidate(2, has=1, given_at=T + timedelta(hours=1), skills=("vapor",))
NEW = Candidate(3, has=2)


@pytest.mark.parametrize(
    ("people", "method", "skill", "chosen"),
    [
        ([ANA, MATEO], "round_robin", "", 1),
        ([ANA, MATEO, NEW], "round_robin", "", 3),
        ([ANA, MATEO, NEW], "least_busy", "", 2),
        ([ANA, MATEO], "round_robin", "Vapor", 2),
        ([ANA, NEW], "round_robin", "vapor", None),
        ([], "least_busy", "", None),
        ([Candidate(1, has=2, most=2), Candidate(2, has=9)], "least_busy", "", 2),
        ([Candidate(1, has=2, most=2)], "round_robin", "", None),
    ],
)
def test_choosing(people: list[Candidate], method: str, skill: str, chosen: int | None) -> None:
    found = choose(people, method, skill)
    assert (found.user_id if found else None) == chosen


async def _closed_to_ana(app: Starlette, ana: Client) -> None:
    await make.contact(app, "Harriet Cole", emails="harriet@brightwater.example")
    await make.restrict(ana, 1, "user:1")


async def test_a_closed_record_is_for_those_who_may_see_it(
    app: Starlette, ana: Client, api: Client, take: Take, team: None
) -> None:
    """Nobody's turn is lost, and the case lies with nobody who cannot open it."""
    await _closed_to_ana(app, ana)
    await rule(ana, to_team=SALES, method="round_robin")
    for n, sender in enumerate(("harriet@brightwater.example", "harriet@brightwater.example", "p@b.example")):
        await take(sender=sender, subject=f"Question {n}")
    assert [(await api.get(f"/cases/{n}")).json()["assignee"] for n in (1, 2, 3)] == [1, 1, 2]


async def test_it_goes_to_no_team_that_cannot_open_it(
    app: Starlette, ana: Client, mateo: Client, api: Client, take: Take
) -> None:
    await _closed_to_ana(app, ana)
    await ana.put(f"/settings/teams/{SALES}/members/2")
    await rule(ana, to_team=SALES, method="round_robin", tags="seen")
    await take()
    await take(sender="p@b.example")
    case = (await api.get("/cases/1")).json()
    assert (case["team"], case["assignee"], case["tags"]) == (None, None, ["seen"])
    by_hand = await api.patch("/cases/1", json={"team": int(SALES)})
    assert by_hand.status_code == 422 and "Nobody of this team" in by_hand.text
    several = await ana.put("/cases/selection/team", data={"ids": ["1", "2"], "value": SALES})
    assert several.status_code == 200 and "1 left as it was" in several.headers["x-toast"]
    assert [(await api.get(f"/cases/{n}")).json()["team"] for n in (1, 2)] == [None, int(SALES)]


async def test_a_macro_that_hands_over_leaves_it_where_it_is_seen(
    app: Starlette, ana: Client, api: Client, take: Take
) -> None:
    await _closed_to_ana(app, ana)
    await ana.put(f"/settings/teams/{SALES}/members/2")
    macro = {"name": "To sales", "text": "We look at it.", "team": SALES, "priority": "high"}
    assert (await ana.post("/settings/macros", data=macro)).status_code == 201
    await take()
    reply = {"audience": "customer", "text": "We look at it.", "seen": "1", "macro": "1"}
    assert (await ana.post("/cases/1/messages", data=reply)).status_code == 201
    case = (await api.get("/cases/1")).json()
    assert (case["team"], case["priority"], case["status"]) == (None, "high", "waiting")


async def test_escalation_stays_with_those_who_may_see_it(
    app: Starlette, ana: Client, api: Client, take: Take, policy: None
) -> None:
    await _closed_to_ana(app, ana)
    await ana.put(f"/settings/teams/{SALES}/members/2")
    assert (await ana.put("/settings/sla/policies/1", data=STANDARD | {"escalate_team": SALES})).status_code == 200
    async with moment("2026-11-27T08:00"):
        await take()
        await take(sender="p@b.example")
    async with moment("2026-11-30T10:00"):
        await tick(app)
    assert len(await make.facts(app, "sla.breached")) >= 2
    assert [(await api.get(f"/cases/{n}")).json()["team"] for n in (1, 2)] == [None, int(SALES)]
