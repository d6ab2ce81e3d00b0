"""What is said in a case: letters that came, replies to the customer, notes for the team, and drafts of them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select

from server.cases import events as facts
from server.cases.actions import assign_case, tell, turn
from server.cases.attaching import give_back, take_attached
from server.cases.copies import parse_copies
from server.cases.departures import UNDO, hold_replies, must_have_seen, schedule_reply, send_later
from server.cases.drafts import drop_draft
from server.cases.forms import parse_body, parse_send_at
from server.cases.models import Case, CaseFile, CaseFollower, CaseMessage
from server.cases.turns import SHOWN, WAITS, count_answer, count_said
from server.channels.outgoing import new_message_id
from server.channels.queries import letters_from
from server.kit.access import Principal
from server.kit.clock import now
from server.kit.db import Tx
from server.kit.errors import Invalid
from server.kit.markdown import keep_known, mentioned, plain
from server.kit.text import _


async def add_message(tx: Tx, case: Case, **values: Any) -> CaseMessage:
    case.messages += 1
    case.active_at = now()
    case.version += values["audience"] == "customer"  # a note changes nothing that stands elsewhere
    given: dict[str, Any] = {
        "sender": "",
        "address": "",
        "reply_to": "",
        "copies": [],
        "subject": "",
        "whole": "",
        "html": "",
    }
    given |= {"message_id": "", "problem": "", "attempts": 0, "send_at": None, "author_id": None, "files": []}
    message = CaseMessage(
        workspace_id=case.workspace_id, case_id=case.id, n=case.messages, created_at=now(), **given | values
    )
    tx.add(message)
    by_person = message.state == "in" or message.author_id is not None
    if message.audience == "customer" and message.state not in ("auto", "held") and by_person:
        case.said_n = message.n  # what no person wrote stops nobody's reply
    await tx.flush()
    return message


async def receive(
    tx: Tx, who: Principal, case: Case, values: dict[str, Any], files: Sequence[CaseFile] = ()
) -> CaseMessage:
    """A message of the customer: it is our turn again, also when the case was solved."""
    message = await add_message(tx, case, audience="customer", state="in", files=list(files), **values)
    case.asked_at, case.reminded_at = case.asked_at or message.created_at, None
    if case.status != "new":
        await turn(tx, who, case, "open")
    await hold_replies(tx, who, case)
    follows = await tx.scalars(select(CaseFollower.user_id).where(CaseFollower.case_id == case.id))
    concerned = sorted({*follows, *([case.assignee_id] if case.assignee_id else [])})
    excerpt = plain(message.body, SHOWN)
    tell(tx, who, case, facts.CaseReceived, message=message.id, excerpt=excerpt, concerned=concerned)
    return message


async def answer_case(
    tx: Tx,
    who: Principal,
    case: Case,
    raw: object,
    seen: int,
    send_at: datetime | None = None,
    copies: Sequence[str] = (),
    draft_seen: str | None = None,
) -> CaseMessage:
    """A reply to the customer. `seen` is the newest message to or from them that the writer had read: when there is a
    newer one, Conflict names it, so that nobody answers twice; the same when a colleague has claimed the case. It
    leaves after `UNDO` and counts as answered now; or at `send_at`, and answers nothing until then. Until it leaves it
    may be taken back. `copies`: who else gets it. `draft_seen`: the mark of the draft that it came from, whose files go
    along; None for what a program writes in somebody's name, and their own draft stays as it is."""
    body, leaves = parse_body(raw), parse_send_at(send_at) if send_at else now() + UNDO
    await must_have_seen(tx, who, case, seen, body)
    way_out = await _way_out(tx, who, case, leaves)
    if way_out["via"] == "email":
        way_out["copies"] = await parse_copies(tx, case, copies)
    if send_at is not None:
        if case.is_chat:
            raise Invalid(send_at=_("What is said in a chat is said at once"))
        way_out["state"] = "scheduled"
    files = await take_attached(tx, who, case) if draft_seen is not None else []
    await hold_replies(tx, who, case)
    message = await add_message(tx, case, audience="customer", author_id=who.user_id, body=body, files=files, **way_out)
    case.claimed_by = case.claimed_until = None
    if send_at is None:  # before its writer takes it on, which would open a new one for a moment
        await turn(tx, who, case, "waiting")
    if case.assignee_id is None and who.user_id is not None:
        await assign_case(tx, who, case, who.user_id, case.team_id)
    if draft_seen is not None:
        await drop_draft(tx, who, case, "reply", body, draft_seen)
    send_later(tx, who, message)
    await (count_answer if send_at is None else schedule_reply)(tx, who, case, message)
    return message


async def _way_out(tx: Tx, who: Principal, case: Case, leaves: datetime) -> dict[str, Any]:
    """A chat's reply is there at once and cannot be taken back; a letter waits for a moment."""
    if case.is_chat:
        return {"state": "sent", "via": "chat"}
    sender = await letters_from(tx, who, case.channel)
    if sender is None or not case.address:
        raise Invalid(text=_("There is no address to answer to. Add an e-mail address to the record first"))
    letter = {"state": "sending", "via": sender.kind, "address": case.address, "send_at": leaves}
    return letter | {"message_id": new_message_id(sender.address)}


async def answer_by_itself(tx: Tx, who: Principal, case: Case, text: str) -> CaseMessage:
    """A letter that no person wrote, such as "we have your message": it answers nothing, stops no clock and changes no
    status. `who` is the house."""
    way_out = await _way_out(tx, who, case, now())
    message = await add_message(tx, case, audience="customer", body=parse_body(text), **way_out)
    send_later(tx, who, message)
    tell(tx, who, case, facts.CaseAnswered, message=message.id, excerpt=plain(message.body, SHOWN))
    return message


async def withdraw(tx: Tx, who: Principal, case: Case, message: CaseMessage) -> CaseMessage:
    """Takes a reply back that has not left yet; its words are the writer's draft again."""
    if message.state not in ("sending", *WAITS) or message.via not in ("email", "webhook"):
        raise Invalid(_("It is on its way already"))
    had_answered, message.state = message.state not in WAITS, "withdrawn"
    case.version += 1
    await count_said(tx, case)
    if had_answered and (case.status == "waiting" or (case.asked_at is not None and case.status != "new")):
        await turn(tx, who, case, "open")
    await give_back(tx, case, message)
    tell(tx, who, case, facts.CaseWithdrawn, message=message.id)
    return message


async def note_case(
    tx: Tx, who: Principal, case: Case, raw: object, known: Sequence[str] = (), draft_seen: str | None = None
) -> CaseMessage:
    """For the team alone. `known`: addressees that may be called by name. `draft_seen`: as of a reply."""
    text = parse_body(raw)
    body = keep_known(text, known)
    message = await add_message(tx, case, audience="team", state="note", via="note", author_id=who.user_id, body=body)
    if draft_seen is not None:
        await drop_draft(tx, who, case, "note", text, draft_seen)
    tell(tx, who, case, facts.CaseNoted, message=message.id, excerpt=plain(body, SHOWN), mentions=mentioned(body))
    return message
