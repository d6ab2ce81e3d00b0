"""Reads for panels, pickers and names. The list has a module of its own."""

from collections.abc import Collection

from sqlalchemy import Select, bindparam, func, select

from server.contacts.access import (
    KINDS,
    OPEN_COMPANY,
    people_of_closed,
    visible_contacts,
    visible_fields,
    visible_views,
)
from server.contacts.models import Contact, ContactKey, CustomField, SavedView
from server.kit.access import Principal, Restriction, allowed_id, prepared
from server.kit.db import Tx
from server.kit.index import matching_ids
from server.kit.text import fold

ZONE = 24
PICKED = 8
Fields = dict[str, CustomField]


async def list_fields(tx: Tx, who: Principal) -> Fields:
    return {field.key: field for field in await tx.scalars(visible_fields(who))}


async def list_views(tx: Tx, who: Principal) -> list[SavedView]:
    return list(await tx.scalars(visible_views(who)))


@prepared
def _newest(who: Principal) -> Select[Contact]:
    found = visible_contacts(who).where(Contact.kind == bindparam("kind"))
    found = found.options(OPEN_COMPANY.undefer(Contact.is_restricted))
    return found.order_by(Contact.active_at.desc(), Contact.id.desc()).limit(ZONE)


async def recent(tx: Tx, who: Principal, at: Contact) -> list[Contact]:
    """For the narrow list beside a record: where something happened last, and the record itself."""
    rows = list(await tx.scalars(_newest(who), {"kind": at.kind, **who.params}))
    return rows if any(one.id == at.id for one in rows) else [at, *rows[: ZONE - 1]]


async def people_of(tx: Tx, who: Principal, company: Contact) -> list[Contact]:
    """The people of a company, by name."""
    found = visible_contacts(who).where(Contact.company_id == company.id)
    return list(await tx.scalars(found.order_by(Contact.sort_name, Contact.id).limit(100)))


async def names_of(tx: Tx, who: Principal, abouts: Collection[str | None]) -> dict[str, Contact]:
    """about → record, for those that this person may see, with open companies; one statement."""
    ids = {int(about.partition(":")[2]) for about in abouts if about and about.partition(":")[0] in KINDS}
    if not ids:
        return {}
    found = visible_contacts(who).where(Contact.id.in_(ids)).options(OPEN_COMPANY)
    return {contact.about: contact for contact in await tx.scalars(found)}


async def list_tags(tx: Tx, who: Principal, begin: str = "") -> list[str]:
    """Tags in use on what this person may see, folded, the most used first. Closed and trashed records are few, so they
    are taken off instead of looking each record up."""
    trashed = select(Contact.id).where(Contact.workspace_id == who.workspace_id, Contact.trashed_at.is_not(None))
    used = select(ContactKey.value).where(
        ContactKey.workspace_id == who.workspace_id,
        ContactKey.kind == "tag",
        allowed_id(who, KINDS, ContactKey.contact_id),
        ContactKey.contact_id.not_in(trashed),
    )
    if begin:
        used = used.where(ContactKey.value.startswith(fold(begin), autoescape=True))
    return list(
        await tx.scalars(used.group_by(ContactKey.value).order_by(func.count().desc(), ContactKey.value).limit(50))
    )


async def pick_records(tx: Tx, who: Principal, query: str) -> list[Contact]:
    """For a field that names a record: names that begin with the words first; without words, what happened last."""
    found = visible_contacts(who).options(OPEN_COMPANY)
    wanted = fold(query).strip()
    if not wanted:
        recently = found.where(Contact.kind == "contact").order_by(Contact.active_at.desc(), Contact.id.desc())
        return list(await tx.scalars(recently.limit(PICKED)))
    begins = Contact.sort_name.startswith(wanted, autoescape=True)
    inside = Contact.sort_name.contains(wanted, autoescape=True)
    hits = matching_ids(tx, who, list(KINDS), query).union_all(people_of_closed(who, query))
    found = found.where(Contact.id.in_(hits))
    ranked = found.order_by(begins.desc(), inside.desc(), Contact.sort_name, Contact.id)
    return list(await tx.scalars(ranked.limit(PICKED)))


async def restricted_ids(tx: Tx, who: Principal, ids: Collection[int]) -> set[int]:
    """Which of these records carry a lock."""
    rows = select(Restriction.record_id).where(
        Restriction.workspace_id == who.workspace_id, Restriction.record_id.in_(ids)
    )
    return set(await tx.scalars(rows))
