"""What notes and files do when their record is trashed, comes back or is erased."""

from sqlalchemy import delete, select

from server.kit.access import system
from server.kit.db import Tx
from server.kit.events import EventRow, reacts
from server.kit.index import index_docs, unindex
from server.kit.jobs import enqueue
from server.timeline.access import visible_notes
from server.timeline.actions import doc_of
from server.timeline.models import Draft, File, Note, ReadMark


@reacts("contact.trashed")
async def hide_from_search(tx: Tx, row: EventRow) -> None:
    ids = select(Note.id).where(Note.workspace_id == row.workspace_id, Note.about == row.subject)
    await unindex(tx, [f"note:{id}" for id in await tx.scalars(ids)])


@reacts("contact.restored")
async def find_again(tx: Tx, row: EventRow) -> None:
    notes = visible_notes(system(row.workspace_id)).where(Note.about == row.subject)
    await index_docs(tx, [doc_of(note) for note in await tx.scalars(notes)])


@reacts("contact.erased")
async def erase_with_record(tx: Tx, row: EventRow) -> None:
    """The rows go with the record; the bytes of files go in a job, once that is certain."""
    inside = (Note.workspace_id == row.workspace_id, Note.about == row.subject)
    await unindex(tx, [f"note:{id}" for id in await tx.scalars(select(Note.id).where(*inside))])
    keys = list(
        await tx.scalars(select(File.key).where(File.workspace_id == row.workspace_id, File.about == row.subject))
    )
    await tx.execute(delete(Note).where(*inside))
    await tx.execute(delete(File).where(File.workspace_id == row.workspace_id, File.about == row.subject))
    if keys:
        enqueue(tx, system(row.workspace_id), "timeline.remove_files", {"keys": keys})
    for mark in (Draft, ReadMark):
        await tx.execute(delete(mark).where(mark.about == row.subject))
