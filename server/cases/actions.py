"""The verbs on cases. Each changes rows and announces facts; none commits, none knows HTTP."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import delete, func, select, update

from server.cases import events as facts
from server.cases.forms import parse_body, parse_priority, parse_status, parse_subject, parse_until
from server.cases.models import Case, CaseDraft, CaseFile, CaseMessage
from server.channels.models import Channel
from server.channels.outgoing import new_message_id
from server.channels.queries import letters_from
from server.contacts.models import Contact
from server.identity.access import visible_teams, visible_users
from server.identity.models import Team, User, Workspace
from server.kit.access import Principal
from server.kit.clock import now
from server.kit.db import Tx
from server.kit.errors import Conflict, Invalid
from server.kit.events import Event, EventRow, emit
from server.kit.index import Doc, index_docs
from server.kit.jobs import enqueue
from server.kit.markdown import keep_known, mentioned, plain
from server.kit.text import _, clean

UNDO = timedelta(seconds=10)  # a reply may be taken back for so long
SHOWN = 300  # characters of a message that a fact keeps
FIELDS = {"priority": parse_priority, "subject": parse_subject}


def _emit(tx: Tx, who: Principal, case: Case, fact: type[Event], **data: Any) -> None:
    emit(tx, who, fact(subject=case.ref, about=case.about, **data))


async def open_case(
    tx: Tx,
    who: Principal,
    contact: Contact,
    subject: str,
    channel: Channel | None = None,
    address: str = "",
    via: str = "email",
    call: int | None = None,
) -> Case:
    """A case of this person; its number is the workspace's next. Two that are opened at once wait for each other."""
    case = Case(
        workspace_id=who.workspace_id,
        number=await _next_number(tx, who.workspace_id),
        subject=parse_subject(subject),
        status="new",
        priority="normal",
        about=contact.about,
        contact=contact,
        address=address or contact.email,
        channel=channel,
        via=via,
        is_proved=False,
        team_id=channel.team_id if channel else None,
        assignee=None,
        messages=0,
        said_n=0,
        created_at=now(),
        active_at=now(),
        version=1,
    )
    tx.add(case)
    await tx.flush()
    await reindex(tx, case)
    _emit(tx, who, case, facts.CaseOpened, number=case.number, title=case.subject, via=via, call=call)
    return case


async def _next_number(tx: Tx, workspace_id: int) -> int:
    """The workspace's row is the queue."""
    await tx.scalar(select(Workspace.id).where(Workspace.id == workspace_id).with_for_update())
    return (await tx.scalar(select(func.max(Case.number)).where(Case.workspace_id == workspace_id)) or 0) + 1


async def reindex(tx: Tx, case: Case, words: str = "") -> None:
    title = f"#{case.number} {case.subject}"
    await index_docs(tx, [Doc(case.workspace_id, case.ref, case.about, title, plain(words, 2000))])


async def _add(tx: Tx, case: Case, **values: Any) -> CaseMessage:
    case.messages += 1
    case.active_at = now()
    case.version += 1
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
    if message.audience == "customer":
        case.said_n = message.n
    await tx.flush()
    return message


async def receive(
    tx: Tx, who: Principal, case: Case, values: dict[str, Any], files: Sequence[CaseFile] = ()
) -> CaseMessage:
    """A message of the customer: it is our turn again, also when the case was solved."""
    message = await _add(tx, case, audience="customer", state="in", files=list(files), **values)
    case.asked_at = case.asked_at or message.created_at
    if case.status != "new":
        await _turn(tx, who, case, "open")
    _emit(tx, who, case, facts.CaseReceived, message=message.id, excerpt=plain(message.body, SHOWN))
    return message


async def answer_case(tx: Tx, who: Principal, case: Case, raw: object, seen: int) -> CaseMessage:
    """A reply to the customer. `seen` is the newest message to or from them that the writer had read: when there is a
    newer one, Conflict names it, so that nobody answers twice. It leaves after `UNDO`, and counts as answered now."""
    body = parse_body(raw)
    if case.said_n > seen:
        newest = select(CaseMessage).where(CaseMessage.case_id == case.id, CaseMessage.n == case.said_n)
        message = (await tx.scalars(newest)).one()
        raise Conflict(_("Something was said since you began to write"), _newer(message), text=body)
    message = await _add(
        tx, case, audience="customer", author_id=who.user_id, body=body, **await _way_out(tx, who, case)
    )
    case.answered_at, case.asked_at = case.answered_at or message.created_at, None
    if case.assignee_id is None and who.user_id is not None:
        await assign_case(tx, who, case, who.user_id, case.team_id)
    await _turn(tx, who, case, "waiting")
    await save_draft(tx, who, case, "reply", "")
    if message.send_at is not None:
        enqueue(tx, who, "cases.send", {"message": message.id}, run_at=message.send_at)
    _emit(tx, who, case, facts.CaseAnswered, message=message.id, excerpt=plain(body, SHOWN))
    return message


async def _way_out(tx: Tx, who: Principal, case: Case) -> dict[str, Any]:
    """A chat's reply is there at once and cannot be taken back; a letter waits for a moment."""
    if case.is_chat:
        return {"state": "sent", "via": "chat"}
    sender = await letters_from(tx, who, case.channel)
    if sender is None or not case.address:
        raise Invalid(text=_("There is no address to answer to. Add an e-mail address to the record first"))
    letter = {"state": "sending", "via": "email", "address": case.address, "send_at": now() + UNDO}
    return letter | {"message_id": new_message_id(sender.address)}


def _newer(message: CaseMessage) -> dict[str, object]:
    return {"n": message.n, "message": message.id, "who_id": message.author_id, "body": message.body[:2000]}


async def withdraw(tx: Tx, who: Principal, case: Case, message: CaseMessage) -> CaseMessage:
    """Takes a reply back that has not left yet; its words are the writer's draft again."""
    if message.state != "sending" or message.via != "email":
        raise Invalid(_("It is on its way already"))
    message.state = "withdrawn"
    case.version += 1
    case.asked_at = await _unanswered_since(tx, case)
    if case.status == "waiting":
        await _turn(tx, who, case, "open")
    await save_draft(tx, who, case, "reply", message.body)
    _emit(tx, who, case, facts.CaseWithdrawn, message=message.id)
    return message


async def _unanswered_since(tx: Tx, case: Case) -> datetime | None:
    """When the oldest message of the customer came after the last reply that stands."""
    stands = CaseMessage.state.in_(("sending", "sent", "failed"))
    mine = CaseMessage.case_id == case.id
    await tx.flush()
    last = await tx.scalar(select(func.max(CaseMessage.n)).where(mine, stands)) or 0
    asked = select(func.min(CaseMessage.created_at)).where(mine, CaseMessage.state == "in", CaseMessage.n > last)
    return cast("datetime | None", await tx.scalar(asked))


async def note_case(tx: Tx, who: Principal, case: Case, raw: object, known: Sequence[str] = ()) -> CaseMessage:
    """For the team alone. `known`: addressees that may be called by name."""
    body = keep_known(parse_body(raw), known)
    message = await _add(tx, case, audience="team", state="note", via="note", author_id=who.user_id, body=body)
    await save_draft(tx, who, case, "note", "")
    _emit(tx, who, case, facts.CaseNoted, message=message.id, excerpt=plain(body, SHOWN), mentions=mentioned(body))
    return message


async def assign_case(tx: Tx, who: Principal, case: Case, assignee_id: int | None, team_id: int | None = None) -> Case:
    if (assignee_id, team_id) == (case.assignee_id, case.team_id):
        return case
    person: User | None = None
    if assignee_id is not None:
        person = await tx.scalar(visible_users(who).where(User.id == assignee_id, User.active))
        if person is None:
            raise Invalid(assignee=_("Not in this workspace"))
    team: Team | None = None
    if team_id is not None and (team := await tx.scalar(visible_teams(who).where(Team.id == team_id))) is None:
        raise Invalid(team=_("Not in this workspace"))
    old, old_team = case.assignee_id, case.team_id
    case.assignee, case.team = person, team
    case.version += 1
    await tx.flush()
    _emit(tx, who, case, facts.CaseAssigned, old=old, new=assignee_id, old_team=old_team, new_team=team_id)
    if person is not None and case.status == "new":
        await _turn(tx, who, case, "open")
    return case


async def _turn(tx: Tx, who: Principal, case: Case, status: str) -> None:
    if case.status == status:
        return
    old, case.status = case.status, status
    case.solved_at = (case.solved_at or now()) if case.is_over else None
    if status != "snoozed":
        case.snoozed_until = None
    case.version += 1
    await tx.flush()
    _emit(tx, who, case, facts.CaseChanged, field="status", old=old, new=status)


async def set_status(tx: Tx, who: Principal, case: Case, raw: object) -> Case:
    """Any but snoozed, which needs a moment."""
    status = parse_status(raw)
    if status == "snoozed":
        raise Invalid(until=_("A moment within the next year is expected here"))
    await _turn(tx, who, case, status)
    return case


async def snooze_case(tx: Tx, who: Principal, case: Case, until: datetime | None) -> Case:
    """Out of sight until then, or until the customer writes. The customer's clocks go on."""
    case.snoozed_until = parse_until(until)
    await _turn(tx, who, case, "snoozed")
    return case


async def change_case(tx: Tx, who: Principal, case: Case, field: str, raw: object) -> Case:
    if field not in FIELDS:
        raise Invalid(**{field: _("No such field")})
    old, new = getattr(case, field), FIELDS[field](raw)
    if new != old:
        setattr(case, field, new)
        case.version += 1
        await tx.flush()
        if field == "subject":
            await reindex(tx, case)
        _emit(tx, who, case, facts.CaseChanged, field=field, old=old, new=new)
    return case


async def move_case(tx: Tx, who: Principal, case: Case, contact: Contact) -> Case:
    """Files the case under another record: a wrong match is mended, and what was said goes along."""
    if contact.about == case.about:
        return case
    old = case.about
    case.contact, case.about = contact, contact.about
    case.version += 1
    await tx.flush()
    await reindex(tx, case)
    # What a stranger wrote must not stay in the wrong person's stream.
    told = update(EventRow).where(EventRow.workspace_id == case.workspace_id, EventRow.subject == case.ref)
    await tx.execute(told.values(about=contact.about).execution_options(synchronize_session=False))
    _emit(tx, who, case, facts.CaseMoved, old=old, new=contact.about)
    return case


async def save_draft(tx: Tx, who: Principal, case: Case, kind: str, raw: str) -> None:
    """Kept as it is typed, without a fact: nothing has happened yet."""
    text = clean(raw, 50_000)
    mine = CaseDraft.case_id == case.id, CaseDraft.user_id == who.user_id, CaseDraft.kind == kind
    await tx.execute(delete(CaseDraft).where(*mine))
    if text and who.user_id is not None:
        tx.add(CaseDraft(case_id=case.id, user_id=who.user_id, kind=kind, text=text, at=now()))
    await tx.flush()
