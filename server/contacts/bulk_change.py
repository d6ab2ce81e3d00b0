"""Changes of many records in few statements, and taking an import's changes back. Facts are quiet."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, delete, select

from server.contacts import events as facts
from server.contacts.access import visible_contacts, visible_fields
from server.contacts.actions import SHOWN, reindex
from server.contacts.fields import CUSTOM, company_ref, custom_text, keys_of, same_as
from server.contacts.models import Contact, ContactKey
from server.identity.models import Team, User
from server.kit.access import Principal
from server.kit.bulk import insert_many, table_of
from server.kit.clock import now
from server.kit.db import Tx
from server.kit.events import Event, fact_row
from server.kit.index import unindex
from server.kit.numbers import tell_quietly
from server.kit.text import fold

POINTS = ("emails", "phones", "addresses")
LINKS: dict[str, Any] = {"owner": User, "team": Team}
LINKED = {"company", *LINKS}
Titles = dict[tuple[str, int], str]


def joined(name: str, old: Any, new: Any) -> Any:
    """What a file brings beside what is known: points and tags join, the file's first; the rest is replaced. A point
    keeps its label when the file has none."""
    if name in POINTS and old:
        labels = {same_as(name, point["value"]): point["label"] for point in old}
        fresh = [{**one, "label": one["label"] or labels.get(same_as(name, one["value"]), "")} for one in new]
        brought = {same_as(name, point["value"]) for point in new}
        return [*fresh, *(point for point in old if same_as(name, point["value"]) not in brought)][:30]
    if name == "tags" and old:
        return list(({fold(tag): tag for tag in new} | {fold(tag): tag for tag in old}).values())[:50]
    return new


async def lock_records(tx: Tx, who: Principal, ids: Collection[int]) -> dict[int, Contact]:
    found = visible_contacts(who).where(Contact.id.in_(ids)).order_by(Contact.id)
    return {contact.id: contact for contact in await tx.scalars(found.with_for_update(of=Contact))}


async def change_records(
    tx: Tx, who: Principal, changes: Sequence[tuple[Contact, dict[str, Any]]]
) -> dict[int, dict[str, Any]]:
    """Sets stored values (links by number) on locked records. What each field held before, by record."""
    titles = await _titles(tx, changes)
    labels = {field.key: field.label for field in await tx.scalars(visible_fields(who))}
    before: dict[int, dict[str, Any]] = {}
    events: list[Event] = []
    gone: list[dict[str, Any]] = []
    added: list[dict[str, Any]] = []
    changed = []
    for contact, values in changes:
        old_keys, held = keys_of(contact), before.setdefault(contact.id, {})
        for name, value in values.items():
            old = stored(contact, name)
            if old == value and type(old) is type(value):
                continue
            held[name] = old
            _put(contact, name, value)
            label = labels.get(name.removeprefix(CUSTOM), "") if name.startswith(CUSTOM) else ""
            shown = {"old": _shown(name, old, titles), "new": _shown(name, value, titles)}
            about = contact.about
            events.append(facts.ContactChanged(subject=about, about=about, field=name, label=label, **shown))
        if not held:
            continue
        contact.version += 1
        contact.active_at = now()
        contact.field_versions = {**contact.field_versions, **dict.fromkeys(held, contact.version)}
        new_keys, key = keys_of(contact), {"contact_id": contact.id, "workspace_id": contact.workspace_id}
        gone += [{"b_id": contact.id, "b_kind": kind, "b_value": value} for kind, value in old_keys - new_keys]
        added += [{**key, "kind": kind, "value": value} for kind, value in new_keys - old_keys]
        changed.append(contact)
    await tx.flush()
    await _write_keys(tx, gone, added)
    await reindex(tx, *changed)
    announce(tx, who, events)
    return before


def stored(contact: Contact, name: str) -> Any:
    if name.startswith(CUSTOM):
        return contact.custom.get(name[len(CUSTOM) :])
    return getattr(contact, f"{name}_id" if name in LINKED else name)


def _put(contact: Contact, name: str, value: Any) -> None:
    if name.startswith(CUSTOM):
        kept = {key: old for key, old in contact.custom.items() if key != name[len(CUSTOM) :]}
        contact.custom = kept if value is None else {**kept, name[len(CUSTOM) :]: value}
        return
    setattr(contact, f"{name}_id" if name in LINKED else name, value)
    if name == "name":
        contact.sort_name = fold(value)


def _shown(name: str, value: Any, titles: Titles) -> str:
    """A stored value as people read it."""
    if name in POINTS:
        text = ", ".join(point["value"] for point in value or [])
    elif name == "tags":
        text = ", ".join(value or [])
    elif name == "company":
        text = company_ref(value)
    elif name in LINKS:
        text = titles.get((name, value or 0), "")
    else:
        text = custom_text(value)
    return text[:SHOWN]


async def _titles(tx: Tx, changes: Sequence[tuple[Contact, Mapping[str, Any]]]) -> Titles:
    """Names of all owners and teams that the changes take or give."""
    titles: Titles = {}
    for name, model in LINKS.items():
        touched = [(contact, values) for contact, values in changes if name in values]
        ids = {stored(contact, name) for contact, _values in touched} | {values.get(name) for _c, values in touched}
        if ids := ids - {None}:
            rows = await tx.execute(select(model.id, model.name).where(model.id.in_(ids)))
            titles |= {(name, id): title for id, title in rows}
    return titles


async def _write_keys(tx: Tx, gone: list[dict[str, Any]], added: list[dict[str, Any]]) -> None:
    keys = table_of(ContactKey).c
    if gone:
        one = (keys.contact_id == bindparam("b_id")) & (keys.kind == bindparam("b_kind"))
        await (await tx.connection()).execute(
            delete(table_of(ContactKey)).where(one & (keys.value == bindparam("b_value"))), gone
        )
    await insert_many(tx, ContactKey, added)


def announce(tx: Tx, who: Principal, events: Sequence[Event]) -> None:
    """Facts that stand in timelines and change no screen."""
    at = now()  # one moment for all of them
    tell_quietly(tx, [fact_row(who, fact, quiet=True) | {"at": at} for fact in events])


@dataclass(frozen=True, slots=True)
class Trace:
    """What an import did to a record."""

    contact_id: int
    action: str  # created | updated
    before: dict[str, Any]
    version: int


async def take_back(tx: Tx, who: Principal, traces: Sequence[Trace]) -> set[int]:
    """Created records go to the trash, changed ones get their old values. Returns the records that were left,
    because somebody changed them since or, for a company, because people still belong to it."""
    records = await lock_records(tx, who, [trace.contact_id for trace in traces])
    trash: list[Contact] = []
    changes: list[tuple[Contact, dict[str, Any]]] = []
    left: set[int] = set()
    for trace in traces:
        contact = records.get(trace.contact_id)
        if contact is None:
            left |= {trace.contact_id} if trace.action == "updated" else set()  # a created one is in the trash already
        elif contact.version != trace.version:
            left.add(contact.id)
        elif trace.action == "created":
            trash.append(contact)
        else:
            changes.append((contact, trace.before))
    if changes:
        await change_records(tx, who, changes)
    await _trash(tx, who, [contact for contact in trash if contact.kind != "company"])
    companies = [contact for contact in trash if contact.kind == "company"]
    in_use = await _in_use(tx, [contact.id for contact in companies])
    await _trash(tx, who, [contact for contact in companies if contact.id not in in_use])
    return left | in_use


async def _in_use(tx: Tx, companies: Sequence[int]) -> set[int]:
    if not companies:
        return set()
    used = select(Contact.company_id).where(Contact.company_id.in_(companies), Contact.trashed_at.is_(None))
    return {id for id in await tx.scalars(used.distinct()) if id is not None}


async def _trash(tx: Tx, who: Principal, records: Sequence[Contact]) -> None:
    if not records:
        return
    for contact in records:
        contact.trashed_at = now()
        contact.version += 1
    await tx.flush()
    await unindex(tx, [contact.about for contact in records])
    announce(tx, who, [facts.ContactTrashed(subject=one.about, about=one.about) for one in records])
