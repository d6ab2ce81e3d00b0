"""Away, back, or gone for good."""

from sqlalchemy import delete, select

from server.contacts import events as facts
from server.contacts.actions import reindex
from server.contacts.models import Contact
from server.kit.access import Principal, Restriction
from server.kit.clock import now
from server.kit.db import Tx
from server.kit.events import EventRow, emit
from server.kit.index import unindex


async def trash_contact(tx: Tx, who: Principal, contact: Contact) -> None:
    """Gone from lists, search and topics at once; can be restored until the trash is emptied."""
    contact.trashed_at = now()
    contact.version += 1
    await unindex(tx, [contact.about])
    emit(tx, who, facts.ContactTrashed(subject=contact.about, about=contact.about))


async def restore_contact(tx: Tx, who: Principal, contact: Contact) -> Contact:
    contact.trashed_at = None
    contact.version += 1
    await reindex(tx, contact)
    emit(tx, who, facts.ContactRestored(subject=contact.about, about=contact.about))
    return contact


async def erase_contact(tx: Tx, who: Principal, contact: Contact) -> None:
    """For good: what facts keep of the record is blanked, one proof line stays."""
    rows = select(EventRow).where(EventRow.workspace_id == contact.workspace_id, EventRow.about == contact.about)
    for row in await tx.scalars(rows):
        row.data = {key: value if isinstance(value, (int, bool)) else "" for key, value in row.data.items()}
    await unindex(tx, [contact.about])
    await tx.execute(delete(Restriction).where(Restriction.about == contact.about))
    emit(tx, who, facts.ContactErased(subject=contact.about, about=contact.about))
    await tx.delete(contact)
