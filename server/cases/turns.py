"""Whose turn it is, counted from what was said."""

from sqlalchemy import func, or_, select

from server.cases import events as facts
from server.cases.actions import tell, turn
from server.cases.models import Case, CaseMessage
from server.kit.access import Principal
from server.kit.db import Tx
from server.kit.markdown import plain

LATELY = 30  # messages of a case that its newest reply answers once more
SHOWN = 300  # characters of a message that a fact keeps
STANDS = ("sending", "leaving", "sent", "failed")  # replies that were not taken back
ANSWERS = ("sending", "leaving", "sent")  # of these, what the customer has or is about to have
WAITS = ("scheduled", "paused")  # replies for later: colleagues have to know them, and they answer nothing yet


async def count_answer(tx: Tx, who: Principal, case: Case, message: CaseMessage) -> None:
    """The customer is answered by this reply. What is over stays over: a reply for later may leave after that."""
    at = message.left_at or message.created_at
    message.answers = await _open_questions(tx, case)
    case.answered_at, case.asked_at = case.answered_at or at, None
    if not case.is_over or message.left_at is None:
        await turn(tx, who, case, "waiting")
    tell(tx, who, case, facts.CaseAnswered, message=message.id, excerpt=plain(message.body, SHOWN))


async def _open_questions(tx: Tx, case: Case) -> list[int]:
    """What this reply answers: all that nobody had answered, and what an answer before it did that may still be taken
    back or return. By name, because numbers are given anew where cases are merged."""
    asks = CaseMessage.case_id == case.id, CaseMessage.state == "in"
    lately = CaseMessage.n > case.messages - LATELY
    which = lately if case.asked_at is None else or_(lately, CaseMessage.created_at >= case.asked_at)
    return list(await tx.scalars(select(CaseMessage.id).where(*asks, which).order_by(CaseMessage.n)))


async def count_said(tx: Tx, case: Case) -> None:
    """From the messages that are there now. What no person wrote and what was taken back counts for nothing: it answers
    no question and stops nobody's reply."""
    mine, asked = CaseMessage.case_id == case.id, CaseMessage.state == "in"
    by_person = CaseMessage.author_id.is_not(None)
    answer, said = CaseMessage.state.in_(ANSWERS) & by_person, CaseMessage.state.in_((*STANDS, *WAITS)) & by_person
    await tx.flush()
    case.said_n = await tx.scalar(select(func.max(CaseMessage.n)).where(mine, or_(asked, said))) or 0
    when = func.coalesce(CaseMessage.left_at, CaseMessage.created_at)
    answers = (await tx.execute(select(when, CaseMessage.answers).where(mine, answer))).all()
    case.answered_at = min((at for at, _ids in answers), default=None)
    answered = {id for _at, ids in answers for id in ids}
    questions = await tx.execute(select(CaseMessage.id, CaseMessage.created_at).where(mine, asked))
    case.asked_at = min((at for id, at in questions if id not in answered), default=None)
    await count_waiting(tx, case)


async def count_waiting(tx: Tx, case: Case) -> None:
    """When the next reply leaves that was written for later."""
    await tx.flush()
    waits = CaseMessage.case_id == case.id, CaseMessage.state == "scheduled"
    case.replies_at = await tx.scalar(select(func.min(CaseMessage.send_at)).where(*waits))


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
