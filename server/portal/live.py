"""What customers see as it happens, by topics of their own; and what the team sees of them. A fact that the customer
is not told of gives nothing here: each that is, is named."""

from server.cases.models import Case
from server.cases.places import line_patches
from server.cases.queries import cases_by_id
from server.kit.about import subject_id
from server.kit.access import Principal, system
from server.kit.db import Tx
from server.kit.events import EventRow
from server.kit.live import Change, Refresh, lines, shows
from server.portal.models import CaseSide
from server.portal.places import beside_patch, parted_patch, said_patch, seen_patch, state_patches
from server.portal.queries import said_to, shown_message, way_of


async def _case(tx: Tx, row: EventRow) -> Case | None:
    id = subject_id(row.subject)
    return (await cases_by_id(tx, system(row.workspace_id), {id})).get(id)


@shows("case.received", "case.answered", "case.sent")
async def show_said(tx: Tx, row: EventRow) -> list[Change]:
    """A letter is shown once it has left: until then it may be taken back."""
    if (case := await _case(tx, row)) is None:
        return []
    if (message := await shown_message(tx, case, row.data["message"])) is None:
        return [await beside_patch(tx, case)]
    changes: list[Change] = [said_patch(case.customer_topic, message), await beside_patch(tx, case)]
    if (side := await tx.get(CaseSide, case.id)) is not None and side.told_in_id is not None:
        changes.append(said_patch(f"case:{side.told_in_id}:customer", message, part=True))
    return [*changes, await seen_patch(tx, case)] if row.name == "case.received" else changes


@shows("case.split")
async def show_parted(tx: Tx, row: EventRow) -> list[Change]:
    """In a chat both parts stay on the customer's screen."""
    case = await _case(tx, row)
    if case is None or not case.is_chat:
        return []
    moved = [one for one in await said_to(tx, case) if one.case_id == row.data["other"]]
    return [parted_patch(case.customer_topic, one) for one in moved]


@shows("case.changed")
async def show_turn(tx: Tx, row: EventRow) -> list[Change]:
    """Nothing where the customer is told the same as before, and nothing of the team's own fields."""
    field, old, new = row.data["field"], row.data["old"], row.data["new"]
    told = field == "subject" or (field == "status" and way_of(old) != way_of(new))
    case = await _case(tx, row) if told else None
    return await state_patches(tx, case) if case is not None else []


@shows("case.rated", "case.shared", "case.unshared")
async def show_beside(tx: Tx, row: EventRow) -> list[Change]:
    case = await _case(tx, row)
    if case is None:
        return []
    changes = [await beside_patch(tx, case), *await line_patches(tx, system(row.workspace_id), case, [row])]
    return [*changes, *await state_patches(tx, case)] if row.name == "case.rated" else changes


@shows("side.read", "side.moved")
async def show_reading(tx: Tx, row: EventRow) -> list[Change]:
    """How far the team has read is the customer's to see, and the other way round."""
    case = await _case(tx, row)
    if case is None:
        return []
    by_team = row.name == "side.read" and row.data["side"] == "team"
    return [await seen_patch(tx, case) if by_team else await beside_patch(tx, case)]


@shows("channel.opened", "channel.changed", "channel.closed")
async def show_places(tx: Tx, row: EventRow) -> list[Change]:
    return [Refresh(f"workspace:{row.workspace_id}", ["places"])]


@lines("case.rated", "case.shared", "case.unshared", template="portal/lines.html")
async def load_lines(tx: Tx, who: Principal, rows: list[EventRow]) -> dict[int, dict[str, object]]:
    cases = await cases_by_id(tx, who, {subject_id(row.subject) for row in rows})
    return {row.id: {"case": cases[id]} for row in rows if (id := subject_id(row.subject)) in cases}
