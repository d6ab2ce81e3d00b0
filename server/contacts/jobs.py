"""What records need as time passes: the trash is emptied, and they are indexed again with companies and own fields."""

from datetime import timedelta

from sqlalchemy import ColumnElement, String, cast, select

from server.contacts.access import visible_contacts
from server.contacts.actions import reindex
from server.contacts.bulk_change import lock_records
from server.contacts.models import Contact
from server.contacts.trash import erase_contact
from server.kit.access import system
from server.kit.clock import now
from server.kit.holds import held_abouts
from server.kit.index import merge_index
from server.kit.jobs import Work, job

AT_ONCE = 200


@job("contacts.empty_trash", every=timedelta(hours=1))
async def empty_trash(work: Work) -> None:
    """Erases what has lain in the trash for longer than the setting says, a few hundred at a time. What is held for
    legal reasons stays there."""
    about = Contact.kind + ":" + cast(Contact.id, String)
    free = [about.not_in(held) for held in held_abouts()]
    before = now() - timedelta(days=work.services.settings.trash_days)
    async with work.database.transaction() as tx:
        old = select(Contact).where(Contact.trashed_at < before, *free).order_by(Contact.id).limit(AT_ONCE)
        for contact in await tx.scalars(old):
            await erase_contact(tx, system(contact.workspace_id), contact)


@job("contacts.reindex_people")
async def reindex_people(work: Work) -> None:
    """The people of one company."""
    await _reindex(work, Contact.company_id == int(work.args["company"]))


@job("contacts.reindex_holders")
async def reindex_holders(work: Work) -> None:
    """All who hold a value of one own field, which is there from now on or is there no more."""
    await _reindex(work, Contact.custom[work.args["key"]].as_string().is_not(None))


async def _reindex(work: Work, which: ColumnElement[bool]) -> None:
    """A few hundred at a time, so that others write in between."""
    who = system(work.workspace_id)
    async with work.database.transaction(read=True) as tx:
        ids = list(await tx.scalars(visible_contacts(who).where(which).with_only_columns(Contact.id)))
    for start in range(0, len(ids), AT_ONCE):
        async with work.database.transaction() as tx:
            records = await lock_records(tx, who, ids[start : start + AT_ONCE])
            await reindex(tx, *records.values())
    if len(ids) > AT_ONCE:
        await merge_index(work.database)
