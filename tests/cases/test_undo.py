"""A reply that is taken back: the case stands again as if it had never been written, and nobody's words are lost."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from email.message import EmailMessage

import pytest
from sqlalchemy import select
from starlette.applications import Starlette

from server.cases.models import Case, CaseDraft
from tests.automation.conftest import rule
from tests.cases.conftest import Take
from tests.cases.test_sending import pass_time, state_of
from tests.conftest import Client

REPLY = {"audience": "customer", "text": "Please close the left valve.", "seen": "1"}


@pytest.fixture
async def acknowledged(ana: Client, take: Take) -> None:
    """A case whose second message is an answer that no person wrote."""
    await rule(ana, answer_en="We have your message.")
    await take(Message_ID="<a@x.example>")


async def answered_at(app: Starlette, id: int = 1) -> datetime | None:
    async with app.state.database.transaction(read=True) as tx:
        return (await tx.get_one(Case, id)).answered_at


async def test_the_question_waits_again_although_a_rule_answered(
    app: Starlette, ana: Client, api: Client, acknowledged: None
) -> None:
    before = (await api.get("/cases/1")).json()
    assert before["asked_at"] is not None and before["said_n"] == 1
    assert (await ana.post("/cases/1/messages", data=REPLY)).status_code == 201
    assert (await api.get("/cases/1")).json()["said_n"] == 3
    assert (await ana.delete("/cases/1/messages/3")).status_code == 200
    after = (await api.get("/cases/1")).json()
    assert (after["asked_at"], after["said_n"], await answered_at(app)) == (before["asked_at"], 1, None)
    assert (await ana.post("/cases/1/messages", data=REPLY)).status_code == 201, "what was taken back stops no reply"


async def test_a_rule_answers_nothing_where_cases_are_merged(
    ana: Client, api: Client, take: Take, acknowledged: None
) -> None:
    await take(Message_ID="<b@x.example>", subject="It drips", text="And it drips.")
    await ana.put("/cases/1/merge", data={"into": "2"})
    into = (await api.get("/cases/2")).json()
    items = (await api.get("/cases/2/messages")).json()["items"]
    assert {one["n"]: one["state"] for one in items} == {1: "in", 2: "in", 3: "sending"}
    assert into["asked_at"] is not None and into["said_n"] == 2


async def drafts(app: Starlette) -> dict[int, str]:
    """By the id of their writer."""
    async with app.state.database.transaction(read=True) as tx:
        return {one.user_id: one.text for one in await tx.scalars(select(CaseDraft))}


async def test_words_that_were_taken_back_stand_before_what_was_begun_since(
    app: Starlette, ana: Client, take: Take
) -> None:
    await take()
    await ana.post("/cases/1/messages", data=REPLY)
    await ana.put("/cases/1/drafts/reply", data={"text": "And come by on Monday."})
    await ana.delete("/cases/1/messages/2")
    assert await drafts(app) == {1: "Please close the left valve.\n\nAnd come by on Monday."}


async def test_words_that_a_colleague_took_back_stay_their_writers(
    app: Starlette, ana: Client, mateo: Client, take: Take
) -> None:
    await take()
    await mateo.post("/cases/1/messages", data=REPLY)
    await ana.put("/cases/1/drafts/reply", data={"text": "Ana’s own words"})
    await ana.delete("/cases/1/messages/2")
    assert await drafts(app) == {1: "Ana’s own words", 2: "Please close the left valve."}


@pytest.mark.parametrize("status", ["waiting", "solved", "closed"])
async def test_a_question_that_is_unanswered_again_is_ours(ana: Client, api: Client, take: Take, status: str) -> None:
    await take()
    await ana.post("/cases/1/messages", data=REPLY)
    await ana.put("/cases/1/status", data={"status": status})
    await ana.delete("/cases/1/messages/2")
    assert (await api.get("/cases/1")).json()["status"] == "open"


class Slow:
    """A mail server during whose answer something else happens."""

    is_real = True

    def __init__(self, meanwhile: Callable[[], Awaitable[None]]) -> None:
        self.meanwhile = meanwhile
        self.given: list[str] = []

    async def post(self, letter: EmailMessage) -> None:
        self.given.append(letter["Message-ID"])
        await self.meanwhile()


async def test_what_has_begun_to_leave_cannot_be_taken_back(
    app: Starlette, ana: Client, api: Client, take: Take
) -> None:
    async def undo() -> None:
        assert 'hx-delete="/cases/1/messages/2"' not in (await ana.get("/cases/1")).text
        answer = await ana.delete("/cases/1/messages/2")
        assert answer.status_code == 422 and "on its way" in answer.text

    server = Slow(undo)
    object.__setattr__(app.state.services, "mailer", server)
    await take()
    await ana.post("/cases/1/messages", data=REPLY)
    await pass_time(app)
    assert len(server.given) == 1 and await state_of(api, 2) == "sent"
    assert await drafts(app) == {} and (await api.get("/cases/1")).json()["status"] == "waiting"


async def test_what_a_crash_left_on_its_way_goes_again(app: Starlette, ana: Client, api: Client, take: Take) -> None:
    async def crash() -> None:
        if len(server.given) == 1:
            raise RuntimeError("killed")

    server = Slow(crash)
    object.__setattr__(app.state.services, "mailer", server)
    await take()
    await ana.post("/cases/1/messages", data=REPLY)
    await pass_time(app)
    assert await state_of(api, 2) == "leaving"
    await pass_time(app, 3600)
    assert await state_of(api, 2) == "sent" and len(server.given) == 2 and len(set(server.given)) == 1
