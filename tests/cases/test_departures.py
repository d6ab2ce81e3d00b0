"""Replies for later: they answer nothing until they leave, and nothing leaves that its writer has not seen through."""

import re
from datetime import timedelta, timezone

import pytest
from httpx2 import Response
from sqlalchemy import select
from starlette.applications import Starlette

from server.cases.jobs import TRIES
from server.cases.models import Case, CaseMessage
from server.channels import outgoing
from server.kit.clock import frozen, now
from server.kit.jobs import JobRow
from tests import make
from tests.cases.conftest import Take
from tests.cases.test_sending import Inbox, pass_time, state_of
from tests.cases.test_sending import inbox as inbox
from tests.conftest import Client
from tests.live import assert_live_in_both_languages

HOURS = 3


@pytest.fixture
async def scheduled(app: Starlette, ana: Client, take: Take, inbox: Inbox) -> None:
    """Ana’s reply to case 1, its second message, for three hours from now."""
    await take(Message_ID="<a@x.example>")
    answer = await ana.post("/cases/1/messages", data=_reply(1))
    assert answer.status_code == 201, answer.text
    await app.state.relay.drain()


def _reply(seen: int, text: str = "Please close the left valve.") -> dict[str, str]:
    at = (now() + timedelta(hours=HOURS)).isoformat()
    return {"audience": "customer", "text": text, "seen": str(seen), "send_at": at}


async def depart(client: Client, seen: int) -> Response:
    return await client.post("/cases/1/messages/2/departure", data={"seen": str(seen)})


async def case_of(api: Client) -> dict[str, object]:
    shown: dict[str, object] = (await api.get("/cases/1")).json()
    return shown


async def test_it_answers_nothing_before_it_leaves(
    app: Starlette, ana: Client, api: Client, inbox: Inbox, scheduled: None
) -> None:
    before = await case_of(api)
    assert (before["status"], before["said_n"]) == ("open", 2) and before["asked_at"] is not None
    assert await make.facts(app, "case.answered") == []
    page = (await ana.get("/cases/1")).text
    assert page.count("Scheduled for") + page.count("Reply scheduled for") == 2
    await pass_time(app, 3600)
    assert await state_of(api, 2) == "scheduled" and inbox.letters == []
    await pass_time(app, HOURS * 3600 + 1)
    after = await case_of(api)
    assert (after["status"], after["asked_at"], after["said_n"]) == ("waiting", None, 3), "its number is a new one"
    assert await state_of(api, 3) == "sent" and len(inbox.letters) == 1
    assert len(await make.facts(app, "case.answered")) == 1
    async with app.state.database.transaction(read=True) as tx:
        sent = (await tx.scalars(select(CaseMessage).where(CaseMessage.n == 3))).one()
        assert sent.left_at is not None and sent.left_at - sent.created_at >= timedelta(hours=HOURS)


@pytest.mark.usefixtures("scheduled")
async def test_the_clock_of_the_first_answer_runs_until_it_leaves(app: Starlette, ana: Client, api: Client) -> None:
    await pass_time(app, HOURS * 3600 + 1)
    async with app.state.database.transaction(read=True) as tx:
        case = await tx.get_one(Case, 1)
        assert case.answered_at is not None and case.answered_at - case.created_at >= timedelta(hours=HOURS)


async def test_the_moment_may_be_told_in_any_zone(
    app: Starlette, ana: Client, api: Client, take: Take, inbox: Inbox
) -> None:
    await take()
    at = (now() + timedelta(hours=HOURS)).astimezone(timezone(timedelta(hours=5, minutes=30)))
    body = {"body": "Hello", "audience": "customer", "send_at": at.isoformat()}
    assert (await api.post("/cases/1/messages", json=body)).status_code == 201
    await pass_time(app, HOURS * 3600 + 1)
    assert await state_of(api, 3) == "sent" and len(inbox.letters) == 1


async def test_who_writes_before_it_leaves_holds_it(
    app: Starlette, ana: Client, api: Client, take: Take, inbox: Inbox, scheduled: None
) -> None:
    await take(In_Reply_To="<a@x.example>", text="It works again, thank you!", Message_ID="<b@x.example>")
    await pass_time(app, HOURS * 3600 + 1)
    assert inbox.letters == [] and await state_of(api, 2) == "paused"
    told = (await ana.get("/notices")).text
    (place,) = re.findall(r'hx-post="(/notices/\d+/visit)"><span class="blk">Your reply for later waits for you', told)
    assert (await ana.post(place)).headers["location"] == "/cases/1#case-message-2"
    answer = await depart(ana, 3)
    assert answer.status_code == 200, answer.text
    assert await state_of(api, 4) == "sending" and (await case_of(api))["asked_at"] is None
    await pass_time(app)
    assert await state_of(api, 4) == "sent" and len(inbox.letters) == 1


async def test_it_is_not_sent_past_what_its_writer_has_not_read(
    app: Starlette, ana: Client, mateo: Client, api: Client, inbox: Inbox, scheduled: None
) -> None:
    """A colleague answered at the same moment: the customer gets no second answer by a press that was meant before."""
    await mateo.post("/cases/1/messages", data=_reply(2, "Mateo’s answer") | {"send_at": ""})
    late = await depart(ana, 2)
    assert late.status_code == 409 and "Mateo’s answer" in late.text and "/messages/2/departure" in late.text
    assert await state_of(api, 2) == "paused"
    assert (await ana.post("/cases/1/messages/2/departure")).status_code == 422
    assert (await depart(ana, 3)).status_code == 200 and await state_of(api, 4) == "sending"


async def test_it_is_not_sent_past_a_colleague_who_has_the_case(
    ana: Client, mateo: Client, api: Client, scheduled: None
) -> None:
    assert (await mateo.put("/cases/1/claim", data={"minutes": "30"})).status_code == 200
    late = await depart(ana, 2)
    assert late.status_code == 409 and "/cases/1/take-over" in late.text and await state_of(api, 2) == "scheduled"


async def test_it_does_not_leave_for_a_record_in_the_trash(
    app: Starlette, ana: Client, api: Client, inbox: Inbox, scheduled: None
) -> None:
    assert (await api.delete("/contacts/1")).status_code == 204
    await pass_time(app, HOURS * 3600 + 1)
    assert inbox.letters == []
    assert (await ana.delete("/contacts/1/trash")).status_code < 400
    page = (await ana.get("/cases/1")).text
    assert "was in the trash when it was to leave" in page and "somebody wrote" not in page
    assert await state_of(api, 2) == "paused" and (await depart(ana, 2)).status_code == 200


async def test_programs_send_it_anyway_or_take_it_back(
    app: Starlette, ana: Client, api: Client, take: Take, inbox: Inbox, scheduled: None
) -> None:
    await take(In_Reply_To="<a@x.example>", Message_ID="<b@x.example>")
    late = await api.post("/cases/1/messages/2/departure", json={"seen": 2})
    assert late.status_code == 409 and late.json()["theirs"]["n"] == 3
    sent = await api.post("/cases/1/messages/2/departure", json={"seen": 3})
    assert sent.status_code == 201 and sent.json()["state"] == "sending", sent.text
    back = await api.delete("/cases/1/messages/2")
    assert back.status_code == 200 and back.json()["state"] == "withdrawn"
    await pass_time(app, HOURS * 3600 + 1)
    assert inbox.letters == [] and (await api.delete("/cases/1/messages/1")).status_code == 422


async def test_a_held_one_is_taken_back_and_the_question_stays(
    ana: Client, api: Client, take: Take, scheduled: None
) -> None:
    await take(In_Reply_To="<a@x.example>", Message_ID="<b@x.example>")
    assert (await ana.delete("/cases/1/messages/2")).status_code == 200
    shown = await case_of(api)
    assert (shown["status"], shown["said_n"]) == ("open", 3) and shown["asked_at"] is not None
    assert "Please close the left valve." in (await ana.get("/cases/1")).text, "its words are the draft again"


async def test_a_colleague_who_answers_first_holds_it(
    app: Starlette, mateo: Client, api: Client, inbox: Inbox, scheduled: None
) -> None:
    values = {"audience": "customer", "text": "Mateo here"}
    assert (await mateo.post("/cases/1/messages", data=values | {"seen": "1"})).status_code == 409, (
        "they are told of it"
    )
    assert (await mateo.post("/cases/1/messages", data=values | {"seen": "2"})).status_code == 201
    await pass_time(app, HOURS * 3600 + 1)
    assert len(inbox.letters) == 1 and await state_of(api, 2) == "paused"


async def test_a_colleague_who_has_the_case_to_themselves_is_not_crossed(
    app: Starlette, ana: Client, mateo: Client, api: Client, inbox: Inbox, scheduled: None
) -> None:
    with frozen() as clock:
        clock.forward(hours=HOURS, minutes=-5)
        assert (await mateo.put("/cases/1/claim", data={"minutes": "30"})).status_code == 200
        clock.forward(minutes=6)
        await app.state.worker.drain()
        page = (await ana.get("/cases/1")).text
    assert inbox.letters == [] and await state_of(api, 2) == "paused"
    assert "a colleague had claimed the case" in page and "somebody wrote" not in page


async def test_one_taken_back_leaves_no_more(app: Starlette, ana: Client, inbox: Inbox, scheduled: None) -> None:
    assert (await ana.delete("/cases/1/messages/2")).status_code == 200
    await pass_time(app, HOURS * 3600 + 1)
    assert inbox.letters == []
    for wrong in ("yesterday", "2020-01-01T09:00", (now() + timedelta(days=900)).isoformat()):
        answer = await ana.post("/cases/1/messages", data=_reply(2) | {"send_at": wrong})
        assert answer.status_code == 422, wrong


async def test_what_was_solved_meanwhile_stays_solved(
    app: Starlette, ana: Client, api: Client, scheduled: None
) -> None:
    await ana.put("/cases/1/status", data={"status": "solved"})
    await pass_time(app, HOURS * 3600 + 1)
    assert (await case_of(api))["status"] == "solved" and await state_of(api, 3) == "sent"


async def test_a_client_may_write_for_later(api: Client, take: Take) -> None:
    await take()
    body = {"body": "Later", "audience": "customer", "send_at": (now() + timedelta(hours=1)).isoformat()}
    answer = await api.post("/cases/1/messages", json=body)
    assert answer.status_code == 201, answer.text
    until = {"status": "snoozed", "snoozed_until": body["send_at"]}
    assert (await api.patch("/cases/1", json=until)).status_code == 200
    naive = body | {"send_at": "2030-01-01T09:00:00"}
    assert (await api.post("/cases/1/messages", json=naive)).status_code == 422, "of which zone?"
    assert answer.json()["state"] == "scheduled"


async def test_what_cannot_be_put_together_fails_with_a_sentence(
    app: Starlette, ana: Client, api: Client, take: Take, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_args: object, **_names: object) -> str:
        raise RuntimeError("the template is gone")

    monkeypatch.setattr(outgoing, "_html", broken)
    await take()
    await ana.post("/cases/1/messages", data={"audience": "customer", "text": "Hello", "seen": "1"})
    await pass_time(app)
    assert await state_of(api, 2) == "leaving", "it is tried again"
    for again in range(TRIES):
        await pass_time(app, 3600 * (again + 1))
    assert await state_of(api, 2) == "failed"
    async with app.state.database.transaction(read=True) as tx:
        row = (await tx.scalars(select(JobRow).where(JobRow.name == "cases.send"))).one()
        assert row.state == "parked" and row.error is not None and "the template is gone" in row.error
    assert "Something went wrong here" in (await ana.get("/cases/1")).text


async def test_screens_follow_each_step(app: Starlette, ana: Client, mateo: Client, take: Take, inbox: Inbox) -> None:
    await take(Message_ID="<a@x.example>")
    await app.state.relay.drain()
    regions = ("case-1-thread", "case-1-turn")
    for act in (
        lambda: ana.post("/cases/1/messages", data=_reply(1)),
        lambda: take(In_Reply_To="<a@x.example>", Message_ID="<b@x.example>"),
        lambda: depart(ana, 3),
        lambda: pass_time(app),
        lambda: ana.post("/cases/1/messages", data=_reply(4, "One more thing")),
        lambda: pass_time(app, HOURS * 3600 + 1),
    ):
        await assert_live_in_both_languages(app, mateo, "/cases/1", act, regions=regions)


async def test_the_undo_goes_when_the_reply_begins_to_leave(
    app: Starlette, ana: Client, mateo: Client, take: Take, inbox: Inbox
) -> None:
    """The server takes its time: the screens know meanwhile that it is on its way."""
    await take()
    await ana.post("/cases/1/messages", data={"audience": "customer", "text": "Hello", "seen": "1"})
    assert 'hx-delete="/cases/1/messages/2"' in (await mateo.get("/cases/1")).text
    await pass_time(app)
    names = [row.name for row in await make.facts(app, "case.leaving", "case.sent")]
    assert names == ["case.leaving", "case.sent"]
