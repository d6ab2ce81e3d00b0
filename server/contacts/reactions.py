"""What records do when something happens about them elsewhere: they move up in *last activity*, and people are found
by their company's name as long as everybody may read it."""

from sqlalchemy import update

from server.contacts.events import CompanyRelabelled
from server.contacts.models import Contact
from server.kit.about import subject_id
from server.kit.access import system
from server.kit.clock import now
from server.kit.db import Tx
from server.kit.events import EventRow, emit, reacts
from server.kit.jobs import enqueue


@reacts("note.created", "file.added", "task.created", "task.done", "message.posted")
async def note_activity(tx: Tx, row: EventRow) -> None:
    kind, _, record_id = (row.about or "").partition(":")
    if kind in ("contact", "company"):
        statement = update(Contact).where(Contact.id == int(record_id)).values(active_at=now())
        await tx.execute(statement.execution_options(synchronize_session=False))


@reacts("contact.changed", "contact.restricted", "contact.trashed", "contact.restored")
async def relabel_people(tx: Tx, row: EventRow) -> None:
    """A company may have thousands of people, so they are indexed after the commit."""
    renamed = row.name != "contact.changed" or row.data["field"] == "name"
    if row.subject.startswith("company:") and renamed:
        who = system(row.workspace_id)
        emit(tx, who, CompanyRelabelled(subject=row.subject, about=row.subject))
        enqueue(tx, who, "contacts.reindex_people", {"company": subject_id(row.subject)})
