"""The care of cases that lie still: the customer is asked again, then the case counts as solved, then it is closed."""

from datetime import datetime, timedelta

from sqlalchemy import delete, select

from server.automation.answering import answer_in_their_language, answer_once_a_day, leads_nowhere
from server.automation.models import Answered, Care
from server.cases.access import WHOLE
from server.cases.actions import set_status
from server.cases.models import Case
from server.kit.access import system
from server.kit.clock import now
from server.kit.db import Tx
from server.kit.jobs import Work, job

AT_ONCE = 100
KEPT = timedelta(days=3)  # that something went to somebody by itself


@job("automation.care", every=timedelta(minutes=15))
async def care(work: Work) -> None:
    """A hundred cases of each kind in one run; the rest waits for the next."""
    async with work.database.transaction() as tx:
        await tx.execute(delete(Answered).where(Answered.day < (now() - KEPT).date().isoformat()))
        for habits in list(await tx.scalars(select(Care))):
            await _close(tx, habits)
            await _solve(tx, habits)
            await _ask(tx, habits)
            await _ask_how_it_was(tx, habits)


async def _still(tx: Tx, habits: Care, status: str, before: datetime, *conditions: object) -> list[Case]:
    still = select(Case).where(Case.workspace_id == habits.workspace_id, Case.status == status, Case.active_at < before)
    found = still.where(*conditions).order_by(Case.active_at).limit(AT_ONCE).options(*WHOLE)  # type: ignore[arg-type]
    return list(await tx.scalars(found.with_for_update(of=Case, skip_locked=True)))


async def _close(tx: Tx, habits: Care) -> None:
    if not habits.close_after:
        return
    before = now() - timedelta(days=habits.close_after)
    for case in await _still(tx, habits, "solved", now(), Case.solved_at < before):
        await set_status(tx, system(case.workspace_id), case, "closed")


async def _solve(tx: Tx, habits: Care) -> None:
    """Asked, and nothing came for so long."""
    if not habits.solve_after:
        return
    before = now() - timedelta(days=habits.solve_after)
    asked = Case.reminded_at.is_not(None) if habits.ask_after else Case.id.is_not(None)
    for case in await _still(tx, habits, "waiting", before, asked):
        await set_status(tx, system(case.workspace_id), case, "solved")


async def _ask(tx: Tx, habits: Care) -> None:
    if not habits.ask_after or not habits.ask_text:
        return
    before = now() - timedelta(days=habits.ask_after)
    for case in await _still(tx, habits, "waiting", before, Case.reminded_at.is_(None)):
        house = system(case.workspace_id)
        cannot_be_asked = await leads_nowhere(tx, house, case)  # they are not waited for
        if await answer_once_a_day(tx, house, case, habits.ask_text) or cannot_be_asked:
            case.reminded_at = now()


async def _ask_how_it_was(tx: Tx, habits: Care) -> None:
    """Under each letter stands the link to the customer's own page, which has the stars; a chat asks by itself."""
    if not habits.rate_after or not habits.rate_text:
        return
    before = now() - timedelta(hours=habits.rate_after)
    asks = Case.solved_at < before, Case.rating_asked_at.is_(None), Case.answered_at.is_not(None)
    for case in await _still(tx, habits, "solved", now(), *asks):
        case.rating_asked_at = now()
        if not case.is_chat:
            await answer_in_their_language(tx, system(case.workspace_id), case, habits.rate_text)
