"""Reads for lists, panels and pickers. The list is one statement at any size."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, Select, false, func, select
from sqlalchemy.orm import joinedload

from server.contacts.access import KINDS, OPEN_COMPANY, visible_contacts, visible_fields, visible_views, whole
from server.contacts.forms import CustomFilter, ListQuery
from server.contacts.models import Contact, ContactKey, CustomField, SavedView
from server.kit.access import Principal, Restriction, allowed_id
from server.kit.db import Tx
from server.kit.index import matching_ids
from server.kit.paging import PER_PAGE, Paging
from server.kit.text import fold

ZONE = 24
Fields = dict[str, CustomField]


async def list_fields(tx: Tx, who: Principal) -> Fields:
    return {field.key: field for field in await tx.scalars(visible_fields(who))}


async def list_views(tx: Tx, who: Principal) -> list[SavedView]:
    return list(await tx.scalars(visible_views(who)))


async def list_page(tx: Tx, who: Principal, query: ListQuery, fields: Fields) -> tuple[list[Contact], Paging]:
    """One page with companies and owners, and how many there are in all, in one statement."""
    everything = _matching(tx, who, query, fields)
    wanted = everything.where(allowed_id(who, KINDS, Contact.id)).with_only_columns(Contact.id)
    total = _count(everything) - _count(everything.where(~allowed_id(who, KINDS, Contact.id)))
    ids = wanted.order_by(*_order(query, fields)).limit(PER_PAGE).offset((query.page - 1) * PER_PAGE).subquery()
    rows = (
        select(Contact, total)
        .join(ids, ids.c.id == Contact.id)
        .order_by(*_order(query, fields))
        .options(OPEN_COMPANY, joinedload(Contact.owner))
    )
    found = (await tx.execute(rows)).all()
    return [row[0] for row in found], Paging(query.page, found[0][1] if found else 0)


def _count(found: Select[Any]) -> ScalarSelect[int]:
    """Counting all and taking off the few closed ones is three times as quick as asking about each."""
    return found.with_only_columns(func.count()).order_by(None).scalar_subquery()


def filtered(tx: Tx, who: Principal, query: ListQuery, fields: Fields) -> Select[Any]:
    """The records that the list's address means and this person may see, in no order."""
    return _matching(tx, who, query, fields).where(allowed_id(who, KINDS, Contact.id))


def _matching(tx: Tx, who: Principal, query: ListQuery, fields: Fields) -> Select[Any]:
    """The same before anybody's rights: only for what adds them."""
    state = Contact.trashed_at.is_not(None) if query.trash else Contact.trashed_at.is_(None)
    found = select(Contact).where(Contact.workspace_id == who.workspace_id, state, Contact.kind == query.kind)
    if query.q:
        found = found.where(Contact.id.in_(matching_ids(tx, who, list(KINDS), query.q)))
    if query.owner:
        owner = who.user_id if query.owner == "me" else None if query.owner == "none" else int(query.owner)
        found = found.where(Contact.owner_id == owner)
    if query.team:
        found = found.where(Contact.team_id == int(query.team))
    if query.company:
        seen = visible_contacts(who).where(Contact.id == int(query.company)).with_only_columns(Contact.id)
        found = found.where(Contact.company_id.in_(seen))
    if query.tag:
        tagged = select(ContactKey.contact_id).where(
            ContactKey.workspace_id == who.workspace_id, ContactKey.kind == "tag", ContactKey.value == fold(query.tag)
        )
        found = found.where(Contact.id.in_(tagged))
    for one in query.custom:
        found = found.where(_custom_condition(fields[one.key], one))
    return found


def _custom_condition(field: CustomField, one: CustomFilter) -> ColumnElement[bool]:
    column = custom_column(field)
    text: ColumnElement[Any] = Contact.custom[field.key].as_string()
    if one.operator in ("none", "any"):
        return text.is_(None) if one.operator == "none" else text.is_not(None)
    if one.operator == "has":
        return func.lower(text).contains(one.value.lower(), autoescape=True)
    value = _comparable(field, one.value)
    if value is None:
        return false()
    if one.operator == "gt":
        return column > value
    return column < value if one.operator == "lt" else column == value


def _comparable(field: CustomField, text: str) -> float | bool | str | None:
    """The filter's value as the field keeps it; None when it cannot be one."""
    if field.kind == "number":
        try:
            return float(text)
        except ValueError:
            return None
    return text in ("1", "true", "yes") if field.kind == "yes_no" else text


def custom_column(field: CustomField) -> ColumnElement[Any]:
    """The stored value as what it is, so that it compares and sorts."""
    value = Contact.custom[field.key]
    typed: ColumnElement[Any] = value.as_string()
    if field.kind == "number":
        typed = value.as_float()
    return value.as_boolean() if field.kind == "yes_no" else typed


def _order(query: ListQuery, fields: Fields) -> Sequence[ColumnElement[Any]]:
    plain = query.sort.removeprefix("-")
    columns: dict[str, Any] = {"name": Contact.sort_name, "active": Contact.active_at, "created": Contact.created_at}
    column = columns.get(plain)
    if column is None:
        column = custom_column(fields[plain.removeprefix("x.")])
        return [
            column.desc().nulls_last() if query.sort.startswith("-") else column.asc().nulls_last(),
            Contact.id.asc(),
        ]
    return [column.desc(), Contact.id.desc()] if query.sort.startswith("-") else [column.asc(), Contact.id.asc()]


async def recent(tx: Tx, who: Principal, kind: str) -> list[Contact]:
    """For the narrow list beside a record: where something happened last."""
    found = visible_contacts(who).where(Contact.kind == kind).options(OPEN_COMPANY)
    return list(await tx.scalars(found.order_by(Contact.active_at.desc(), Contact.id.desc()).limit(ZONE)))


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
    """Tags in use, folded, the most used first."""
    used = select(ContactKey.value).where(ContactKey.workspace_id == who.workspace_id, ContactKey.kind == "tag")
    if begin:
        used = used.where(ContactKey.value.startswith(fold(begin), autoescape=True))
    return list(
        await tx.scalars(used.group_by(ContactKey.value).order_by(func.count().desc(), ContactKey.value).limit(50))
    )


async def pick_records(tx: Tx, who: Principal, kind: str, query: str) -> list[Contact]:
    found = visible_contacts(who).where(Contact.kind == kind)
    if query:
        found = found.where(Contact.id.in_(matching_ids(tx, who, [kind], query)))
    return list(await tx.scalars(found.order_by(Contact.sort_name).limit(10)))


async def restricted_ids(tx: Tx, who: Principal, ids: Collection[int]) -> set[int]:
    """Which of these records carry a lock."""
    rows = select(Restriction.record_id).where(
        Restriction.workspace_id == who.workspace_id, Restriction.record_id.in_(ids)
    )
    return set(await tx.scalars(rows))


async def list_after(
    tx: Tx, who: Principal, query: ListQuery, fields: Fields, after: int, limit: int
) -> Sequence[Contact]:
    """For clients: by number, one more than `limit` when there is another page."""
    found = filtered(tx, who, query, fields).where(Contact.id > after).options(*whole(who))
    return (await tx.scalars(found.order_by(Contact.id).limit(limit + 1))).all()
