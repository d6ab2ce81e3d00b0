"""Two installations of our own that write to each other: what one sends by itself ends at the other."""

import pytest
from sqlalchemy import func, select
from starlette.applications import Starlette

from server.cases.delivery import deliver
from server.cases.models import Case, CaseMessage
from tests.automation.conftest import rule
from tests.cases.conftest import HELP, Take
from tests.cases.test_sending import Inbox, pass_time
from tests.cases.test_sending import inbox as inbox
from tests.conftest import Client

OTHER = "desk@other.example"


@pytest.fixture
async def both(ana: Client, stranger: Client, take: Take) -> None:
    """Each acknowledges by itself what comes in, and asks for answers at addresses of its cases' own."""
    await rule(ana, answer_en="We have your message.")
    await stranger.post("/settings/channels", data={"address": OTHER, "name": "Other", "language": "en"})
    await rule(stranger, answer_en="We have your message, too.")
    for client, number in ((ana, 1), (stranger, 2)):
        answer = await client.put(f"/settings/channels/{number}/answers", data={"answers": "apart"})
        assert answer.status_code == 200, answer.text


async def test_acknowledgements_end(
    app: Starlette, ana: Client, stranger: Client, both: None, take: Take, inbox: Inbox
) -> None:
    await take(sender=f"Other <{OTHER}>", Message_ID="<a@other.example>")
    carried = 0
    for _round in range(6):
        await pass_time(app)
        fresh, carried = inbox.letters[carried:], len(inbox.letters)
        for sent in fresh:
            to = OTHER if OTHER in sent["To"] else HELP
            await deliver(app.state.database, app.state.services.files, to, bytes(sent))
    assert len(inbox.letters) == 1, [letter["To"] for letter in inbox.letters]
    async with app.state.database.transaction(read=True) as tx:
        assert await tx.scalar(select(func.count()).select_from(Case)) == 1


async def test_a_report_in_another_alphabet_marks_the_reply(
    app: Starlette, ana: Client, take: Take, inbox: Inbox
) -> None:
    await take(Message_ID="<a@x.example>")
    await ana.post("/cases/1/messages", data={"audience": "customer", "text": "Hello", "seen": "1"})
    await pass_time(app)
    raw = REPORT.format(id=inbox.letters[0]["Message-ID"]).replace("\n", "\r\n").encode()
    await deliver(app.state.database, app.state.services.files, HELP, raw)
    async with app.state.database.transaction(read=True) as tx:
        reply = (await tx.scalars(select(CaseMessage).where(CaseMessage.n == 2))).one()
        assert (reply.state, reply.problem) == ("failed", "returned:5.1.1")


REPORT = """From: Zustellung <mailer-daemon@österreich.example>
To: help@nogal.example
Subject: =?utf-8?b?Tm8gc2UgcHVkbyBlbnRyZWdhcg==?= — ñ
Return-Path: <>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=global-delivery-status; boundary="b"

--b
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: 8bit

No existe el buzón «josé»: 宛先不明
--b
Content-Type: message/global-delivery-status
Content-Transfer-Encoding: 8bit

Reporting-MTA: dns; correo.españa.example

Final-Recipient: utf-8; josé@españa.example
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 el buzón «josé» no existe
--b
Content-Type: message/global-headers
Content-Transfer-Encoding: 8bit

Message-ID: {id}
Subject: Año

--b--
"""
