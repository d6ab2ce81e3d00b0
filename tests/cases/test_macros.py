"""Macros: canned answers that fill themselves in, acts that go with them."""

from datetime import timedelta

import pytest
from starlette.applications import Starlette

from server.kit.clock import now
from tests.cases.conftest import Take
from tests.cases.test_sending import Inbox, pass_time
from tests.cases.test_sending import inbox as inbox
from tests.conftest import Client
from tests.live import assert_live_equals_reload

VISIT = {
    "name": "Engineer visit",
    "text": "Hello {first_name}, about {subject} (#{number}): {agent} can come. {unknown}",
    "snooze": "2",
    "tags": "visit, van 2",
    "priority": "high",
}
REPLY = {"audience": "customer", "text": "Hello.", "seen": "1"}


@pytest.fixture
async def case(app: Starlette, take: Take, ana: Client) -> str:
    await take(Message_ID="<a@x.example>")
    assert (await ana.post("/settings/macros", data=VISIT)).status_code == 201
    await app.state.relay.drain()
    return "/cases/1"


async def test_words_fill_themselves_in(ana: Client, case: str) -> None:
    offered = (await ana.get(f"{case}/macros?q=visit")).text
    assert "Hello Harriet, about Steam wand loses pressure (#1): Ana" in offered and "{unknown}" in offered
    assert "snoozes 2 days" in offered and "visit, van 2" in offered
    assert "Engineer" not in (await ana.get(f"{case}/macros?q=zzz")).text


async def test_what_it_does_happens_with_the_reply(ana: Client, api: Client, case: str) -> None:
    await ana.post(f"{case}/messages", data=REPLY | {"macro": "1"})
    shown = (await api.get("/cases/1")).json()
    assert (shown["status"], shown["priority"], shown["tags"]) == ("snoozed", "high", ["visit", "van 2"])
    assert "used 1 time" in (await ana.get("/settings/macros")).text


async def test_nothing_happens_when_nothing_was_sent(ana: Client, mateo: Client, api: Client, case: str) -> None:
    await mateo.post(f"{case}/messages", data=REPLY)
    assert (await ana.post(f"{case}/messages", data=REPLY | {"macro": "1"})).status_code == 409
    assert (await api.get("/cases/1")).json()["status"] == "waiting"


async def test_a_macro_without_a_text_acts_at_once(ana: Client, api: Client, case: str) -> None:
    await ana.post("/settings/macros", data={"name": "Spam", "status": "closed", "tags": "spam"})
    assert (await ana.post(f"{case}/macros/2")).status_code == 200
    assert (await api.get("/cases/1")).json()["status"] == "closed"


@pytest.fixture
async def later(ana: Client, case: str) -> str:
    """Ana’s reply with a macro, for three hours from now."""
    at = (now() + timedelta(hours=3)).isoformat()
    assert (await ana.post(f"{case}/messages", data=REPLY | {"macro": "1", "send_at": at})).status_code == 201
    return case


async def test_with_a_reply_for_later_it_waits_and_says_so(
    app: Starlette, ana: Client, api: Client, inbox: Inbox, later: str
) -> None:
    shown = (await api.get("/cases/1")).json()
    assert (shown["status"], shown["priority"], shown["tags"]) == ("open", "normal", [])
    assert "When it leaves: snoozes 2 days, priority high, tags visit, van 2" in (await ana.get(later)).text
    await ana.delete("/settings/macros/1")
    await pass_time(app, 3 * 3600 + 1)
    shown = (await api.get("/cases/1")).json()
    assert (shown["status"], shown["priority"], shown["tags"]) == ("snoozed", "high", ["visit", "van 2"])
    assert len(inbox.letters) == 1


async def test_with_a_reply_that_was_taken_back_it_never_happens(
    app: Starlette, ana: Client, api: Client, inbox: Inbox, later: str
) -> None:
    await ana.delete(f"{later}/messages/2")
    await pass_time(app, 3 * 3600 + 1)
    assert (await api.get("/cases/1")).json()["priority"] == "normal" and inbox.letters == []


async def test_what_was_solved_before_it_leaves_is_not_snoozed_again(
    app: Starlette, ana: Client, api: Client, inbox: Inbox, later: str
) -> None:
    await ana.put(f"{later}/status", data={"status": "solved"})
    await pass_time(app, 3 * 3600 + 1)
    shown = (await api.get("/cases/1")).json()
    assert (shown["status"], shown["priority"]) == ("solved", "high") and len(inbox.letters) == 1


async def test_what_can_no_longer_be_done_stops_no_letter(
    app: Starlette, ana: Client, mateo: Client, api: Client, inbox: Inbox, case: str
) -> None:
    """Whoever has the case left meanwhile, and the macro hands it to a team."""
    await ana.post("/settings/teams", data={"name": "Workshop"})
    await ana.put("/settings/macros/1", data=VISIT | {"team": "1"})
    at = (now() + timedelta(hours=3)).isoformat()
    await ana.put(f"{case}/assignee", data={"assignee": "2"})
    await ana.post(f"{case}/messages", data=REPLY | {"macro": "1", "send_at": at})
    assert (await ana.delete("/settings/people/2")).status_code == 200
    await pass_time(app, 3 * 3600 + 1)
    assert len(inbox.letters) == 1 and (await api.get("/cases/1")).json()["priority"] == "high"


@pytest.mark.parametrize(
    ("wrong", "where"),
    [
        ({"name": ""}, "name"),
        ({"text": "", "snooze": "", "tags": "", "priority": ""}, "text"),
        ({"snooze": "0"}, "snooze"),
        ({"snooze": "x"}, "snooze"),
        ({"priority": "most"}, "priority"),
        ({"team": "99"}, "team"),
        ({"status": "snoozed", "snooze": ""}, "snooze"),
        ({"language": "xx"}, "language"),
    ],
)
async def test_what_is_refused(ana: Client, case: str, wrong: dict[str, str], where: str) -> None:
    answer = await ana.post("/settings/macros", data=VISIT | wrong, headers={"HX-Request": "true"})
    assert answer.status_code == 422 and where in answer.text


async def test_only_managers_change_them(ana: Client, mateo: Client, case: str) -> None:
    assert (await mateo.post("/settings/macros", data=VISIT)).status_code == 403
    assert (await mateo.delete("/settings/macros/1")).status_code == 403
    assert (await mateo.get(f"{case}/macros")).status_code == 200


async def test_the_list_of_macros_is_live(app: Starlette, ana: Client, mateo: Client, case: str) -> None:
    for act in (
        lambda: ana.put("/settings/macros/1", data=VISIT | {"name": "A visit"}),
        lambda: ana.delete("/settings/macros/1"),
    ):
        await assert_live_equals_reload(app, mateo, "/settings/macros", act, regions=("macros",))
