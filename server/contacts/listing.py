"""The list: which records its address means, sorted and counted, as what their rows show. One statement at any size."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, Select, and_, func, literal, select
from sqlalchemy.orm import InstrumentedAttribute, aliased

from server.contacts.access import KINDS, is_open, people_of_closed, visible_contacts, whole
from server.contacts.cells import TAGS_SHOWN, Face, ListRow, main_point
from server.contacts.filters import Fields, custom_column, custom_conditions
from server.contacts.forms import ListQuery
from server.contacts.models import Contact, ContactKey
from server.identity.models import User
from server.kit.access import Principal, allowed_id
from server.kit.db import Tx, in_table_order
from server.kit.index import matching_ids
from server.kit.paging import PER_PAGE, Paging
from server.kit.text import fold

Key = ColumnElement[Any] | InstrumentedAttribute[Any]


async def list_page(
    tx: Tx, who: Principal, query: ListQuery, fields: Fields, head: int
) -> tuple[list[ListRow], Paging]:
    """One page as its rows show it, and how many there are in all, in one statement.

    `head` of the list's topic, read before: while it stands still the size of the whole list is not counted anew.
    """
    key = _sort_key(query, fields)
    matching, rights = _matching(tx, who, query, fields), allowed_id(who, KINDS, Contact.id)
    size_key = ("contacts", who.workspace_id, query.kind, head)
    known: int | None = None if query.is_filtered else tx.info["kept"].get(size_key)
    found = (
        _found_once(matching, rights, key, query)
        if query.q or query.tag
        else _walked(matching, rights, key, query, known)
    )
    ids = found.ids.limit(PER_PAGE).offset((query.page - 1) * PER_PAGE).subquery()
    rows = _shown(bool(query.columns)).add_columns(found.size.label("size"), found.closed.label("closed"))
    page = (await tx.execute(rows.join(ids, ids.c.id == Contact.id).order_by(*_ordered(query, key, Contact.id)))).all()
    if page and not query.is_filtered and known is None:
        tx.info["kept"].put(size_key, page[0].size)
    return [_row(one, query) for one in page], Paging(query.page, page[0].size - page[0].closed if page else 0)


@cache
def _shown(with_custom: bool) -> Select[Any]:
    """Plain columns of what a row shows: a whole record has many fields to decode."""
    company = aliased(Contact)
    own = (Contact.id, Contact.kind, Contact.name, Contact.version, Contact.active_at)
    lists = (Contact.emails, Contact.phones, Contact.tags)
    owner = (User.id.label("owner_id"), User.name.label("owner"), User.picture.label("owner_picture"))
    shown = select(*own, *lists, *owner, company.name.label("company"), *((Contact.custom,) if with_custom else ()))
    shown = shown.select_from(Contact).outerjoin(User, User.id == Contact.owner_id)
    return shown.outerjoin(company, and_(company.id == Contact.company_id, is_open(company)))


def _row(one: Any, query: ListQuery) -> ListRow:
    return ListRow(
        one.id,
        one.kind,
        one.name,
        one.version,
        one.active_at,
        main_point(one.emails, one.phones),
        tuple(one.tags[:TAGS_SHOWN]),
        one.company,
        Face(one.owner_id, one.owner, one.owner_picture) if one.owner_id else None,
        tuple((key, one.custom.get(key)) for key in query.columns),
    )


@dataclass(frozen=True, slots=True)
class Found:
    """The sorted numbers of what matches; how many match, and how many of these the reader may not see."""

    ids: Select[Any]
    size: ColumnElement[int]
    closed: ColumnElement[int]


def _walked(matching: Select[Any], rights: ColumnElement[bool], key: Key, query: ListQuery, known: int | None) -> Found:
    """For long lists: an index is walked to the page. Counting all and taking off the few closed ones is three times
    as quick as asking about each."""
    ids = matching.where(rights).with_only_columns(Contact.id).order_by(*_ordered(query, key, Contact.id))
    return Found(ids, _count(matching) if known is None else literal(known), _count(matching.where(~rights)))


def _found_once(matching: Select[Any], rights: ColumnElement[bool], key: Key, query: ListQuery) -> Found:
    """For what a search finds: found once, then counted and sorted."""
    hits = matching.where(rights).with_only_columns(Contact.id, key.label("key")).cte("hits")
    ids = select(hits.c.id).order_by(*_ordered(query, hits.c.key, hits.c.id))
    return Found(ids, select(func.count()).select_from(hits).scalar_subquery(), literal(0))


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
        hits = matching_ids(tx, who, list(KINDS), query.q)
        beside = [people_of_closed(who, query.q)] if query.kind == "contact" else []
        found = found.where(Contact.id.in_(hits.union_all(*beside) if beside else hits))
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
    return found.where(*custom_conditions(query, fields))


def _sort_key(query: ListQuery, fields: Fields) -> Key:
    plain = query.sort.removeprefix("-")
    columns: dict[str, Key] = {"name": Contact.sort_name, "active": Contact.active_at, "created": Contact.created_at}
    return columns[plain] if plain in columns else custom_column(fields[plain.removeprefix("x.")])


def _ordered(query: ListQuery, key: Key, id: Key) -> Sequence[ColumnElement[Any]]:
    """By the key; records without one stand last either way, equal ones by number."""
    is_down, is_custom = query.sort.startswith("-"), "x." in query.sort
    way = key.desc() if is_down else key.asc()
    return [way.nulls_last() if is_custom else way, id.desc() if is_down and not is_custom else id.asc()]


async def list_after(
    tx: Tx, who: Principal, query: ListQuery, fields: Fields, after: int, limit: int
) -> Sequence[Contact]:
    """For clients: by number, one more than `limit` when there is another page."""
    found = filtered(tx, who, query, fields).where(Contact.id > after).options(*whole(who))
    return (await tx.scalars(found.order_by(Contact.id).limit(limit + 1))).all()
