"""Whose turn it is, counted from what was said."""

from collections.abc import Sequence

from sqlalchemy import func, or_, select

from server.cases import events as facts
from server.cases.actions import tell, turn
from server.cases.models import Case, CaseMessage
from server.kit.access import Principal
from server.kit.db import Tx
from server.kit.markdown import plain
from server.kit.text import _

SHOWN = 300  # characters of a message that a fact keeps
STANDS = ("sending", "leaving", "sent", "failed")  # replies that were not taken back
ANSWERS = ("sending", "leaving", "sent")  # of these, what the customer has or is about to have
WAITS = ("scheduled", "paused")  # replies for later: colleagues have to know them, and they answer nothing yet


async def count_answer(tx: Tx, who: Principal, case: Case, message: CaseMessage) -> None:
    """The customer is answered by this reply. What is over stays over: a reply for later may leave after that."""
    at = message.left_at or message.created_at
    case.answered_at, case.asked_at = case.answered_at or at, None
    if not case.is_over or message.left_at is None:
        await turn(tx, who, case, "waiting")
    tell(tx, who, case, facts.CaseAnswered, message=message.id, excerpt=plain(message.body, SHOWN))


async def count_said(tx: Tx, case: Case) -> None:
    """From the messages that are there now. What no person wrote and what was taken back counts for nothing: it answers
    no question and stops nobody's reply."""
    mine, asked = CaseMessage.case_id == case.id, CaseMessage.state == "in"
    by_person = CaseMessage.author_id.is_not(None)
    answer, said = CaseMessage.state.in_(ANSWERS) & by_person, CaseMessage.state.in_((*STANDS, *WAITS)) & by_person
    await tx.flush()
    case.said_n = await tx.scalar(select(func.max(CaseMessage.n)).where(mine, or_(asked, said))) or 0
    first = func.min(func.coalesce(CaseMessage.left_at, CaseMessage.created_at))
    case.answered_at, last = (await tx.execute(select(first, func.max(CaseMessage.n)).where(mine, answer))).one()
    since = select(func.min(CaseMessage.created_at)).where(mine, asked, CaseMessage.n > (last or 0))
    case.asked_at = await tx.scalar(since)
    await count_waiting(tx, case)


async def count_waiting(tx: Tx, case: Case) -> None:
    """When the next reply leaves that was written for later."""
    await tx.flush()
    waits = CaseMessage.case_id == case.id, CaseMessage.state == "scheduled"
    case.replies_at = await tx.scalar(select(func.min(CaseMessage.send_at)).where(*waits))


def did_not_reach(addresses: Sequence[str], why: str) -> str:
    return _("Did not reach %(addresses)s: %(why)s") % {"addresses": ", ".join(addresses), "why": why}


async def note_unsent(
    tx: Tx, who: Principal, case: Case, message: CaseMessage, problem: str, *, reached: bool = False
) -> None:
    """It did not arrive: its writer is told, and the case is ours again. `reached`: the customer has it, and
    somebody in copy does not."""
    message.state, message.problem = message.state if reached else "failed", problem
    case.version += 1
    tell(tx, who, case, facts.CaseUnsent, message=message.id, author=message.author_id, problem=problem)
    is_for_us = message.author_id is not None and not reached  # a machine's letter opens nothing
    if not is_for_us:
        return
    await count_said(tx, case)  # what was asked is asked still
    if case.status in ("waiting", "snoozed", "solved"):
        await turn(tx, who, case, "open")
