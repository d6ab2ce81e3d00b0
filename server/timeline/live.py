"""What other screens see of a record's stream: new lines at its end, notes that change where they stand."""

from typing import Any

from server.contacts.access import KINDS
from server.kit.about import subject_id
from server.kit.access import Principal, system
from server.kit.db import Tx
from server.kit.events import EventRow
from server.kit.live import ANY, LINES, Change, Refresh, lines, shows
from server.kit.pages import about_id
from server.timeline.places import again_patches, file_patch, gone_patch, line_patches, note_patch, pin_patch
from server.timeline.queries import files_by_id, notes_by_id


@shows(ANY)
async def show_line(tx: Tx, row: EventRow) -> list[Change]:
    """The line of any fact that has one. It goes to the record's own topic alone, which only those hear who may."""
    if row.about is None or row.name not in LINES or row.about.partition(":")[0] not in KINDS:
        return []
    return await line_patches(tx, system(row.workspace_id), [row])


@shows("task.changed", "task.removed", "task.restored")
async def show_lines_again(tx: Tx, row: EventRow) -> list[Change]:
    """Lines that name the task under its old name, or that link to one which went."""
    told = row.name != "task.changed" or row.data["field"] == "title"
    return await again_patches(tx, system(row.workspace_id), row) if told and row.about else []


@shows("note.edited", "note.pinned", "note.unpinned")
async def show_note(tx: Tx, row: EventRow) -> list[Change]:
    who, note_id = system(row.workspace_id), subject_id(row.subject)
    note = (await notes_by_id(tx, who, [note_id])).get(note_id)
    if note is None or row.about is None:
        return []
    return [note_patch(note, row.actor_id), await pin_patch(tx, who, row.about)]


@shows("note.removed")
async def show_removed_note(tx: Tx, row: EventRow) -> list[Change]:
    who, about = system(row.workspace_id), row.about or ""
    return [*await gone_patch(tx, who, row.subject, about, "note.created"), await pin_patch(tx, who, about)]


@shows("note.restored", "file.restored")
async def show_restored(tx: Tx, row: EventRow) -> list[Change]:
    """Its place is in the middle of the stream, so each screen fetches its own."""
    panel = about_id(row.about or "", "files" if row.name == "file.restored" else "notes")
    return [Refresh(row.about or "", ["timeline", panel])]


@shows("file.added")
async def show_file(tx: Tx, row: EventRow) -> list[Change]:
    return [await file_patch(tx, system(row.workspace_id), row.about or "")]


@shows("file.removed")
async def show_removed_file(tx: Tx, row: EventRow) -> list[Change]:
    who, about = system(row.workspace_id), row.about or ""
    return [*await gone_patch(tx, who, row.subject, about, "file.added"), await file_patch(tx, who, about)]


@lines("note.created", template="timeline/lines.html")
async def load_notes(tx: Tx, who: Principal, rows: list[EventRow]) -> dict[int, dict[str, Any]]:
    """Removed notes have no line."""
    notes = await notes_by_id(tx, who, {subject_id(row.subject) for row in rows})
    return {row.id: {"note": notes[subject_id(row.subject)]} for row in rows if subject_id(row.subject) in notes}


@lines("file.added", template="timeline/lines.html")
async def load_files(tx: Tx, who: Principal, rows: list[EventRow]) -> dict[int, dict[str, Any]]:
    files = await files_by_id(tx, who, rows[0].about or "", {subject_id(row.subject) for row in rows})
    return {row.id: {"file": files[subject_id(row.subject)]} for row in rows if subject_id(row.subject) in files}
