"""The verbs on records. Each changes rows and announces facts; none commits, none knows HTTP."""

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import delete, insert, select

from server.contacts import events as facts
from server.contacts.access import open_names, visible_contacts, visible_fields
from server.contacts.fields import (
    CUSTOM,
    company_ref,
    field_text,
    keys_of,
    labels,
    parse_custom,
    parse_points,
    parse_tags,
    search_words,
)
from server.contacts.models import Contact, ContactKey, CustomField
from server.identity.models import Team, User
from server.kit.about import subject_id
from server.kit.access import Principal, system
from server.kit.clock import now
from server.kit.db import Tx
from server.kit.errors import Conflict, Invalid
from server.kit.events import EventRow, emit
from server.kit.index import Doc, index_docs
from server.kit.text import _, clean, fold, one_line

NAME_LENGTH = 200
SHOWN = 500  # characters of an old or new value that a fact keeps


@dataclass(frozen=True, slots=True)
class ContactDraft:
    """What a form, a file or the API brings. `values` maps field names ("phones", "x.tenure") to raw values."""

    name: str
    kind: str = "contact"
    values: dict[str, Any] = field(default_factory=dict)


async def create_contact(tx: Tx, who: Principal, draft: ContactDraft) -> Contact:
    contact = blank_contact(who, draft.kind)
    contact.name = _parse_name(draft.name)
    contact.sort_name = fold(contact.name)
    tx.add(contact)
    for name, raw in draft.values.items():
        await _set(tx, who, contact, name, raw)
    await tx.flush()
    await _save_keys(tx, contact, set())
    await reindex(tx, contact)
    emit(tx, who, facts.ContactCreated(subject=contact.about, about=contact.about, title=contact.name))
    return contact


def blank_contact(who: Principal, kind: str) -> Contact:
    if kind not in ("contact", "company"):
        raise Invalid(kind=_("No such kind of record"))
    return Contact(
        workspace_id=who.workspace_id,
        kind=kind,
        title="",
        emails=[],
        phones=[],
        addresses=[],
        language="",
        tags=[],
        custom={},
        version=1,
        field_versions={},
        created_at=now(),
        active_at=now(),
        company=None,
        owner=None,
        team=None,
    )


def _parse_name(text: object) -> str:
    if not isinstance(text, str):
        raise Invalid(name=_("Text is expected here"))
    name = one_line(text, NAME_LENGTH)
    if not name:
        raise Invalid(name=_("A name is needed"))
    return name


async def change_fields(
    tx: Tx, who: Principal, contact: Contact, values: dict[str, Any], seen: dict[str, int] | None = None
) -> Contact:
    """Sets fields and announces each that changed. `seen` maps fields to the version they were edited on: one that
    changed since raises Conflict with both values; other fields merge."""
    names = list(values)
    await _check_names(tx, who, names)
    before = {name: fact_text(contact, name) for name in names}
    old_keys = keys_of(contact)
    changed = []
    for name in names:
        old, was = _plain(contact, name), field_text(contact, name)
        await _set(tx, who, contact, name, values[name])
        if _plain(contact, name) == old:
            continue
        newest = contact.field_versions.get(name, 0)
        if seen is not None and name in seen and newest > seen[name]:
            raise Conflict(
                _("Somebody changed this field while you were editing"),
                await _theirs(tx, who, contact, name, was),
                **{name: was},
            )
        changed.append(name)
    if changed:
        await _save(tx, who, contact, changed, before, old_keys)
    return contact


async def _check_names(tx: Tx, who: Principal, names: list[str]) -> None:
    known = await custom_fields(tx, who) if any(name.startswith(CUSTOM) for name in names) else {}
    for name in names:
        if name not in labels() and name.removeprefix(CUSTOM) not in known:
            raise Invalid(**{name: _("No such field")})


async def _save(
    tx: Tx, who: Principal, contact: Contact, changed: list[str], before: dict[str, str], old_keys: set[tuple[str, str]]
) -> None:
    contact.version += 1
    contact.active_at = now()
    contact.field_versions = {**contact.field_versions, **dict.fromkeys(changed, contact.version)}
    custom = await custom_fields(tx, who) if any(name.startswith(CUSTOM) for name in changed) else {}
    await tx.flush()
    for name in changed:
        label = custom[name.removeprefix(CUSTOM)].label if name.startswith(CUSTOM) else ""
        old, new = before[name][:SHOWN], fact_text(contact, name)[:SHOWN]
        emit(
            tx,
            who,
            facts.ContactChanged(subject=contact.about, about=contact.about, field=name, label=label, old=old, new=new),
        )
    await _save_keys(tx, contact, old_keys)
    await reindex(tx, contact)


def fact_text(contact: Contact, name: str) -> str:
    """A field as facts keep it: a company by reference, because who reads the fact may not see the company."""
    return company_ref(contact.company_id) if name == "company" else field_text(contact, name)


def _plain(contact: Contact, name: str) -> Any:
    """The stored value, for telling whether it changed."""
    if name.startswith(CUSTOM):
        return contact.custom.get(name.removeprefix(CUSTOM))
    linked = {"company": "company_id", "owner": "owner_id", "team": "team_id"}
    return getattr(contact, linked.get(name, name))


async def _theirs(tx: Tx, who: Principal, contact: Contact, name: str, value: str) -> dict[str, object]:
    """Who changed the field last, when, from what and to what."""
    recent = (
        select(EventRow)
        .where(EventRow.workspace_id == contact.workspace_id, EventRow.about == contact.about)
        .where(EventRow.name == "contact.changed")
        .order_by(EventRow.id.desc())
        .limit(200)
    )
    row = next((row for row in await tx.scalars(recent) if row.data["field"] == name), None)
    actor = await tx.get(User, row.actor_id) if row and row.actor_id else None
    old = row.data["old"] if row else ""
    if name == "company" and old:
        old = await tx.scalar(
            visible_contacts(who).where(Contact.id == subject_id(old)).with_only_columns(Contact.name)
        )
    return {
        "field": name,
        "value": value,
        "old": old or "",
        "who": actor.name if actor else "",
        "who_id": actor.id if actor else None,
        "at": row.at.isoformat() if row else None,
        "version": contact.field_versions.get(name, 0),
    }


async def _set(tx: Tx, who: Principal, contact: Contact, name: str, raw: Any) -> None:
    """Parses and sets one field. Unknown names are refused."""
    match name:
        case "name":
            contact.name = _parse_name(raw)
            contact.sort_name = fold(contact.name)
        case "title" | "language":
            if not isinstance(raw, str):
                raise Invalid(**{name: _("Text is expected here")})
            setattr(contact, name, clean(raw, NAME_LENGTH if name == "title" else 35))
        case "emails" | "phones" | "addresses":
            setattr(contact, name, parse_points(name, raw))
        case "tags":
            contact.tags = parse_tags(raw)
        case "owner":
            contact.owner = await _linked(tx, who, User, name, raw)
            contact.owner_id = contact.owner.id if contact.owner else None
        case "team":
            contact.team = await _linked(tx, who, Team, name, raw)
            contact.team_id = contact.team.id if contact.team else None
        case "company" if raw in (None, "", 0) and contact.company is None:
            pass  # none, or one that this person may not see and did not mean to take away
        case "company":
            contact.company = await _company(tx, who, contact, raw)
            contact.company_id = contact.company.id if contact.company else None
        case _ if name.startswith(CUSTOM):
            fields = await custom_fields(tx, who)
            if (custom := fields.get(name.removeprefix(CUSTOM))) is None:
                raise Invalid(**{name: _("No such field")})
            value = parse_custom(custom, raw)
            kept = {key: old for key, old in contact.custom.items() if key != custom.key}
            contact.custom = kept if value is None else {**kept, custom.key: value}
        case _:
            raise Invalid(**{name: _("No such field")})


async def custom_fields(tx: Tx, who: Principal) -> dict[str, CustomField]:
    """Read once a transaction."""
    if "custom_fields" not in tx.info:
        tx.info["custom_fields"] = {field.key: field for field in await tx.scalars(visible_fields(who))}
    known: dict[str, CustomField] = tx.info["custom_fields"]
    return known


async def _linked(tx: Tx, who: Principal, model: type[User] | type[Team], name: str, raw: Any) -> Any:
    """A person or team of this workspace by number; empty unlinks."""
    if raw in (None, "", 0):
        return None
    number = str(raw)
    is_number = number.isascii() and number.isdigit() and len(number) < 18
    found: Any = await tx.get(model, int(number)) if is_number else None
    if found is None or found.workspace_id != who.workspace_id or (isinstance(found, User) and not found.active):
        raise Invalid(**{name: _("Not in this workspace")})
    return found


async def _company(tx: Tx, who: Principal, contact: Contact, raw: Any) -> Contact | None:
    """By number, or by name: a name nobody has yet makes a new company."""
    if raw in (None, "", 0):
        return None
    if contact.kind == "company":
        raise Invalid(company=_("A company belongs to no company"))
    companies = visible_contacts(who).where(Contact.kind == "company")
    if isinstance(raw, int) or (isinstance(raw, str) and raw.startswith("#") and raw[1:].isdigit() and len(raw) < 18):
        found = await tx.scalar(companies.where(Contact.id == int(str(raw).removeprefix("#"))))
        if found is None:
            raise Invalid(company=_("No such company"))
        return found
    name = _parse_name(raw)
    found = await tx.scalar(companies.where(Contact.sort_name == fold(name)).order_by(Contact.id).limit(1))
    return found or await create_contact(tx, who, ContactDraft(name, "company"))


async def _save_keys(tx: Tx, contact: Contact, old: set[tuple[str, str]]) -> None:
    new = keys_of(contact)
    for kind, value in old - new:
        await tx.execute(
            delete(ContactKey).where(
                ContactKey.contact_id == contact.id, ContactKey.kind == kind, ContactKey.value == value
            )
        )
    if added := new - old:
        await tx.execute(
            insert(ContactKey),
            [{"contact_id": contact.id, "kind": k, "value": v, "workspace_id": contact.workspace_id} for k, v in added],
        )


async def reindex(tx: Tx, *contacts: Contact) -> None:
    """Records of one workspace. The index knows no reader, so a closed company's people are not found by its name; nor
    is a record found by what it holds of a field that was removed."""
    if not contacts:
        return
    names = await open_names(tx, {contact.company_id for contact in contacts})
    fields = await custom_fields(tx, system(contacts[0].workspace_id))
    await index_docs(tx, [_doc(contact, names.get(contact.company_id or 0, ""), fields) for contact in contacts])


def _doc(contact: Contact, company: str, fields: Collection[str]) -> Doc:
    words = search_words(contact, company, fields)
    return Doc(contact.workspace_id, contact.about, contact.about, contact.name, words)
