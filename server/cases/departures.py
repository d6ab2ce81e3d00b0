"""When replies leave: after the seconds in which they may be taken back, or at a moment of their writer's choosing. One
that waits is held as soon as somebody else has said something, so that nothing leaves unseen."""

from datetime import timedelta

from sqlalchemy import select

from server.cases import events as facts
from server.cases.actions import tell
from server.cases.macros import do_acts
from server.cases.models import Case, CaseMessage
from server.cases.turns import SHOWN, WAITS, count_answer, count_waiting
from server.kit.access import Principal
from server.kit.clock import now
from server.kit.db import Tx
from server.kit.errors import Conflict, Invalid
from server.kit.jobs import enqueue
from server.kit.markdown import plain
from server.kit.text import _

UNDO = timedelta(seconds=10)  # a reply may be taken back for so long


def send_later(tx: Tx, who: Principal, message: CaseMessage) -> None:
    """The job names the moment: one for a moment that was given up does nothing."""
    if message.send_at is not None:
        args = {"message": message.id, "at": message.send_at.isoformat()}
        enqueue(tx, who, "cases.send", args, run_at=message.send_at)


async def schedule_reply(tx: Tx, who: Principal, case: Case, message: CaseMessage) -> None:
    assert message.send_at is not None, "a reply for later has its moment"
    await count_waiting(tx, case)
    told = {"message": message.id, "excerpt": plain(message.body, SHOWN), "at": message.send_at.isoformat()}
    tell(tx, who, case, facts.CaseScheduled, **told)


async def hold_replies(tx: Tx, who: Principal, case: Case) -> None:
    """Something was said that their writers may not have seen; those of who says it go on."""
    if case.replies_at is None:
        return
    waiting = select(CaseMessage).where(CaseMessage.case_id == case.id, CaseMessage.state == "scheduled")
    for message in await tx.scalars(waiting.order_by(CaseMessage.n)):
        if who.user_id is None or message.author_id != who.user_id:
            await hold_reply(tx, who, case, message, "said")


async def hold_reply(tx: Tx, who: Principal, case: Case, message: CaseMessage, why: str) -> None:
    """`why`: said | claimed | trash."""
    message.state, message.held_for = "paused", why
    case.version += 1
    await count_waiting(tx, case)
    told = {"message": message.id, "excerpt": plain(message.body, SHOWN), "author": message.author_id}
    tell(tx, who, case, facts.CaseHeld, **told)


async def must_have_seen(tx: Tx, who: Principal, case: Case, seen: int, text: str) -> None:
    """Nothing is told the customer past a colleague who has claimed the case, or past words that its writer has not
    read: Conflict brings them."""
    if case.is_claimed(who.user_id, now()):
        raise Conflict(_("A colleague has claimed this case"), {"who_id": case.claimed_by_id}, text=text)
    if case.said_n > seen:
        newest = select(CaseMessage).where(CaseMessage.case_id == case.id, CaseMessage.n == case.said_n)
        one = (await tx.scalars(newest)).one()
        newer: dict[str, object] = {"n": one.n, "message": one.id, "who_id": one.author_id, "body": one.body[:2000]}
        raise Conflict(_("Something was said since you began to write"), newer, text=text)


async def send_anyway(tx: Tx, who: Principal, case: Case, message: CaseMessage, seen: int) -> CaseMessage:
    """A reply for later leaves now: whoever says so has read what came meanwhile, up to `seen`."""
    if message.state not in WAITS:
        raise Invalid(_("It is on its way already"))
    await must_have_seen(tx, who, case, seen, message.body)
    message.state, message.send_at = "sending", now() + UNDO
    await leave(tx, who, case, message)
    send_later(tx, who, message)
    return message


async def leave(tx: Tx, who: Principal, case: Case, message: CaseMessage) -> None:
    """It is the newest thing that the customer is told, and counts as their answer from this moment on."""
    case.messages += 1
    message.n, message.left_at = case.messages, now()
    case.said_n, case.active_at = message.n, message.left_at
    case.version += 1
    if case.claimed_by_id == message.author_id:
        case.claimed_by = case.claimed_until = None
    await count_waiting(tx, case)
    was_over = case.is_over
    await count_answer(tx, who, case, message)
    acts = {name: one for name, one in message.acts.items() if not (was_over and name in ("snooze", "status"))}
    await do_acts(tx, who, case, acts)  # what is over stays over
