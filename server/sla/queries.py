"""Reads for the settings page and for what stands beside a case."""

from typing import Any

from sqlalchemy import select

from server.cases.access import visible_cases
from server.cases.models import Case
from server.kit.about import subject_id
from server.kit.access import Principal
from server.kit.db import Tx
from server.kit.once import once
from server.sla.access import visible_calendars
from server.sla.models import KINDS, SlaCalendar, SlaClock


async def list_calendars(tx: Tx, who: Principal) -> list[SlaCalendar]:
    return list(await tx.scalars(visible_calendars(who).order_by(SlaCalendar.name, SlaCalendar.id)))


@once
async def promises_of(tx: Tx, who: Principal, ref: str) -> dict[str, Any]:
    """The newest clock of each kind of a case, in their order."""
    seen = visible_cases(who).where(Case.id == subject_id(ref)).with_only_columns(Case.id)
    rows = select(SlaClock).where(SlaClock.case_id.in_(seen)).order_by(SlaClock.id)
    newest = {clock.kind: clock for clock in await tx.scalars(rows.execution_options(populate_existing=True))}
    return {"case_id": subject_id(ref), "clocks": [newest[kind] for kind in KINDS if kind in newest]}
