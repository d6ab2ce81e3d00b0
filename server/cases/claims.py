"""Who has a case for themselves for a while, and who follows it."""

from sqlalchemy import select

from server.cases import events as facts
from server.cases.actions import assign_case, tell
from server.cases.forms import parse_claim
from server.cases.models import Case, CaseFollower
from server.identity.models import User
from server.kit.access import Principal
from server.kit.clock import now
from server.kit.db import Tx
from server.kit.errors import Conflict, Invalid
from server.kit.text import _

TAKEN_FOR = "15"  # minutes that who takes over has the case for themselves


async def claim_case(tx: Tx, who: Principal, case: Case, minutes: object) -> Case:
    """Until then nobody else answers, unless they take it over. Conflict when a colleague has it."""
    if case.is_claimed(who.user_id, now()):
        raise Conflict(_("A colleague has claimed this case"), {"who_id": case.claimed_by_id})
    if case.is_over:
        raise Invalid(minutes=_("This case is solved"))
    case.claimed_by = await tx.get_one(User, who.user_id)
    case.claimed_until = now() + parse_claim(minutes)
    case.version += 1
    await tx.flush()
    tell(tx, who, case, facts.CaseClaimed, user=case.claimed_by_id, until=case.claimed_until.isoformat())
    return case


async def release_case(tx: Tx, who: Principal, case: Case) -> Case:
    """Everybody may answer again. What somebody else has claimed is taken over, not released."""
    if case.claimed_by_id is None:
        return case
    if who.user_id is not None and case.claimed_by_id != who.user_id:
        raise Conflict(_("A colleague has claimed this case"), {"who_id": case.claimed_by_id})
    case.claimed_by = case.claimed_until = None
    case.version += 1
    await tx.flush()
    tell(tx, who, case, facts.CaseReleased)
    return case


async def take_over(tx: Tx, who: Principal, case: Case) -> Case:
    """From whoever has it: assigned and claimed in one act. Their draft stays theirs."""
    case.claimed_by = case.claimed_until = None
    await assign_case(tx, who, case, who.user_id, case.team_id)
    return await claim_case(tx, who, case, TAKEN_FOR)


async def follow_case(tx: Tx, who: Principal, case: Case, on: bool) -> None:
    mine = select(CaseFollower).where(CaseFollower.case_id == case.id, CaseFollower.user_id == who.user_id)
    there = await tx.scalar(mine)
    if (there is not None) == on:
        return
    if on:
        tx.add(CaseFollower(case_id=case.id, user_id=who.user_id))
    else:
        await tx.delete(there)
    await tx.flush()
    tell(tx, who, case, facts.CaseFollowed, user=who.user_id, on=on)
