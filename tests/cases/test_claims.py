"""A case that somebody has for themselves for a while, and those who follow it."""

import pytest
from starlette.applications import Starlette

from server.kit.clock import frozen
from server.kit.jobs import JOBS, Work
from tests import make
from tests.cases.conftest import Take
from tests.conftest import Client
from tests.live import assert_live_equals_reload, assert_live_in_both_languages

REPLY = {"audience": "customer", "text": "Please close the left valve.", "seen": "1"}


@pytest.fixture
async def case(app: Starlette, take: Take) -> str:
    await take(Message_ID="<a@x.example>")
    await app.state.relay.drain()
    return "/cases/1"


async def test_nobody_else_answers_a_claimed_case(ana: Client, mateo: Client, case: str) -> None:
    assert (await ana.put(f"{case}/claim", data={"minutes": "30"})).status_code == 200
    late = await mateo.post(f"{case}/messages", data=REPLY)
    assert late.status_code == 409 and "has this case" in late.text and "Take over" in late.text
    assert (await mateo.put(f"{case}/claim", data={"minutes": "30"})).status_code == 409
    assert (await mateo.delete(f"{case}/claim")).status_code == 409
    assert (await mateo.post(f"{case}/messages", data={"audience": "team", "note": "I know them."})).status_code == 201
    assert (await ana.post(f"{case}/messages", data=REPLY)).status_code == 201


async def test_taking_over_is_one_click(api: Client, ana: Client, mateo: Client, case: str) -> None:
    await ana.put(f"{case}/claim", data={"minutes": "30"})
    assert (await mateo.post(f"{case}/take-over")).status_code == 200
    assert (await api.get("/cases/1")).json()["assignee"] == 2
    assert (await ana.post(f"{case}/messages", data=REPLY)).status_code == 409
    assert (await mateo.post(f"{case}/messages", data=REPLY)).status_code == 201


async def test_who_had_it_is_told(app: Starlette, ana: Client, mateo: Client, case: str) -> None:
    await ana.put(f"{case}/assignee", data={"assignee": "me"})
    await mateo.post(f"{case}/take-over")
    assert "took over" in (await ana.get("/notices")).text


async def test_a_claim_ends_with_its_time(app: Starlette, ana: Client, mateo: Client, case: str) -> None:
    await ana.put(f"{case}/claim", data={"minutes": "15"})
    with frozen() as clock:
        clock.forward(minutes=15, seconds=1)
        assert (await mateo.post(f"{case}/messages", data=REPLY)).status_code == 201


async def test_the_strip_goes_when_the_time_is_over(app: Starlette, ana: Client, mateo: Client, case: str) -> None:
    await ana.put(f"{case}/claim", data={"minutes": "15"})
    await app.state.relay.drain()

    async def wait() -> None:
        with frozen() as clock:
            clock.forward(minutes=16)
            await JOBS["cases.release"].run(Work(app.state.services, 0, 0, {}))

    screen = await assert_live_equals_reload(app, mateo, case, wait, regions=("case-1-claim",))
    strip = screen.page.find("case-1-claim")
    assert strip is not None and strip.text().strip() == ""


async def test_claims_are_seen(app: Starlette, ana: Client, mateo: Client, case: str) -> None:
    for act in (
        lambda: ana.put(f"{case}/claim", data={"minutes": "60"}),
        lambda: ana.delete(f"{case}/claim"),
        lambda: ana.post(f"{case}/take-over"),
        lambda: ana.post(f"{case}/messages", data=REPLY),
    ):
        regions = ("case-1-claim", "case-1-turn", "case-1-facts")
        await assert_live_in_both_languages(app, mateo, case, act, regions=regions)


async def test_followers_are_told_what_the_customer_says(ana: Client, mateo: Client, case: str, take: Take) -> None:
    await mateo.put(f"{case}/followers/me")
    await take(In_Reply_To="<a@x.example>", text="It is urgent now.")
    assert "It is urgent now." in (await mateo.get("/notices")).text
    assert "It is urgent now." not in (await ana.get("/notices")).text
    await mateo.delete(f"{case}/followers/me")
    await take(In_Reply_To="<a@x.example>", text="Hello again?")
    assert "Hello again?" not in (await mateo.get("/notices")).text


async def test_who_has_the_case_is_told_too(ana: Client, case: str, take: Take) -> None:
    await ana.put(f"{case}/assignee", data={"assignee": "me"})
    await take(In_Reply_To="<a@x.example>", text="When can somebody come?")
    assert "When can somebody come?" in (await ana.get("/notices")).text


async def test_a_solved_case_is_nobodys_to_have(
    app: Starlette, api: Client, ana: Client, mateo: Client, case: str
) -> None:
    await ana.put(f"{case}/claim", data={"minutes": "30"})
    await ana.put(f"{case}/status", data={"status": "solved"})
    shown = (await api.get("/cases/1")).json()
    assert (shown["status"], shown["claimed_by"], shown["claimed_until"]) == ("solved", None, None)
    assert len(await make.facts(app, "case.released")) == 1
    assert "has this case" not in (await mateo.get(case)).text


@pytest.mark.parametrize("status", ["solved", "closed"])
async def test_what_a_colleague_has_is_not_solved_over_their_head(
    api: Client, ana: Client, mateo: Client, case: str, status: str
) -> None:
    await ana.put(f"{case}/claim", data={"minutes": "30"})
    refused = await mateo.put(f"{case}/status", data={"status": status})
    assert refused.status_code == 409 and "has this case" in refused.text and "Take over" in refused.text
    assert "Nothing was changed" in refused.text
    several = await mateo.put("/cases/selection/status", data={"ids": ["1"], "value": status})
    assert several.status_code == 200 and "1 left as it was" in several.headers["x-toast"]
    assert (await api.get("/cases/1")).json()["status"] == "new"
    await mateo.post(f"{case}/take-over")
    assert (await mateo.put(f"{case}/status", data={"status": status})).status_code == 200


async def test_solving_is_seen_where_the_claim_was(app: Starlette, ana: Client, mateo: Client, case: str) -> None:
    await ana.put(f"{case}/claim", data={"minutes": "30"})
    await app.state.relay.drain()
    solve = lambda: ana.put(f"{case}/status", data={"status": "solved"})  # noqa: E731
    await assert_live_equals_reload(app, mateo, case, solve, regions=("case-1-claim", "case-1-thread"))
