"""Reads for lists, panels and pickers. The list is one statement at any size."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, Select, false, func, select
from sqlalchemy.orm import InstrumentedAttribute, joinedload, load_only, undefer

from server.contacts.access import KINDS, WHOLE, visible_contacts, visible_fields, visible_views
from server.contacts.forms import CustomFilter, ListQuery
from server.contacts.models import Contact, ContactKey, CustomField, SavedView
from server.identity.models import User
from server.kit.access import Principal, Restriction, allowed_id
from server.kit.db import Tx, in_table_order
from server.kit.index import matching_ids
from server.kit.paging import PER_PAGE, Paging
from server.kit.text import fold

ZONE = 24
PICKED = 8
_ROW = (  # what a row of the list shows; the rest of a record is many fields to decode
    load_only(
        Contact.kind,
        Contact.name,
        Contact.emails,
        Contact.phones,
        Contact.owner_id,
        Contact.tags,
        Contact.version,
        Contact.active_at,
        raiseload=True,
    ),
    joinedload(Contact.company).load_only(Contact.name, raiseload=True),
    joinedload(Contact.owner).load_only(User.name, User.picture, raiseload=True),
)
Fields = dict[str, CustomField]
Key = ColumnElement[Any] | InstrumentedAttribute[Any]


async def list_fields(tx: Tx, who: Principal) -> Fields:
    return {field.key: field for field in await tx.scalars(visible_fields(who))}


async def list_views(tx: Tx, who: Principal) -> list[SavedView]:
    return list(await tx.scalars(visible_views(who)))


async def list_page(tx: Tx, who: Principal, query: ListQuery, fields: Fields) -> tuple[list[Contact], Paging]:
    """One page with companies and owners, and how many there are in all, in one statement."""
    key = _sort_key(query, fields)
    matching, rights = _matching(tx, who, query, fields), allowed_id(who, KINDS, Contact.id)
    found = (_found_once if query.q or query.tag else _walked)(matching, rights, key, query)
    ids = found.ids.limit(PER_PAGE).offset((query.page - 1) * PER_PAGE).subquery()
    rows = select(Contact, found.total).join(ids, ids.c.id == Contact.id).options(*_ROW)
    if query.columns:
        rows = rows.options(undefer(Contact.custom))
    page = (await tx.execute(rows.order_by(*_ordered(query, key, Contact.id)))).all()
    return [row[0] for row in page], Paging(query.page, page[0][1] if page else 0)


@dataclass(frozen=True, slots=True)
class Found:
    """The sorted numbers of what matches, and how many they are."""

    ids: Select[Any]
    total: ColumnElement[int]


def _walked(matching: Select[Any], rights: ColumnElement[bool], key: Key, query: ListQuery) -> Found:
    """For long lists: an index is walked to the page. Counting all and taking off the few closed ones is three times
    as quick as asking about each."""
    ids = matching.where(rights).with_only_columns(Contact.id).order_by(*_ordered(query, key, Contact.id))
    return Found(ids, _count(matching) - _count(matching.where(~rights)))


def _found_once(matching: Select[Any], rights: ColumnElement[bool], key: Key, query: ListQuery) -> Found:
    """For what a search finds: found once, then counted and sorted."""
    hits = matching.where(rights).with_only_columns(Contact.id, key.label("key")).cte("hits")
    ids = select(hits.c.id).order_by(*_ordered(query, hits.c.key, hits.c.id))
    return Found(ids, select(func.count()).select_from(hits).scalar_subquery())


def _count(found: Select[Any]) -> ScalarSelect[int]:
    return found.with_only_columns(func.count()).order_by(None).scalar_subquery()


def filtered(tx: Tx, who: Principal, query: ListQuery, fields: Fields) -> Select[Any]:
    """The records that the list's address means and this person may see, in no order."""
    return _matching(tx, who, query, fields).where(allowed_id(who, KINDS, Contact.id))


def _matching(tx: Tx, who: Principal, query: ListQuery, fields: Fields) -> Select[Any]:
    """The same before anybody's rights: only for what adds them."""
    state = Contact.trashed_at.is_not(None) if query.trash else Contact.trashed_at.is_(None)
    own = Contact.workspace_id == who.workspace_id
    if query.sort.removeprefix("-").startswith("x.") and not query.is_filtered:
        own = in_table_order(tx, Contact.workspace_id) == who.workspace_id
    found = select(Contact).where(own, state, Contact.kind == query.kind)
    if query.q:
        found = found.where(Contact.id.in_(matching_ids(tx, who, list(KINDS), query.q)))
    if query.owner:
        owner = who.user_id if query.owner == "me" else None if query.owner == "none" else int(query.owner)
        found = found.where(Contact.owner_id == owner)
    if query.team:
        found = found.where(Contact.team_id == int(query.team))
    if query.company:
        found = found.where(Contact.company_id == int(query.company))
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


def _sort_key(query: ListQuery, fields: Fields) -> Key:
    plain = query.sort.removeprefix("-")
    columns: dict[str, Key] = {"name": Contact.sort_name, "active": Contact.active_at, "created": Contact.created_at}
    return columns[plain] if plain in columns else custom_column(fields[plain.removeprefix("x.")])


def _ordered(query: ListQuery, key: Key, id: Key) -> Sequence[ColumnElement[Any]]:
    """By the key; records without one stand last either way, equal ones by number."""
    is_down, is_custom = query.sort.startswith("-"), "x." in query.sort
    way = key.desc() if is_down else key.asc()
    return [way.nulls_last() if is_custom else way, id.desc() if is_down and not is_custom else id.asc()]


async def recent(tx: Tx, who: Principal, at: Contact) -> list[Contact]:
    """For the narrow list beside a record: where something happened last, and the record itself."""
    found = visible_contacts(who).where(Contact.kind == at.kind).options(joinedload(Contact.company))
    rows = list(await tx.scalars(found.order_by(Contact.active_at.desc(), Contact.id.desc()).limit(ZONE)))
    return rows if any(one.id == at.id for one in rows) else [at, *rows[: ZONE - 1]]


async def people_of(tx: Tx, who: Principal, company: Contact) -> list[Contact]:
    """The people of a company, by name."""
    found = visible_contacts(who).where(Contact.company_id == company.id)
    return list(await tx.scalars(found.order_by(Contact.sort_name, Contact.id).limit(100)))


async def names_of(tx: Tx, who: Principal, abouts: Collection[str | None]) -> dict[str, Contact]:
    """about → record, for those that this person may see; one statement."""
    ids = {int(about.partition(":")[2]) for about in abouts if about and about.partition(":")[0] in KINDS}
    if not ids:
        return {}
    found = visible_contacts(who).where(Contact.id.in_(ids)).options(joinedload(Contact.company))
    return {contact.about: contact for contact in await tx.scalars(found)}


async def list_tags(tx: Tx, who: Principal, begin: str = "") -> list[str]:
    """Tags in use, folded, the most used first."""
    used = select(ContactKey.value).where(ContactKey.workspace_id == who.workspace_id, ContactKey.kind == "tag")
    if begin:
        used = used.where(ContactKey.value.startswith(fold(begin), autoescape=True))
    return list(
        await tx.scalars(used.group_by(ContactKey.value).order_by(func.count().desc(), ContactKey.value).limit(50))
    )


async def pick_records(tx: Tx, who: Principal, query: str) -> list[Contact]:
    """For a field that names a record: names that begin with the words first; without words, what happened last."""
    found = visible_contacts(who).options(joinedload(Contact.company))
    wanted = fold(query).strip()
    if not wanted:
        recently = found.where(Contact.kind == "contact").order_by(Contact.active_at.desc(), Contact.id.desc())
        return list(await tx.scalars(recently.limit(PICKED)))
    begins = Contact.sort_name.startswith(wanted, autoescape=True)
    inside = Contact.sort_name.contains(wanted, autoescape=True)
    found = found.where(Contact.id.in_(matching_ids(tx, who, list(KINDS), query)))
    ranked = found.order_by(begins.desc(), inside.desc(), Contact.sort_name, Contact.id)
    return list(await tx.scalars(ranked.limit(PICKED)))


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
    found = filtered(tx, who, query, fields).where(Contact.id > after).options(*WHOLE)
    return (await tx.scalars(found.order_by(Contact.id).limit(limit + 1))).all()
