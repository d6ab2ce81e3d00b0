"""Letters that no person wrote for us: reports on ours that came back, absence notes, and floods."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from sqlalchemy import func, select

from server.cases import events as facts
from server.cases.access import WHOLE, visible_cases
from server.cases.actions import tell
from server.cases.models import Case, CaseFile, CaseMessage
from server.cases.replies import add_message
from server.cases.turns import SHOWN, STANDS, note_unsent
from server.channels.incoming import Letter
from server.channels.models import Channel
from server.channels.reports import Report
from server.kit.access import Principal
from server.kit.clock import now
from server.kit.db import Tx
from server.kit.markdown import plain
from server.kit.unsent import unreached

FLOOD, WITHIN = 20, timedelta(minutes=10)  # letters of one sender to one address; more is no conversation
INCOMING = ("in", "auto", "held")
Returned = Callable[[Tx, Principal, Report], Awaitable[None]]
RETURNED: list[Returned] = []  # who is told of a final report about a letter that is no reply of a case


async def take_report(tx: Tx, who: Principal, channel: Channel, report: Report) -> tuple[Case, CaseMessage] | None:
    """The reply that it is about did not arrive: it says so with why, its writer is told, and the case is ours again,
    unless only somebody in copy did not get it. None when it is about no reply of ours, or says nothing final."""
    ours = CaseMessage.workspace_id == who.workspace_id, CaseMessage.state.in_(STANDS)
    found = select(CaseMessage).where(*ours, CaseMessage.message_id.in_(report.ids)).order_by(CaseMessage.id).limit(1)
    if not (report.ids and report.is_final):
        return None
    message = await tx.scalar(found)
    if message is None:
        for tell_of in RETURNED:
            await tell_of(tx, who, report)
        return None
    case = await tx.scalar(
        visible_cases(who).where(Case.id == message.case_id).options(*WHOLE).with_for_update(of=Case)
    )
    if case is None:
        return None
    copies = [one for one in message.copies if one in report.recipients]
    reached = bool(copies) and message.address not in report.recipients
    problem = unreached(copies, report.problem) if reached else report.problem
    if message.state != "failed" and not (reached and problem in message.problem.splitlines()):
        others = f"{message.problem}\n" if reached and message.problem else ""
        await note_unsent(tx, who, case, message, others + problem, reached=reached)
    return case, message


async def keep_aside(
    tx: Tx, who: Principal, case: Case, values: dict[str, Any], files: list[CaseFile], state: str = "auto"
) -> CaseMessage:
    """A quiet line of the thread: it answers nothing, asks nothing, wakes nobody and stops no clock."""
    message = await add_message(tx, case, audience="customer", state=state, files=files, **values)
    excerpt = plain(message.body, SHOWN)
    tell(tx, who, case, facts.CaseAutoReceived, message=message.id, excerpt=excerpt, state=state)
    return message


async def flooded_case(tx: Tx, who: Principal, channel: Channel, letter: Letter) -> Case | None:
    """The newest case of a sender who sends more to this address than a person writes: further letters are kept there,
    unheard; to our other addresses they write as before. Two programs that answer each other end here. An old date
    says that the mailbox was not read for long."""
    if not letter.sender.address or (letter.sent_at is not None and now() - letter.sent_at > WITHIN):
        return None
    theirs = (
        CaseMessage.workspace_id == who.workspace_id,
        CaseMessage.address == letter.sender.address,
        CaseMessage.state.in_(INCOMING),
        CaseMessage.created_at > now() - WITHIN,
        select(Case.id).where(Case.id == CaseMessage.case_id, Case.channel_id == channel.id).exists(),
    )
    count = await tx.scalar(select(func.count()).where(*theirs)) or 0
    if count < FLOOD:
        return None
    here = visible_cases(who).where(Case.channel_id == channel.id, Case.address == letter.sender.address)
    newest = here.with_only_columns(func.coalesce(Case.merged_into_id, Case.id)).order_by(Case.id.desc()).limit(1)
    there = visible_cases(who).where(Case.id == await tx.scalar(newest))
    case: Case | None = await tx.scalar(there.options(*WHOLE))
    if case is not None and not await _is_told(tx, theirs):
        concerned = (
            [f"user:{case.assignee_id}"] if case.assignee_id else [f"team:{case.team_id}"] if case.team_id else []
        )
        tell(tx, who, case, facts.CaseFlooded, sender=letter.sender.address, concerned=concerned)
    return case


async def _is_told(tx: Tx, theirs: tuple[Any, ...]) -> bool:
    """One notice a flood: the first letter that is held brings it."""
    held = select(CaseMessage.id).where(*theirs, CaseMessage.state == "held").limit(1)
    return await tx.scalar(held) is not None
