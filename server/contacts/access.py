"""The only door to records. Not visible is NotFound; visible but not allowed is Forbidden."""

from collections.abc import Collection
from typing import Any, Literal

from sqlalchemy import ColumnElement, Select, String, and_, bindparam, cast, false, or_, select
from sqlalchemy.orm import joinedload, undefer

from server.contacts.models import Contact, CustomField, SavedView
from server.kit.about import parse_about
from server.kit.access import Principal, Restriction, allowed_id, built_once, prepared
from server.kit.db import Tx
from server.kit.errors import Forbidden, NotFound
from server.kit.index import WORDS, SearchRow
from server.kit.text import _, fold

Verb = Literal["see", "edit", "delete", "restrict"]
KINDS = ("contact", "company")
FIRMS = 20  # closed companies that a search looks into


def is_open(company: type[Contact]) -> ColumnElement[bool]:
    """A company that everybody in its workspace sees."""
    closed = select(Restriction.record_id).where(Restriction.about.startswith("company:"))
    return and_(company.trashed_at.is_(None), company.id.not_in(closed))


# A person's company where a row, a line or a hit is drawn for everybody: one that is closed is left out.
OPEN_COMPANY = joinedload(Contact.company.and_(is_open(Contact)))


def whole(who: Principal) -> tuple[Any, ...]:
    """With owner, team and, when this person may see it, the company. The house draws for everybody who listens, so
    it is given open companies alone."""
    seen = and_(Contact.trashed_at.is_(None), allowed_id(who, ("company",), Contact.id))
    seen = is_open(Contact) if who.kind == "system" else seen
    company = joinedload(Contact.company.and_(seen)).undefer(Contact.is_restricted)
    return company, joinedload(Contact.owner), joinedload(Contact.team), undefer(Contact.is_restricted)


@built_once
def visible_contacts(who: Principal, *, trashed: bool = False) -> Select[Contact]:
    state = Contact.trashed_at.is_not(None) if trashed else Contact.trashed_at.is_(None)
    return select(Contact).where(Contact.workspace_id == who.workspace_id, state, allowed_id(who, KINDS, Contact.id))


def may(who: Principal, verb: Verb, contact: Contact) -> bool:
    match verb:
        case "see":
            return True
        case "edit":
            return who.may_write
        case "delete":
            return who.may_write and (who.is_at_least("manager") or contact.owner_id == who.user_id)
        case "restrict":
            return who.is_at_least("manager")


@prepared
def _one_contact(who: Principal, *, trashed: bool, lock: bool) -> Select[Contact]:
    one = visible_contacts(who, trashed=trashed).where(Contact.id == bindparam("contact_id")).options(*whole(who))
    return one.with_for_update(of=Contact) if lock else one


async def get_contact(tx: Tx, who: Principal, contact_id: int, to: Verb = "see", *, trashed: bool = False) -> Contact:
    """With company, owner and team. To change it, the row is locked until the transaction ends."""
    statement = _one_contact(who, trashed=trashed, lock=to != "see" and not tx.info.get("read"))
    contact = await tx.scalar(statement, {"contact_id": contact_id, **who.params})
    if contact is None:
        raise NotFound(_("No such record"))
    if not may(who, to, contact):
        raise Forbidden(_("You may not do this to the record"))
    return contact


async def get_record(tx: Tx, who: Principal, about: str | None, to: Verb = "see") -> Contact:
    """The record behind "contact:7" or "company:3"."""
    kind, record_id = parse_about(about)
    if kind not in KINDS:
        raise NotFound(_("No such record"))
    contact = await get_contact(tx, who, record_id, to)
    if contact.kind != kind:
        raise NotFound(_("No such record"))
    return contact


async def _may_hear(tx: Tx, who: Principal, kind: str, rests: set[str]) -> set[str]:
    ids = {int(rest) for rest in rests if rest.isascii() and rest.isdigit() and len(rest) < 18}
    found = visible_contacts(who).with_only_columns(Contact.id).where(Contact.id.in_(ids), Contact.kind == kind)
    return {str(id) for id in await tx.scalars(found)} & rests


async def may_hear_contact(tx: Tx, who: Principal, rests: set[str]) -> set[str]:
    return await _may_hear(tx, who, "contact", rests)


async def may_hear_company(tx: Tx, who: Principal, rests: set[str]) -> set[str]:
    return await _may_hear(tx, who, "company", rests)


async def may_hear_list(tx: Tx, who: Principal, rests: set[str]) -> set[str]:
    """contacts:<workspace>"""
    return rests & {str(who.workspace_id)}


def visible_fields(who: Principal) -> Select[CustomField]:
    return (
        select(CustomField)
        .where(CustomField.workspace_id == who.workspace_id)
        .order_by(CustomField.order, CustomField.id)
    )


async def get_field(tx: Tx, who: Principal, field_id: int) -> CustomField:
    """To change it: admins."""
    found = await tx.scalar(visible_fields(who).where(CustomField.id == field_id))
    if found is None:
        raise NotFound(_("No such field"))
    if not who.is_at_least("admin"):
        raise Forbidden(_("Only admins change fields"))
    return found


def visible_views(who: Principal, place: str = "contacts") -> Select[SavedView]:
    mine = SavedView.user_id.is_(None) | (SavedView.user_id == who.user_id)
    here = SavedView.workspace_id == who.workspace_id, SavedView.place == place
    return select(SavedView).where(*here, mine).order_by(SavedView.id)


async def views_after(tx: Tx, who: Principal, after: int, limit: int, place: str) -> list[SavedView]:
    """For clients: by id; one more than `limit` when there is another page."""
    return list(await tx.scalars(visible_views(who, place).where(SavedView.id > after).limit(limit + 1)))


def may_change_view(who: Principal, view: SavedView) -> bool:
    """One's own; what everybody uses is the managers'."""
    return view.user_id == who.user_id if view.user_id is not None else who.is_at_least("manager")


async def get_view(
    tx: Tx, who: Principal, view_id: int, to: Literal["see", "edit"] = "see", place: str = "contacts"
) -> SavedView:
    view = await tx.scalar(visible_views(who, place).where(SavedView.id == view_id))
    if view is None:
        raise NotFound(_("No such view"))
    if to == "edit" and not may_change_view(who, view):
        raise Forbidden(_("Managers change the views of everybody"))
    return view


async def open_names(tx: Tx, ids: Collection[int | None]) -> dict[int, str]:
    """Names of those companies that everybody in their workspace sees."""
    wanted = {id for id in ids if id is not None}
    if not wanted:
        return {}
    rows = await tx.execute(select(Contact.id, Contact.name).where(Contact.id.in_(wanted), is_open(Contact)))
    return {row.id: row.name for row in rows}


def trashed_abouts(who: Principal) -> Select[str]:
    """References of records in the trash, whose notices and texts are not shown meanwhile."""
    gone = select(Contact.kind + ":" + cast(Contact.id, String))
    return gone.where(Contact.workspace_id == who.workspace_id, Contact.trashed_at.is_not(None))


def people_of_closed(who: Principal, query: str) -> Select[Any]:
    """Numbers of people found by a closed company's name: every word is in it or in what else they are found by. The
    index names no closed company (it is everybody's), so the few that this reader is on the list of are asked here.
    The people themselves may be closed to the reader: rights are the caller's to add."""
    own = select(Restriction.record_id).where(
        Restriction.workspace_id == who.workspace_id,
        Restriction.about.startswith("company:"),
        Restriction.who.in_(who.names),
    )
    words = fold(query).split()[:WORDS]
    named = (Contact.sort_name.contains(word, autoescape=True) for word in words)
    firms = visible_contacts(who).where(Contact.kind == "company", Contact.id.in_(own), or_(false(), *named))
    firm = firms.with_only_columns(Contact.id, Contact.sort_name).order_by(None).limit(FIRMS).subquery()
    doc = and_(
        SearchRow.workspace_id == who.workspace_id, SearchRow.kind == "contact", SearchRow.record_id == Contact.id
    )
    texts = firm.c.sort_name, SearchRow.text
    held = (or_(*(text.contains(word, autoescape=True) for text in texts)) for word in words)
    return select(Contact.id).join(firm, firm.c.id == Contact.company_id).join(SearchRow, doc).where(*held)
