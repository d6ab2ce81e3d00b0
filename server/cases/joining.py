"""Cases that belong together: parent and child, other records, two that are one, one that is two."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, delete, func, select, update

from server.cases import events as facts
from server.cases.actions import open_case, set_status, tag_case, tell, turn
from server.cases.copies import find_copies
from server.cases.departures import hold_replies
from server.cases.drafts import move_drafts
from server.cases.models import Case, CaseDraftFile, CaseFollower, CaseLink, CaseMessage
from server.cases.turns import count_said
from server.channels.queries import own_addresses
from server.contacts.models import Contact
from server.kit.access import Principal, system
from server.kit.db import Tx
from server.kit.errors import Invalid
from server.kit.events import EventRow
from server.kit.text import _

ABOUT_A_MESSAGE = (
    "case.received",
    "case.auto_received",
    "case.answered",
    "case.scheduled",
    "case.held",
    "case.leaving",
    "case.noted",
    "case.withdrawn",
    "case.sent",
    "case.unsent",
)


async def link_record(tx: Tx, who: Principal, case: Case, record: Contact, on: bool) -> None:
    """The case concerns this record too, or no longer; its rights stay those of the requester's record."""
    if record.about == case.about:
        raise Invalid(record=_("It is this customer’s case already"))
    link = await tx.get(CaseLink, (case.id, record.id))
    if (link is not None) == on:
        return
    if on:
        tx.add(CaseLink(case_id=case.id, contact_id=record.id))
    else:
        await tx.delete(link)
    await tx.flush()
    tell(tx, who, case, facts.CaseLinked, record=record.about, on=on)


async def set_parent(tx: Tx, who: Principal, case: Case, parent: Case | None) -> None:
    """One level: a case that has a parent has no children, so that nobody looks for the root."""
    if parent is not None:
        if parent.id == case.id or parent.parent_id is not None or parent.merged_into_id is not None:
            raise Invalid(parent=_("Choose a case that has no parent itself"))
        if await tx.scalar(select(Case.id).where(Case.parent_id == case.id).limit(1)) is not None:
            raise Invalid(parent=_("This case has cases below it"))
    old = await tx.scalar(select(Case.number).where(Case.id == case.parent_id)) if case.parent_id else None
    if (parent.id if parent else None) == case.parent_id:
        return
    case.parent_id = parent.id if parent else None
    case.version += 1
    await tx.flush()
    new = str(parent.number) if parent else ""
    tell(tx, who, case, facts.CaseChanged, field="parent", old=str(old or ""), new=new)


async def merge_cases(tx: Tx, who: Principal, case: Case, into: Case) -> Case:
    """What was said in `case` is said in `into` from now on, drafts, followers, tags and records go along, and letters
    to the old number find the new one. Both are of one customer, so that nobody reads what another wrote."""
    if case.id == into.id or case.merged_into_id is not None or into.merged_into_id is not None:
        raise Invalid(into=_("Choose another case"))
    if case.about != into.about:
        raise Invalid(into=_("They belong to two customers. File one of them under the other record first"))
    asked = [one.asked_at for one in (case, into) if one.asked_at is not None and not one.is_over]
    waits, both_spoke = case.asked_at in asked, bool(case.said_n and into.said_n)
    await _move_messages(tx, case, into, CaseMessage.case_id == case.id)
    if asked:  # what was said in the one answers no question of the other
        into.asked_at = min(asked)
    if waits and into.asked_at is not None and into.status != "new":
        await turn(tx, who, into, "open")  # as if it had been asked there
    if both_spoke:  # nobody who wrote for later has seen what comes from the other
        await hold_replies(tx, system(case.workspace_id) if into.asked_at is not None else who, into)
    await _gather(tx, who, case, into)
    await set_status(tx, who, case, "closed")
    case.merged_into_id, case.asked_at = into.id, None
    before = update(Case).where(Case.merged_into_id == case.id).values(merged_into_id=into.id)
    await tx.execute(before)
    await tx.flush()
    tell(tx, who, case, facts.CaseMerged, other=into.id, number=into.number, is_into=True)
    tell(tx, who, into, facts.CaseMerged, other=case.id, number=case.number, is_into=False)
    return into


async def split_case(tx: Tx, who: Principal, case: Case, message: CaseMessage, subject: str) -> Case:
    """What was said from this message on is a case of its own, of the same customer."""
    if message.n == await tx.scalar(select(func.min(CaseMessage.n)).where(CaseMessage.case_id == case.id)):
        raise Invalid(message=_("It is the first message: the whole case would go"))
    other = await open_case(tx, who, case.contact, subject, case.channel, case.address)
    other.team_id, other.priority, other.language = case.team_id, case.priority, case.language
    await _move_messages(tx, case, other, (CaseMessage.case_id == case.id) & (CaseMessage.n >= message.n))
    if other.asked_at is None and other.answered_at is not None:
        await set_status(tx, who, other, "waiting")
    if case.asked_at is not None and case.status == "waiting":
        await turn(tx, who, case, "open")  # the answer went along; what was asked before stands here still
    await hold_replies(tx, who, other)
    tell(tx, who, case, facts.CaseSplit, other=other.id, number=other.number)
    return other


async def _move_messages(tx: Tx, case: Case, into: Case, which: ColumnElement[bool]) -> None:
    """They get the next numbers of the case they go to, and the facts that say them go along."""
    ids = list(await tx.scalars(select(CaseMessage.id).where(which).order_by(CaseMessage.n)))
    for id in ids:
        into.messages += 1
        again = update(CaseMessage).where(CaseMessage.id == id).values(case_id=into.id, n=into.messages)
        await tx.execute(again.execution_options(synchronize_session=False))
    told = select(EventRow.id, EventRow.data).where(
        EventRow.workspace_id == case.workspace_id, EventRow.subject == case.ref, EventRow.name.in_(ABOUT_A_MESSAGE)
    )
    mine = set(ids)
    moved = [id for id, data in await tx.execute(told) if data["message"] in mine]
    go = update(EventRow).where(EventRow.id.in_(moved)).values(subject=into.ref)
    await tx.execute(go.execution_options(synchronize_session=False))
    own = await own_addresses(tx, case.workspace_id)
    for one in (case, into):
        await count_said(tx, one)
        await find_copies(tx, one, own)
        one.version += 1


async def _gather(tx: Tx, who: Principal, case: Case, into: Case) -> None:
    await tag_case(tx, who, into, [*into.tags, *case.tags])
    await _union(tx, CaseFollower.user_id, case, into)
    await _union(tx, CaseLink.contact_id, case, into)
    children = update(Case).where(Case.parent_id == case.id, Case.id != into.id)
    await tx.execute(children.values(parent_id=into.id if into.parent_id is None else into.parent_id))
    if case.assignee_id is not None and into.assignee_id is None:
        into.assignee, into.team = case.assignee, into.team or case.team
    files = update(CaseDraftFile).where(CaseDraftFile.case_id == case.id).values(case_id=into.id)
    await tx.execute(files)
    await move_drafts(tx, case, into)


async def _union(tx: Tx, column: Any, case: Case, into: Case) -> None:
    table = column.class_
    both = select(column).where(table.case_id.in_((case.id, into.id))).distinct()
    wanted: Sequence[int] = list(await tx.scalars(both))
    there = set(await tx.scalars(select(column).where(table.case_id == into.id)))
    await tx.execute(delete(table).where(table.case_id == case.id))
    tx.add_all(table(**{"case_id": into.id, column.key: id}) for id in wanted if id not in there)
    await tx.flush()
