"""What a rule asks and what it does, in the transaction of what came in."""

from typing import Any

import pytest
from starlette.applications import Starlette

from tests import make
from tests.automation.conftest import SALES, rule
from tests.cases.conftest import Take, letter
from tests.conftest import Client
from tests.live import assert_live_equals_reload, assert_live_in_both_languages
from tests.sla.conftest import HOURS, moment

HTMX = {"HX-Request": "true"}


@pytest.mark.parametrize(
    ("when", "acts"),
    [
        ({}, True),
        ({"words": "steam, factura"}, True),
        ({"words": "STEÁM"}, True),
        ({"words": "invoice"}, False),
        ({"language": "en"}, True),
        ({"language": "es"}, False),
        ({"channel": "1"}, True),
        ({"channel": "1", "words": "invoice"}, False),
        ({"tag": "new sender"}, True),
        ({"tag": "gold"}, False),
        ({"territory": "Madrid"}, False),
        ({"team": SALES}, False),
    ],
)
async def test_conditions(ana: Client, api: Client, take: Take, when: dict[str, str], acts: bool) -> None:
    await rule(ana, tags="seen by the rule", **when)
    await take()
    assert ((await api.get("/cases/1")).json()["tags"] == ["seen by the rule"]) is acts


async def test_territory_is_the_address_of_the_record_or_its_company(
    app: Starlette, ana: Client, api: Client, take: Take
) -> None:
    await make.contact(app, "Harriet Cole", emails="harriet@brightwater.example", addresses="Calle Mayor 1, Málaga")
    await rule(ana, territory="malaga", priority="high")
    await take()
    assert (await api.get("/cases/1")).json()["priority"] == "high"


async def test_hours(ana: Client, api: Client, take: Take) -> None:
    await ana.post("/settings/sla/calendars", data=HOURS)
    await rule(ana, calendar="1", hours="closed", tags="at night")
    async with moment("2026-11-27T10:00"):
        await take(sender="a@b.example")
    async with moment("2026-11-27T22:00"):
        await take(sender="c@d.example")
    assert [(await api.get(f"/cases/{n}")).json()["tags"] for n in (1, 2)] == [[], ["at night"]]


async def test_rules_are_asked_in_their_order_until_one_stops(ana: Client, api: Client, take: Take) -> None:
    await rule(ana, name="One", tags="one", stops="1")
    await rule(ana, name="Two", tags="two")
    await take(sender="a@b.example")
    await ana.put("/settings/automation/rules/2/place")
    await take(sender="c@d.example")
    assert [(await api.get(f"/cases/{n}")).json()["tags"] for n in (1, 2)] == [["one"], ["two", "one"]]


async def test_each_message_can_be_tagged(ana: Client, api: Client, take: Take) -> None:
    await rule(ana, moment="received", words="refund", tags="money")
    await take(Message_ID="<a@x.example>")
    await take(In_Reply_To="<a@x.example>", text="I want a refund.")
    assert (await api.get("/cases/1")).json()["tags"] == ["money"]
    assert len(await make.facts(await _app(ana), "automation.acted")) == 1


async def _app(client: Client) -> Any:
    return client._transport.app  # type: ignore[attr-defined]


async def test_in_turn(ana: Client, mateo: Client, api: Client, take: Take, team: None) -> None:
    await rule(ana, to_team=SALES, method="round_robin")
    for n in range(4):
        await take(sender=f"p{n}@b.example")
    assert [(await api.get(f"/cases/{n}")).json()["assignee"] for n in (1, 2, 3, 4)] == [1, 2, 1, 2]


async def test_who_has_the_fewest_within_the_limit(ana: Client, api: Client, take: Take, team: None) -> None:
    await ana.put("/settings/automation/people/1", data={"most": "1"})
    await ana.put("/settings/automation/people/2", data={"most": "2"})
    await rule(ana, to_team=SALES, method="least_busy")
    for n in range(5):
        await take(sender=f"p{n}@b.example")
    given = [(await api.get(f"/cases/{n}")).json()["assignee"] for n in range(1, 6)]
    assert sorted(given[:3], key=str) == [1, 2, 2] and given[3:] == [None, None], "all are full: it stays with the team"
    assert (await api.get("/cases/5")).json()["team"] == int(SALES)


async def test_skill_and_absence(ana: Client, api: Client, take: Take, team: None) -> None:
    await ana.put("/settings/automation/people/2", data={"skills": "Vapor, Español"})
    await rule(ana, to_team=SALES, method="round_robin", skill="vapor")
    await take(sender="a@b.example")
    await ana.put("/settings/automation/people/2", data={"skills": "Vapor", "is_away": "1"})
    await take(sender="c@d.example")
    assert [(await api.get(f"/cases/{n}")).json()["assignee"] for n in (1, 2)] == [2, None]


async def test_an_answer_by_itself_answers_nothing(app: Starlette, ana: Client, api: Client, take: Take) -> None:
    await rule(ana, answer_en="Hello {first_name}, we have your message (#{number}).")
    await take(Message_ID="<a@x.example>")
    case = (await api.get("/cases/1")).json()
    assert case["asked_at"] is not None and case["status"] == "new" and case["said_n"] == 1
    said = (await api.get("/cases/1/messages")).json()["items"]
    assert said[1]["body"] == "Hello Harriet, we have your message (#1)." and said[1]["author"] is None
    reply = {"audience": "customer", "text": "Hello.", "seen": "1"}
    assert (await ana.post("/cases/1/messages", data=reply)).status_code == 201, "it stops nobody's reply"


async def test_at_most_one_a_day_to_an_address(app: Starlette, ana: Client, take: Take) -> None:
    await rule(ana, answer_en="We have it.")
    async with moment("2026-11-27T10:00"):
        for n in range(3):
            await take(subject=f"Again {n}")
    async with moment("2026-11-28T10:00"):
        await take(subject="The next day")
    assert len(await make.facts(app, "case.answered")) == 2


async def test_a_machine_gets_none(app: Starlette, ana: Client, take: Take) -> None:
    await rule(ana, answer_en="We have it.")
    await take(letter(Auto_Submitted="auto-replied"))
    assert await make.facts(app, "case.answered") == []


async def test_the_thread_says_which_rule_acted(app: Starlette, ana: Client, mateo: Client, take: Take) -> None:
    await rule(ana, name="Money", moment="received", words="refund", priority="high")
    await take(Message_ID="<a@x.example>")
    await app.state.relay.drain()
    act = lambda: take(In_Reply_To="<a@x.example>", text="refund")  # noqa: E731
    regions = ("case-1-thread", "case-1-facts")
    for screen in await assert_live_in_both_languages(app, mateo, "/cases/1", act, regions=regions):
        thread = screen.page.find("case-1-thread")
        assert thread is not None and "Money" in thread.text()


@pytest.mark.parametrize(
    ("wrong", "where"),
    [
        ({"name": ""}, "name"),
        ({"moment": "never"}, "moment"),
        ({"tags": ""}, "tags"),
        ({"type": "x"}, "type"),
        ({"priority": "x"}, "priority"),
        ({"method": "x"}, "method"),
        ({"to_team": "99"}, "team"),
        ({"channel": "99"}, "channel"),
        ({"calendar": "99"}, "calendar"),
    ],
)
async def test_what_is_refused(ana: Client, wrong: dict[str, str], where: str) -> None:
    typed = {"name": "A rule", "moment": "opened", "tags": "x"} | wrong
    answer = await ana.post("/settings/automation/rules", data=typed, headers=HTMX)
    assert answer.status_code == 422 and where in answer.text


async def test_only_admins(mateo: Client, ana: Client) -> None:
    await rule(ana, tags="x")
    assert (await mateo.get("/settings/automation")).status_code == 403
    assert (await mateo.put("/settings/automation/rules/1", data={"name": "y", "tags": "z"})).status_code == 403
    assert (await mateo.put("/settings/automation/people/2", data={"most": "9"})).status_code == 403
    assert (await mateo.put("/settings/automation/care", data={"close_after": "1"})).status_code == 403


async def test_the_page_is_live(app: Starlette, ana: Client) -> None:
    await rule(ana, tags="x")
    for act in (
        lambda: ana.put("/settings/automation/rules/1", data={"name": "Other", "moment": "received", "tags": "z"}),
        lambda: ana.put("/settings/automation/people/1", data={"most": "9", "skills": "steam"}),
        lambda: ana.put("/settings/automation/care", data={"close_after": "3"}),
        lambda: ana.delete("/settings/automation/rules/1"),
    ):
        await assert_live_equals_reload(app, ana, "/settings/automation", act, regions=("automation",))
