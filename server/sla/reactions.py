"""Whatever happens to a case sets its clocks, in the same transaction."""

from sqlalchemy import select

from server.cases.access import WHOLE
from server.cases.models import Case
from server.kit.about import subject_id
from server.kit.db import Tx
from server.kit.events import EventRow, reacts
from server.sla.winding import load_case, policies_of, wind

MOST = 200  # open cases of one customer


@reacts(
    "case.opened",
    "case.received",
    "case.answered",
    "case.withdrawn",
    "case.unsent",
    "case.changed",
    "case.assigned",
    "case.moved",
    "case.merged",
    "case.split",
)
async def set_clocks(tx: Tx, row: EventRow) -> None:
    """Once for each state of the case, however many facts led to it."""
    policies = await policies_of(tx, row.workspace_id)
    if not policies:
        return  # what was promised before is taken back by the recount
    case = await load_case(tx, row.workspace_id, subject_id(row.subject))
    seen: dict[int, int] = tx.info.setdefault("wound", {})
    if case is None or seen.get(case.id) == case.version:
        return
    await wind(tx, case, policies)
    await tx.flush()
    seen[case.id] = case.version


@reacts("contact.changed")
async def set_clocks_of_customer(tx: Tx, row: EventRow) -> None:
    """Tags say what a customer, or everybody of a company, was promised."""
    if row.data["field"] not in ("tags", "company"):
        return
    policies = await policies_of(tx, row.workspace_id)
    if not any(policy.tag for policy in policies):
        return
    theirs = select(Case).where(
        Case.workspace_id == row.workspace_id, Case.status.in_(("new", "open", "waiting", "snoozed"))
    )
    kind, id = row.subject.split(":")
    mine = Case.about == row.subject if kind == "contact" else Case.contact.has(company_id=int(id))
    for case in await tx.scalars(theirs.where(mine).options(*WHOLE).limit(MOST)):
        await wind(tx, case, policies)
