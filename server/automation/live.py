"""What screens see of rules: the settings, and a line where one acted."""

from server.cases.places import line_patches
from server.cases.queries import cases_by_id
from server.kit.about import subject_id
from server.kit.access import Principal, system
from server.kit.db import Tx
from server.kit.events import EventRow
from server.kit.live import Change, Refresh, lines, shows
from server.timeline.places import again_patches


@shows("automation.changed")
async def show_settings(tx: Tx, row: EventRow) -> list[Change]:
    return [Refresh(f"workspace:{row.workspace_id}", ["automation"])]


@shows("automation.acted")
async def show_line(tx: Tx, row: EventRow) -> list[Change]:
    who = system(row.workspace_id)
    case = (await cases_by_id(tx, who, {subject_id(row.subject)})).get(subject_id(row.subject))
    return list(await line_patches(tx, who, case, [row])) if case is not None else []


@shows("letter.sent", "letter.failed")
async def show_letter(tx: Tx, row: EventRow) -> list[Change]:
    """The line of the event says what became of it."""
    return await again_patches(tx, system(row.workspace_id), row)


@lines("automation.acted", template="automation/lines.html")
async def load_lines(tx: Tx, who: Principal, rows: list[EventRow]) -> dict[int, dict[str, object]]:
    return {row.id: {"rule": row.data["rule"]} for row in rows}
