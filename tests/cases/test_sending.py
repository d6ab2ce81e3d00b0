"""Replies leave through a real mail server, and the customer's answer to them finds its case."""

import socket
from collections.abc import AsyncIterator
from email import message_from_bytes
from email.message import Message
from email.utils import parseaddr
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from sqlalchemy import select
from sqlalchemy.orm import joinedload
from starlette.applications import Starlette

from server.cases.departures import UNDO
from server.cases.jobs import TRIES
from server.cases.models import Case
from server.kit.clock import frozen
from server.kit.jobs import JOBS, Work
from server.kit.mail import SmtpMailer
from tests import make
from tests.cases.conftest import HELP, Take
from tests.conftest import Client

REPLY = {"audience": "customer", "text": "Please close the **left** valve.", "seen": "1"}


class Inbox:
    """What the mail server was given."""

    def __init__(self) -> None:
        self.letters: list[Message] = []
        self.refuses = False
        self.unknown: set[str] = set()

    async def handle_RCPT(self, server: object, session: object, envelope: Any, address: str, options: object) -> str:
        if address in self.unknown:
            return "550 5.1.1 No such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: object, session: object, envelope: object) -> str:
        if self.refuses:
            return "451 Later"
        self.letters.append(message_from_bytes(envelope.content))  # type: ignore[attr-defined]
        return "250 OK"


@pytest.fixture
async def inbox(app: Starlette) -> AsyncIterator[Inbox]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    inbox = Inbox()
    controller = Controller(inbox, hostname="127.0.0.1", port=port)
    controller.start()
    object.__setattr__(app.state.services, "mailer", SmtpMailer(f"smtp://127.0.0.1:{port}", "no-reply@nogal.example"))
    yield inbox
    controller.stop()


async def pass_time(app: Starlette, seconds: float = UNDO.total_seconds() + 1) -> None:
    with frozen() as clock:
        clock.forward(seconds=seconds)
        await app.state.worker.drain()


async def state_of(api: Client, n: int) -> str:
    items = (await api.get("/cases/1/messages")).json()["items"]
    return str(next(item["state"] for item in items if item["n"] == n))


async def test_a_reply_leaves_after_the_time_to_undo(
    app: Starlette, ana: Client, api: Client, take: Take, inbox: Inbox
) -> None:
    await take(Message_ID="<a@x.example>")
    await ana.post("/cases/1/messages", data=REPLY)
    await app.state.worker.drain()
    assert inbox.letters == [] and await state_of(api, 2) == "sending"
    await pass_time(app)
    (sent,) = inbox.letters
    assert await state_of(api, 2) == "sent"
    assert HELP in sent["From"] and sent["To"] == "Harriet Cole <harriet@brightwater.example>"
    assert sent["In-Reply-To"] == "<a@x.example>" and "<a@x.example>" in sent["References"]
    assert sent["Subject"] == "Re: Steam wand loses pressure [#1]"
    text, html = (part.get_payload(decode=True).decode() for part in sent.get_payload())  # type: ignore[union-attr]
    assert "Nogal Café, Madrid" in text and "<strong>left</strong>" in html


async def test_the_thread_holds_in_both_directions(
    app: Starlette, ana: Client, api: Client, take: Take, inbox: Inbox
) -> None:
    await take(Message_ID="<a@x.example>")
    await ana.post("/cases/1/messages", data=REPLY)
    await pass_time(app)
    back = await take(
        In_Reply_To=inbox.letters[0]["Message-ID"], subject="AW: something else", Message_ID="<c@x.example>"
    )
    assert back.case is not None and back.case.number == 1
    await ana.post("/cases/1/messages", data=REPLY | {"seen": "3"})
    await pass_time(app)
    assert inbox.letters[1]["References"].split() == ["<a@x.example>", inbox.letters[0]["Message-ID"], "<c@x.example>"]


async def test_what_was_taken_back_never_leaves(app: Starlette, ana: Client, take: Take, inbox: Inbox) -> None:
    await take()
    await ana.post("/cases/1/messages", data=REPLY)
    await ana.delete("/cases/1/messages/2")
    await pass_time(app)
    assert inbox.letters == []


async def test_a_server_that_says_later_is_asked_again(
    app: Starlette, ana: Client, api: Client, take: Take, inbox: Inbox
) -> None:
    await take()
    inbox.refuses = True
    await ana.post("/cases/1/messages", data=REPLY)
    await pass_time(app)
    assert await state_of(api, 2) == "sending"
    inbox.refuses = False
    await pass_time(app, 3600)
    assert await state_of(api, 2) == "sent" and len(inbox.letters) == 1


async def test_what_was_never_taken_is_ours_again(
    app: Starlette, ana: Client, api: Client, take: Take, inbox: Inbox
) -> None:
    """The customer has no answer: the case does not wait for them, and nothing counts it as solved after some days."""
    await take()
    inbox.refuses = True
    await ana.post("/cases/1/messages", data=REPLY)
    await ana.put("/cases/1/status", data={"status": "solved"})
    for hours in range(1, TRIES + 1):
        await pass_time(app, hours * 3600)
    assert await state_of(api, 2) == "failed" and (await api.get("/cases/1")).json()["status"] == "open"


async def test_a_snoozed_case_comes_back(app: Starlette, ana: Client, api: Client, take: Take) -> None:
    await take()
    with frozen() as clock:
        until = clock.at.replace(microsecond=0)
        clock.forward(days=-1)
        answer = await ana.put("/cases/1/status", data={"status": "snoozed", "until": until.isoformat()})
        assert answer.status_code == 200, answer.text
        wake = JOBS["cases.wake"].run
        await wake(Work(app.state.services, 0, 0, {}))
        assert (await api.get("/cases/1")).json()["status"] == "snoozed"
        clock.forward(days=1, minutes=2)
        await wake(Work(app.state.services, 0, 0, {}))
        assert (await api.get("/cases/1")).json()["status"] == "open"
    assert len(await make.facts(app, "case.changed")) == 2


@pytest.mark.parametrize(
    ("address", "state", "to"),
    [
        ("info@café-olé.example", "sent", ["info@xn--caf-ol-dvad.example"]),
        ("ñandu@cust.example", "failed", []),
    ],
)
async def test_addresses_with_letters_beyond_ascii(
    app: Starlette, ana: Client, api: Client, take: Take, inbox: Inbox, address: str, state: str, to: list[str]
) -> None:
    await take(raw=f"From: <{address}>\nSubject: Hi\n\nHello".encode())
    await ana.post("/cases/1/messages", data=REPLY)
    await pass_time(app)
    assert await state_of(api, 2) == state
    assert [parseaddr(sent["To"])[1] for sent in inbox.letters] == to


@pytest.mark.parametrize(
    ("spoken", "address", "words"),
    [("es", "en", "Lea y responda"), ("", "es", "Lea y responda"), ("fr", "en", "Read and answer")],
)
async def test_the_frame_speaks_the_customers_language(
    app: Starlette, ana: Client, take: Take, inbox: Inbox, spoken: str, address: str, words: str
) -> None:
    await take()
    async with app.state.database.transaction() as tx:
        case = (await tx.scalars(select(Case).options(joinedload(Case.channel)))).one()
        assert case.channel is not None
        case.language, case.channel.language = spoken, address
    await ana.post("/cases/1/messages", data=REPLY)
    await pass_time(app)
    text, html = (part.get_payload(decode=True).decode() for part in inbox.letters[0].get_payload())  # type: ignore[union-attr]
    assert words in text and words in html
    assert f'lang="{"es" if words.startswith("L") else "en"}"' in html


async def test_a_first_answer_turns_a_new_case_over_at_once(app: Starlette, ana: Client, take: Take) -> None:
    """Its writer takes it on by that; that it was opened on the way there is no news."""
    await take()
    await ana.post("/cases/1/messages", data={"audience": "customer", "text": "Hello.", "seen": "1"})
    turned = [row.data for row in await make.facts(app, "case.changed")]
    assert [(data["old"], data["new"]) for data in turned if data["field"] == "status"] == [("new", "waiting")]
    assert [row.data["new"] for row in await make.facts(app, "case.assigned")] == [1]
