"""What records do when something happens about them elsewhere: they move up in *last activity*."""

from sqlalchemy import update

from server.contacts.models import Contact
from server.kit.clock import now
from server.kit.db import Tx
from server.kit.events import EventRow, reacts


@reacts("note.created", "file.added", "task.created", "task.done", "message.posted")
async def note_activity(tx: Tx, row: EventRow) -> None:
    kind, _, record_id = (row.about or "").partition(":")
    if kind in ("contact", "company"):
        statement = update(Contact).where(Contact.id == int(record_id)).values(active_at=now())
        await tx.execute(statement.execution_options(synchronize_session=False))
