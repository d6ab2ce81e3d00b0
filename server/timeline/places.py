"""Where notes, files and lines stand on pages. The same patches go to other screens and answer whoever acted."""

from server.kit.access import Principal
from server.kit.db import Tx
from server.kit.events import EventRow
from server.kit.live import Change, Patch, fragment
from server.kit.pages import about_id, dom_id
from server.timeline.models import Note
from server.timeline.queries import draw, facts_of, line_id, list_files, list_pins


async def line_patches(tx: Tx, who: Principal, rows: list[EventRow]) -> list[Change]:
    """New lines, at the end of their record's stream."""
    found: list[Change] = []
    for line in await draw(tx, who, rows):
        about = line.row.about or ""
        shown = fragment("timeline/_line.html", line=line)
        found.append(Patch(about, "timeline-" + about_id(about), "append", shown))
    return found


async def again_patches(tx: Tx, who: Principal, row: EventRow) -> list[Change]:
    """The lines that a record's stream has of this fact's subject, where they stand."""
    rows = await facts_of(tx, row.workspace_id, row.about or "", row.subject)
    return [
        Patch(line.row.about or "", f"event-{line.row.id}", "replace", fragment("timeline/_line.html", line=line))
        for line in await draw(tx, who, [one for one in rows if one.id != row.id])
    ]


def note_patch(note: Note, by: int | None = None) -> Patch:
    """A note in place, wherever it stands."""
    return Patch(note.about, dom_id("note", note.id), "replace", fragment("timeline/_note.html", note=note, by=by))


async def pin_patch(tx: Tx, who: Principal, about: str) -> Patch:
    shown = fragment("timeline/_pins.html", about=about, pins=await list_pins(tx, who, about))
    return Patch(about, about_id(about, "pins"), "replace", shown)


async def gone_patch(tx: Tx, who: Principal, subject: str, about: str, name: str) -> list[Change]:
    """Takes the line of a note or a file away; `name` is the fact that made it."""
    event_id = await line_id(tx, who.workspace_id, subject, name)
    return [] if event_id is None else [Patch(about, f"event-{event_id}", "remove")]


async def file_patch(tx: Tx, who: Principal, about: str) -> Patch:
    """The list of files beside the stream."""
    shown = fragment("timeline/_file_list.html", about=about, files=await list_files(tx, who, about))
    return Patch(about, about_id(about, "file-list"), "replace", shown)
