"""What screens see of promises: the panel beside a case, and what a warning or a breach changes."""

from sqlalchemy import select

from server.cases.access import WHOLE
from server.cases.live import FACTS as CASE_FACTS
from server.cases.models import Case
from server.cases.places import line_patches, page_patches, row_patch
from server.kit.about import subject_id
from server.kit.access import Principal, audiences, system
from server.kit.db import Tx
from server.kit.events import EventRow
from server.kit.live import Change, Patch, Refresh, fragment, lines, shows
from server.kit.pages import dom_id
from server.sla.queries import promises_of

NO_CLOCK = (  # they set none
    "case.noted",
    "case.claimed",
    "case.released",
    "case.scheduled",
    "case.held",
    "case.leaving",
    "case.sent",
    "case.unsent",
)


async def _panel(tx: Tx, row: EventRow) -> Patch:
    shown = fragment("sla/_promises.html", **await promises_of(tx, system(row.workspace_id), row.subject))
    return Patch(f"{row.subject}:team", dom_id("case", subject_id(row.subject), "promises"), "replace", shown)


@shows(*(fact for fact in CASE_FACTS if fact not in NO_CLOCK))
async def show_promises(tx: Tx, row: EventRow) -> list[Change]:
    return [await _panel(tx, row)]


@shows("sla.warned", "sla.breached", "sla.recounted")
async def show_time(tx: Tx, row: EventRow) -> list[Change]:
    found = select(Case).where(Case.id == subject_id(row.subject)).options(*WHOLE)
    case = await tx.scalar(found.execution_options(populate_existing=True))
    if case is None:
        return []
    who = system(row.workspace_id)
    _record, lists = await audiences(tx, case.about, f"cases:{row.workspace_id}")
    changes: list[Change] = [row_patch(case, topic) for topic in lists]
    changes += [*page_patches(case), await _panel(tx, row)]
    return [*changes, *(await line_patches(tx, who, case, [row]) if row.name == "sla.breached" else [])]


@shows("sla.changed")
async def show_settings(tx: Tx, row: EventRow) -> list[Change]:
    return [Refresh(f"workspace:{row.workspace_id}", ["sla"])]


@lines("sla.breached", template="sla/lines.html")
async def load_lines(tx: Tx, who: Principal, rows: list[EventRow]) -> dict[int, dict[str, object]]:
    return {row.id: {"kind": row.data["kind"]} for row in rows}
