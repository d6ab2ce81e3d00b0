"""What screens see of the line: who calls, on the cards, the call and the log; its set-up; a customer's number."""

from typing import Any

from server.announcer.queries import number_of
from server.calls.places import room_patches, row_patch
from server.calls.queries import call_by_id, rung_by
from server.kit.about import subject_id
from server.kit.access import Principal, audiences, system
from server.kit.db import Tx
from server.kit.events import EventRow
from server.kit.live import Change, Patch, Refresh, fragment, lines, shows
from server.kit.pages import about_id, dom_id

LINES = ("line.called", "line.identified", "line.chosen", "line.asked", "voicemail.left")
PINS = ("pin.given", "pin.removed", "pin.locked", "pin.link_mailed")


@shows(*LINES, "line.rang")
async def show_caller(tx: Tx, row: EventRow) -> list[Change]:
    """The log has a new row, or its row a name; cards and the call's page fetch what is known of the caller."""
    who = system(row.workspace_id)
    call = await call_by_id(tx, who, subject_id(row.subject))
    if call is None:
        return []
    topic = f"calls:{row.workspace_id}"
    _record, lists = await audiences(tx, row.about, topic)
    changes: list[Change] = [
        Refresh(f"user:{id}", ["rings", "nav", "tabbar"]) for id in sorted(await rung_by(tx, call.id))
    ]
    changes.append(Refresh(call.subject, [dom_id("call", call.id, "caller")]))
    if row.name == "line.called":
        changes += [Refresh(one, ["call-list"]) for one in lists]
    else:
        changes += await room_patches(tx, call)
    if row.name == "line.identified":
        changes += [await row_patch(tx, who, call, one) for one in lists]
        changes += [] if lists else [Patch(topic, dom_id("call", call.id, "row"), "remove")]
    return changes


@shows(*PINS)
async def show_pin(tx: Tx, row: EventRow) -> list[Change]:
    assert row.about is not None
    shown = fragment("announcer/_number.html", about=row.about, **await number_of(tx, row.about))
    return [Patch(row.about, about_id(row.about, "number"), "replace", shown)]


@lines(*LINES, *PINS, template="announcer/lines.html")
async def load_lines(tx: Tx, who: Principal, rows: list[EventRow]) -> dict[int, dict[str, Any]]:
    """All is in the facts."""
    return {
        row.id: {"url": f"/calls/{subject_id(row.subject)}" if row.subject.startswith("call:") else ""} for row in rows
    }


@shows("line.changed")
async def show_line(tx: Tx, row: EventRow) -> list[Change]:
    """Whoever has the page of its settings open fetches it again."""
    return [Refresh(f"workspace:{row.workspace_id}", ["announcer"])]
