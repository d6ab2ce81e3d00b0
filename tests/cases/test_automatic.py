"""Letters that no person wrote: reports on ours, absence notes, floods. They wake nobody and open nothing."""

from datetime import timedelta
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Any

import pytest
from starlette.applications import Starlette

from server.cases.automatic import FLOOD
from server.cases.models import CaseMessage
from server.channels.actions import open_channel
from server.channels.forms import ChannelDraft
from server.channels.incoming import read_letter
from server.identity.models import User
from server.kit.access import Principal
from server.kit.clock import now
from server.kit.unsent import unreached, why_unsent
from tests import make
from tests.cases.conftest import HELP, Take, letter
from tests.conftest import Client
from tests.live import assert_live_equals_reload

REPLY = {"audience": "customer", "text": "Please close the left valve.", "seen": "1"}
REPORT = """From: Mail Delivery System <MAILER-DAEMON@mx.brightwater.example>
To: {help}
Subject: Undelivered Mail Returned to Sender
Message-ID: <{n}.report@mx.brightwater.example>
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="B"

--B
Content-Type: text/plain

I could not deliver it. <b>secret internals of mx.brightwater.example</b>

--B
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.brightwater.example

Final-Recipient: rfc822; harriet@brightwater.example
Action: {action}
Status: {status}
Diagnostic-Code: smtp; 550 go away

--B
Content-Type: {kind}

Message-ID: {id}
From: {help}
Subject: Re: Steam wand

--B--
"""


def report(
    id: str, status: str = "5.1.1", action: str = "failed", kind: str = "text/rfc822-headers", n: int = 1
) -> bytes:
    return REPORT.format(help=HELP, id=id, status=status, action=action, kind=kind, n=n).encode()


@pytest.fixture
async def answered(app: Starlette, ana: Client, take: Take) -> str:
    """A case with a reply; the Message-ID of the reply."""
    await take(Message_ID="<a@x.example>")
    assert (await ana.post("/cases/1/messages", data=REPLY)).status_code < 300
    async with app.state.database.transaction() as tx:
        message = await tx.get_one(CaseMessage, 2)
        message.state = "sent"
        return message.message_id


async def case_of(api: Client) -> dict[str, Any]:
    return (await api.get("/cases/1")).json()  # type: ignore[no-any-return]


async def messages(api: Client) -> list[dict[str, Any]]:
    return (await api.get("/cases/1/messages")).json()["items"]  # type: ignore[no-any-return]


@pytest.mark.parametrize("kind", ["text/rfc822-headers", "message/rfc822"])
async def test_a_returned_reply_says_so_and_the_case_is_ours_again(
    ana: Client, api: Client, take: Take, answered: str, kind: str
) -> None:
    assert (await case_of(api))["status"] == "waiting"
    await take(report(answered, kind=kind))
    assert (await case_of(api))["status"] == "open"
    assert [one["state"] for one in await messages(api)] == ["in", "failed"]
    page = (await ana.get("/cases/1")).text
    assert "There is no such address" in page and "secret internals" not in page and "go away" not in page
    assert len((await api.get("/cases")).json()["items"]) == 1


async def test_its_writer_is_told_once(app: Starlette, ana: Client, take: Take, answered: str) -> None:
    await take(report(answered))
    await take(report(answered, n=2))
    assert (await ana.get("/notices")).text.count("A reply of yours did not arrive") == 1
    assert len(await make.facts(app, "case.unsent")) == 1


async def test_each_reads_why_in_their_own_language(app: Starlette, ana: Client, take: Take, answered: str) -> None:
    await take(report(answered))
    async with app.state.database.transaction() as tx:
        (await tx.get_one(User, 1)).language = "es"
    for page in ("/cases/1", "/notices"):
        shown = (await ana.get(page)).text
        assert "No existe esa dirección" in shown and "There is no such address" not in shown, page


def test_whom_a_letter_did_not_reach_is_said_by_name() -> None:
    problem = "\n".join(
        (unreached(["ben@x.example", "cy@x.example"], "not_taken"), unreached(["di@x.example"], "late"))
    )
    assert why_unsent(problem) == (
        "Did not reach ben@x.example, cy@x.example: The mail server did not take it. "
        "Did not reach di@x.example: The server did not answer in time"
    )
    assert why_unsent("A sentence of old") == "A sentence of old"


async def test_the_page_follows(app: Starlette, ana: Client, mateo: Client, take: Take, answered: str) -> None:
    await assert_live_equals_reload(app, mateo, "/cases/1", lambda: take(report(answered)), regions=("case-thread",))


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        ("5.2.2", "The mailbox is full"),
        ("5.7.1", "refuses our letters"),
        ("5.4.4", "cannot be reached"),
        ("5.3.4", "too large"),
        ("5.9.9", "sent back"),
    ],
)
def test_the_reason_is_in_plain_words(status: str, reason: str) -> None:
    read = read_letter(report("<x@nogal.example>", status)).report
    assert read is not None and read.is_final and reason in why_unsent(read.problem)


async def test_a_report_of_a_delay_or_on_nothing_of_ours_changes_nothing(
    app: Starlette, api: Client, take: Take, answered: str
) -> None:
    before = len(await make.facts(app))
    await take(report(answered, "4.4.1", "delayed"))
    await take(report("<unknown@elsewhere.example>", n=2))
    assert len(await make.facts(app)) == before and (await case_of(api))["status"] == "waiting"


async def test_a_server_without_standards_is_understood(api: Client, take: Take, answered: str) -> None:
    text = f"Hi. This is the qmail-send program.\n<harriet@brightwater.example>:\n550 5.1.1 no such user\n\n--- Below:\nMessage-ID: {answered}\n"
    await take(letter("MAILER-DAEMON@brightwater.example", "failure notice", text, Message_ID="<q@x.example>"))
    assert [one["state"] for one in await messages(api)] == ["in", "failed"]


ABSENT = [
    {"Auto_Submitted": "auto-replied"},
    {"X_Autoreply": "yes"},
    {"Precedence": "auto_reply"},
    {"Return_Path": "<>"},
]


@pytest.mark.parametrize("headers", ABSENT)
async def test_an_absence_note_is_a_quiet_line(
    app: Starlette, ana: Client, api: Client, take: Take, answered: str, headers: dict[str, str]
) -> None:
    await ana.put("/cases/1/status", data={"status": "solved"})
    await take(
        subject="Out of office",
        text="I am away until Monday.",
        In_Reply_To=answered,
        Message_ID="<o@x.example>",
        **headers,
    )
    case = await case_of(api)
    assert case["status"] == "solved"
    assert [one["state"] for one in await messages(api)] == ["in", "sent", "auto"]
    page = (await ana.get("/cases/1")).text
    assert "Automatic answer from harriet@brightwater.example" in page and "away until Monday" in page
    assert "The customer wrote" not in (await ana.get("/notices")).text
    # It is nothing that a reply would have to have seen.
    again = await ana.post("/cases/1/messages", data=REPLY | {"seen": "2"})
    assert again.status_code < 300, again.text


async def test_an_absence_note_line_comes_live(
    app: Starlette, ana: Client, mateo: Client, take: Take, answered: str
) -> None:
    note = {"In_Reply_To": answered, "Message_ID": "<o@x.example>", "Auto_Submitted": "auto-replied"}
    await assert_live_equals_reload(app, mateo, "/cases/1", lambda: take(**note), regions=("case-thread",))


async def test_a_machine_that_nobody_asked_opens_nothing(api: Client, take: Take, answered: str) -> None:
    stranger = "Robot <robot@elsewhere.example>"
    await take(sender=stranger, Auto_Submitted="auto-generated", Message_ID="<r1@x.example>")
    await take(sender=stranger, Auto_Submitted="auto-replied", In_Reply_To=answered, Message_ID="<r2@x.example>")
    assert len((await api.get("/cases")).json()["items"]) == 1 and len(await messages(api)) == 2


async def test_our_own_letter_coming_back_is_known(api: Client, take: Take, answered: str) -> None:
    back = await take(sender=f"Nogal <{HELP}>", Message_ID=answered)
    assert back.is_known and len(await messages(api)) == 2


async def test_two_programs_that_answer_each_other_end(app: Starlette, ana: Client, api: Client, take: Take) -> None:
    """They set no header that would tell. One notice, no more cases, nothing lost."""
    await take(Message_ID="<0@x.example>")
    await ana.put("/cases/1/assignee", data={"assignee": "1"})
    for n in range(1, FLOOD + 5):
        await take(subject=f"Thank you {n}", Message_ID=f"<{n}@x.example>")
    cases = (await api.get("/cases?limit=100")).json()["items"]
    assert len(cases) == FLOOD
    last = (await api.get(f"/cases/{cases[-1]['id']}/messages")).json()["items"]
    assert [one["state"] for one in last] == ["in", *["held"] * 5]
    assert len(await make.facts(app, "case.flooded")) == 1
    thread = await ana.get(f"/cases/{cases[-1]['id']}")
    assert "sends one letter after the other" in thread.text and "The case was opened" in thread.text
    assert "sends one letter after the other" in (await ana.get("/contacts/1")).text
    assert (await take(sender="Olga <olga@x.example>", Message_ID="<olga@x.example>")).case is not None


async def test_a_mailbox_that_was_not_read_for_long_is_no_flood(api: Client, channel: int, take: Take) -> None:
    for n in range(FLOOD + 3):
        message = EmailMessage()
        message["From"], message["Subject"], message["Message-ID"] = "h@x.example", f"Letter {n}", f"<{n}@x.example>"
        message["Date"] = format_datetime(now() - timedelta(days=2, minutes=n))
        message.set_content("Words")
        await take(message.as_bytes())
    assert len((await api.get("/cases?limit=100")).json()["items"]) == FLOOD + 3


async def test_a_flood_closes_no_other_address(app: Starlette, who: Principal, api: Client, take: Take) -> None:
    async with app.state.database.transaction() as tx:
        await open_channel(tx, who, ChannelDraft("orders@nogal.example", "Nogal orders", "en"))
    for n in range(FLOOD + 2):
        await take(sender="busy@x.example", subject=f"Letter {n}", Message_ID=f"<{n}@x.example>")
    other = await take(
        letter(sender="busy@x.example", subject="An order", Message_ID="<o@x.example>"), to="orders@nogal.example"
    )
    assert other.message is not None and other.message.state == "in"
    again = await take(sender="busy@x.example", subject="Once more", Message_ID="<z@x.example>")
    assert again.message is not None and again.message.state == "held"


async def test_a_flood_is_kept_where_a_merged_case_went(ana: Client, api: Client, take: Take) -> None:
    await take(Message_ID="<a@x.example>")
    await take(Message_ID="<b@x.example>", subject="It drips")
    await ana.put("/cases/2/merge", data={"into": "1"})
    for n in range(FLOOD):
        taken = await take(In_Reply_To="<a@x.example>", Message_ID=f"<{n}@x.example>")
    assert taken.message is not None and taken.message.state == "held"
    assert taken.case is not None and taken.case.id == 1, "nobody looks into a case that was merged"
