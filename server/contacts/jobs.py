"""What records need as time passes: the trash is emptied, people are indexed again with their company."""

from datetime import timedelta

from sqlalchemy import String, cast, select

from server.contacts.access import open_names, visible_contacts
from server.contacts.actions import doc_of
from server.contacts.models import Contact
from server.contacts.trash import erase_contact
from server.kit.access import system
from server.kit.clock import now
from server.kit.holds import held_abouts
from server.kit.index import index_docs
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
    """The people of one company, a few hundred at a time."""
    company, last = int(work.args["company"]), 0
    while True:
        async with work.database.transaction() as tx:
            found = visible_contacts(system(work.workspace_id)).where(Contact.company_id == company, Contact.id > last)
            people = list(await tx.scalars(found.order_by(Contact.id).limit(AT_ONCE)))
            name = (await open_names(tx, [company])).get(company, "")
            await index_docs(tx, [doc_of(person, name) for person in people])
        if len(people) < AT_ONCE:
            return
        last = people[-1].id
