"""What records do when something happens about them elsewhere: they move up in *last activity*, and people are found
by their company's name as long as everybody may read it; a closed record keeps somebody who may open it."""

from sqlalchemy import select, update

from server.contacts.events import CompanyRelabelled
from server.contacts.models import Contact
from server.contacts.restriction import keep_a_reader, put_members_in
from server.kit.about import subject_id
from server.kit.access import Principal, system
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


@reacts("field.defined", "field.removed")
async def relabel_holders(tx: Tx, row: EventRow) -> None:
    """Nobody finds a record by what it holds of a field that is gone; one that comes back finds them again."""
    gone = select(EventRow.data).where(EventRow.workspace_id == row.workspace_id, EventRow.name == "field.removed")
    if any(data["key"] == row.data["key"] for data in await tx.scalars(gone)):
        enqueue(tx, system(row.workspace_id), "contacts.reindex_holders", {"key": row.data["key"]})


@reacts("team.removed")
async def keep_its_people(tx: Tx, row: EventRow) -> None:
    await put_members_in(tx, _by(row), row.subject, row.data["members"])


@reacts("user.deactivated")
async def keep_a_reader_of_theirs(tx: Tx, row: EventRow) -> None:
    await keep_a_reader(tx, _by(row), subject_id(row.subject))


def _by(row: EventRow) -> Principal:
    return Principal(row.actor_id, row.workspace_id, via=row.via)
