"""Answers that no person writes: at most one a day to an address, so that two machines never talk for long."""

from typing import Any

from sqlalchemy import select

from server.automation.models import Answered
from server.cases.macros import fill_in
from server.cases.models import Case
from server.cases.replies import answer_by_itself
from server.channels.queries import letters_from
from server.kit.access import Principal
from server.kit.clock import now
from server.kit.db import Tx


async def _went(tx: Tx, who: Principal, address: str, day: str) -> bool:
    rows = select(Answered.day).where(
        Answered.workspace_id == who.workspace_id, Answered.address == address, Answered.day == day
    )
    return await tx.scalar(rows) is not None


async def leads_nowhere(tx: Tx, who: Principal, case: Case) -> bool:
    """Such as a form's case in a house that has no address of its own (any more)."""
    if not case.address or case.channel is None:
        return True
    return not case.is_chat and await letters_from(tx, who, case.channel) is None


async def answer_once_a_day(tx: Tx, who: Principal, case: Case, texts: dict[str, Any]) -> bool:
    """False when something went to them today already, or there is nowhere to send it."""
    day = now().date().isoformat()
    if await _went(tx, who, case.address, day) or not await answer_in_their_language(tx, who, case, texts):
        return False
    tx.add(Answered(workspace_id=who.workspace_id, address=case.address, day=day))
    return True


async def answer_in_their_language(tx: Tx, who: Principal, case: Case, texts: dict[str, Any]) -> bool:
    """For what is said once in the life of a case, whatever else went to them. False when it can go nowhere."""
    if await leads_nowhere(tx, who, case):
        return False
    text = str(texts.get(case.language[:2]) or next(iter(texts.values())))
    await answer_by_itself(tx, who, case, fill_in(text, case, ""))
    return True
