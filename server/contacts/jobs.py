"""What records need as time passes: the trash is emptied."""

from datetime import timedelta

from sqlalchemy import select

from server.contacts.models import Contact
from server.contacts.trash import erase_contact
from server.kit.access import system
from server.kit.clock import now
from server.kit.jobs import Work, job

AT_ONCE = 200


@job("contacts.empty_trash", every=timedelta(hours=1))
async def empty_trash(work: Work) -> None:
    """Erases what has lain in the trash for longer than the setting says, a few hundred at a time."""
    before = now() - timedelta(days=work.services.settings.trash_days)
    async with work.database.transaction() as tx:
        old = select(Contact).where(Contact.trashed_at < before).order_by(Contact.id).limit(AT_ONCE)
        for contact in await tx.scalars(old):
            await erase_contact(tx, system(contact.workspace_id), contact)
