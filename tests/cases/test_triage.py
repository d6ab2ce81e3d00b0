"""The list of cases: filters as its address says them, counts, several at once."""

import pytest
from starlette.applications import Starlette

from tests import make
from tests.automation.conftest import rule
from tests.cases.conftest import Take
from tests.conftest import Client
from tests.live import assert_live_equals_reload


@pytest.fixture
async def three(app: Starlette, ana: Client, take: Take) -> None:
    for n, name in enumerate(("Harriet", "Oliver", "Grace")):
        await take(Message_ID=f"<{n}@x.example>", sender=f"{name} <{name}@b.example>", subject=f"From {name}")
    await ana.put("/cases/1", data={"field": "tags", "value": "Vapor, Urgente"})
    await ana.put("/cases/2", data={"field": "type", "value": "complaint"})
    await ana.put("/cases/3", data={"field": "priority", "value": "urgent"})


@pytest.mark.parametrize(
    ("query", "found"),
    [("tag=vapor", "Harriet"), ("type=complaint", "Oliver"), ("priority=urgent", "Grace"), ("tag=nothing", "")],
)
async def test_filters(ana: Client, three: None, query: str, found: str) -> None:
    page = (await ana.get(f"/cases?view=all&{query}")).text
    assert {name for name in ("Harriet", "Oliver", "Grace") if f"From {name}" in page} == ({found} if found else set())


async def test_a_page_after_the_last_leads_to_the_last(ana: Client, three: None) -> None:
    for asked in ("/cases?page=9999", "/cases?view=all&q=From&page=2"):
        answer = await ana.get(asked)
        assert answer.status_code == 303
        shown = await ana.get(answer.headers["location"])
        assert shown.status_code == 200 and "From Harriet" in shown.text, asked
    beside = (await ana.get("/cases/1?from=/cases?page=9999")).text
    assert "From Oliver" in beside and "From Grace" in beside


async def test_each_team_says_how_many_it_has(ana: Client, three: None) -> None:
    await ana.put("/cases/selection/team", data={"ids": ["1", "3"], "value": "1"})
    page = (await ana.get("/cases?view=all")).text
    assert 'Sales <span class="meta num">2</span>' in page


async def test_one_act_on_several(ana: Client, api: Client, three: None) -> None:
    for act, value in (("assignee", "me"), ("priority", "high"), ("tag", "batch 7"), ("status", "solved")):
        answer = await ana.put(f"/cases/selection/{act}", data={"ids": ["1", "2"], "value": value})
        assert answer.status_code == 200 and "2 cases changed" in answer.headers["X-Toast"]
    for id in (1, 2):
        shown = (await api.get(f"/cases/{id}")).json()
        assert (shown["assignee"], shown["priority"], shown["status"]) == (1, "high", "solved")
        assert shown["tags"][-1] == "batch 7"
    assert (await api.get("/cases/3")).json()["status"] == "new"


async def test_what_one_may_not_see_is_left_and_counted(ana: Client, mateo: Client, three: None) -> None:
    await make.restrict(ana, 2, "user:1")
    answer = await mateo.put("/cases/selection/status", data={"ids": ["1", "2", "99"], "value": "solved"})
    assert "1 case changed" in answer.headers["X-Toast"] and "2 left as they were" in answer.headers["X-Toast"]


async def test_what_several_refuse(ana: Client, api: Client, three: None) -> None:
    for act, data in (
        ("status", {"ids": ["1", "2"], "value": "nonsense"}),
        ("status", {"ids": [], "value": "solved"}),
        ("status", {"ids": ["x"], "value": "solved"}),
        ("nothing", {"ids": ["1"], "value": "x"}),
        ("assignee", {"ids": ["1"], "value": "99"}),
        ("status", {"ids": [str(n) for n in range(1, 102)], "value": "solved"}),
    ):
        assert (await ana.put(f"/cases/selection/{act}", data=data)).status_code == 422, (act, data)
    assert (await api.get("/cases/1")).json()["status"] == "new"


async def test_how_a_customer_mostly_writes(ana: Client, three: None) -> None:
    assert "Mostly writes by E-mail: 1 of 1" in (await ana.get("/panels/cases?about=contact:1")).text


async def test_a_case_is_found_by_all_that_was_said(ana: Client, take: Take) -> None:
    await take(Message_ID="<a@x.example>", text="The gauge shows nothing.")
    await take(In_Reply_To="<a@x.example>", text="Now the boiler hums.")
    await ana.post("/cases/1/messages", data={"audience": "team", "note": "Ask Krzysztof about it."})
    for words in ("gauge", "boiler hums", "krzysztof", "Steam wand", "#1"):
        assert "Steam wand" in (await ana.get(f"/cases?view=all&q={words.replace('#', '%23')}")).text, words
    await ana.post("/cases/1/messages", data={"audience": "customer", "text": "Wrongheaded", "seen": "2"})
    await ana.delete("/cases/1/messages/4")
    assert "Steam wand" not in (await ana.get("/cases?view=all&q=wrongheaded")).text


async def test_nobody_gets_a_case_that_they_may_not_see(ana: Client, mateo: Client, api: Client, three: None) -> None:
    await make.restrict(ana, 1, "user:1")
    answer = await ana.put("/cases/1/assignee", data={"assignee": "2"})
    assert answer.status_code == 422 and "may not see this customer" in answer.text
    assert (await ana.put("/cases/1/assignee", data={"assignee": "me"})).status_code == 200
    assert (await ana.put("/cases/2/assignee", data={"assignee": "2"})).status_code == 200
    assert [(await api.get(f"/cases/{id}")).json()["assignee"] for id in (1, 2)] == [1, 2]


async def test_a_rule_gives_it_to_nobody_who_may_not_see_it(
    ana: Client, mateo: Client, api: Client, take: Take, three: None
) -> None:
    await ana.put("/settings/teams/1/members/2")
    await make.restrict(ana, 1, "user:1")
    await rule(ana, to_team="1", method="round_robin")
    for name in ("Harriet", "Oliver"):
        await take(sender=f"{name} <{name}@b.example>", subject="Again")
    cases = [(await api.get(f"/cases/{id}")).json() for id in (4, 5)]
    assert [(one["team"], one["assignee"]) for one in cases] == [(None, None), (1, 2)], "nor to a team where nobody may"


@pytest.mark.parametrize("language", ["en", "es"])
async def test_the_counts_of_teams_are_live(
    app: Starlette, ana: Client, mateo: Client, take: Take, language: str
) -> None:
    await make.speak(app, 2, language)
    await take(Message_ID="<a@x.example>")
    await app.state.relay.drain()
    for act, count in (
        (lambda: ana.put("/cases/1/assignee", data={"assignee": "", "team": "1"}), "1"),
        (lambda: ana.put("/cases/1/status", data={"status": "solved"}), ""),
        (lambda: ana.delete("/cases/1/solution"), "1"),
    ):
        look = {"language": language, "regions": ("case-teams",)}
        screen = await assert_live_equals_reload(app, mateo, "/cases", act, **look)
        chips = screen.page.find("case-teams")
        assert chips is not None and "".join(filter(str.isdigit, chips.text())) == count


async def test_what_is_no_number_of_a_case_is_looked_for_as_words(ana: Client, api: Client, take: Take) -> None:
    """A telephone or a bank account is longer than any number of a case; a saved view of one would stop the list."""
    await take(text="Account 999999999999999999999999")
    found = await ana.get("/cases", params={"q": "9" * 24})
    assert found.status_code == 200 and "Steam wand loses pressure" in found.text
    await api.post("/case-views", json={"name": "Theirs", "query": "q=" + "9" * 24, "shared": False})
    assert (await ana.get("/cases")).status_code == 200


async def test_no_team_keeps_a_case_that_none_of_it_can_open_any_more(
    ana: Client, mateo: Client, api: Client, take: Take
) -> None:
    """It lies where nobody has it, in sight of those who may see its record."""
    await ana.post("/settings/teams", data={"name": "Workshop"})
    (team,) = [one for one in (await api.get("/teams")).json()["items"] if one["name"] == "Workshop"]
    await ana.put(f"/settings/teams/{team['id']}/members/2")
    await take()
    await api.patch("/cases/1", json={"team": team["id"]})
    await make.restrict(ana, 1, "user:1", "user:2")
    assert (await api.get("/cases/1")).json()["team"] == team["id"], "one of it still sees it"
    await make.restrict(ana, 1, "user:1")
    assert (await api.get("/cases/1")).json()["team"] is None
    assert "Steam wand loses pressure" in (await ana.get("/cases?view=unassigned")).text


async def test_nobody_keeps_a_case_that_they_cannot_open_any_more(
    ana: Client, mateo: Client, api: Client, take: Take
) -> None:
    """Its record was closed to them, or it was filed under one that is: the customer waits for somebody who can see it."""
    await take(Message_ID="<a@x.example>")
    await take(Message_ID="<b@x.example>", sender="Bo <bo@x.example>")
    await take(Message_ID="<c@x.example>", sender="Kai <kai@x.example>")
    for n in (1, 2, 3):
        await mateo.put(f"/cases/{n}/assignee", data={"assignee": "me"})
    await ana.put("/cases/3/assignee", data={"assignee": "me"})
    await make.restrict(ana, 1, "user:1")
    assert (await api.get("/cases/1")).json()["assignee"] is None
    assert "Steam wand loses pressure" in (await ana.get("/cases?view=unassigned")).text
    await ana.put("/cases/2/record", data={"about": "contact:1"})
    assert (await api.get("/cases/2")).json()["assignee"] is None
    await make.restrict(ana, 3, "user:1")
    assert (await api.get("/cases/3")).json()["assignee"] == 1, "who may see it keeps it"
