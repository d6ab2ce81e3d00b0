"""Many records in few statements: parsed by the rules of one, written some hundred at a time with quiet facts."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import func, literal_column, select, table, text

from server.contacts import events as facts
from server.contacts.access import open_names, visible_contacts
from server.contacts.actions import NAME_LENGTH
from server.contacts.bulk_change import POINTS, announce, change_records, joined, lock_records, stored
from server.contacts.fields import (
    CUSTOM,
    key_set,
    parse_custom,
    parse_points,
    parse_tags,
    phone_key,
    words_of,
)
from server.contacts.models import Contact, ContactKey, CustomField
from server.kit.access import Principal
from server.kit.bulk import insert_many
from server.kit.clock import now
from server.kit.db import Tx
from server.kit.errors import Invalid
from server.kit.index import Doc, index_new
from server.kit.text import _, clean, fold, one_line

LENGTHS = {"name": NAME_LENGTH, "company": NAME_LENGTH, "title": NAME_LENGTH, "language": 35}
CUSTOM_LENGTH = 2000
KEY_KINDS = {"emails": "email", "phones": "phone"}


@dataclass(frozen=True, slots=True)
class Known:
    """What cells may name: custom fields by key, people and teams by folded name (people also by mail)."""

    fields: Mapping[str, CustomField]
    people: Mapping[str, int]
    teams: Mapping[str, int]


@dataclass(slots=True)
class NewRow:
    """A record to be. `values` come from parse_value; `company` is a name."""

    line: int
    values: dict[str, Any]
    id: int = 0
    keys: set[tuple[str, str]] = field(default_factory=set)
    words: str = ""
    flaws: list[tuple[str, str]] = field(default_factory=list)  # (field, why its cell was left out)

    def prepare(self) -> None:
        """What it will be found by; done where the row is read, so that writers need not wait for it."""
        values = self.values
        emails, phones, addresses, tags = (values.get(name, []) for name in (*POINTS, "tags"))
        custom = {name: value for name, value in values.items() if name.startswith(CUSTOM)}
        self.keys = key_set(emails, phones, tags)
        self.words = words_of(
            values.get("company", ""), values.get("title", ""), emails, phones, addresses, tags, custom
        )


@dataclass(frozen=True, slots=True)
class Saved:
    """What became of a record. `before` has what fields held, for undo; `row` is None for a company made on the way."""

    contact_id: int
    kind: str
    action: str  # created | updated | same
    before: dict[str, Any]
    version: int
    row: NewRow | None


@dataclass(slots=True)
class Outcome:
    saved: list[Saved] = field(default_factory=list)
    failed: list[tuple[NewRow, str, str]] = field(default_factory=list)  # row, field, reason


def parse_value(name: str, raw: Any, known: Known) -> Any:
    """One field's value as it is stored (company: its name). Raises Invalid; unlike a form, it cuts nothing off."""
    if name in LENGTHS:
        if len(text := " ".join(str(raw).split())) > LENGTHS[name]:
            raise Invalid(**{name: _("At most %(n)s characters") % {"n": LENGTHS[name]}})
        return clean(text, LENGTHS[name]) if name in ("title", "language") else one_line(text, LENGTHS[name])
    if name in POINTS:
        return parse_points(name, raw)
    if name == "tags":
        return parse_tags(raw)
    if name in ("owner", "team"):
        found = (known.people if name == "owner" else known.teams).get(fold(str(raw).strip()))
        if found is None:
            raise Invalid(**{name: _("“%(text)s” is not in this workspace") % {"text": str(raw)[:60]}})
        return found
    if name.startswith(CUSTOM) and (custom := known.fields.get(name[len(CUSTOM) :])) is not None:
        if isinstance(raw, str) and len(raw) > CUSTOM_LENGTH:
            raise Invalid(**{name: _("At most %(n)s characters") % {"n": CUSTOM_LENGTH}})
        return parse_custom(custom, raw)
    raise Invalid(**{name: _("No such field")})


def key_values(key: str, values: Mapping[str, Any]) -> list[str]:
    """What a row is found by."""
    if key == "name":
        return [fold(values["name"])] if values.get("name") else []
    if key == "emails":
        return [point["value"].lower() for point in values.get(key, [])]
    if key == "phones":
        return [phone_key(point["value"]) for point in values.get(key, [])]
    return [str(values[key])] if values.get(key) not in (None, "") else []


async def known_ids(tx: Tx, who: Principal, kind: str, key: str, wanted: Collection[str]) -> dict[str, list[int]]:
    """value → the visible records that have it, in one statement."""
    if not wanted:
        return {}
    visible = visible_contacts(who).where(Contact.kind == kind)
    if key in KEY_KINDS:
        found = (
            visible.join(ContactKey, ContactKey.contact_id == Contact.id)
            .where(ContactKey.workspace_id == who.workspace_id, ContactKey.kind == KEY_KINDS[key])
            .where(ContactKey.value.in_(wanted))
            .with_only_columns(ContactKey.value, Contact.id)
        )
    else:
        column = Contact.sort_name if key == "name" else Contact.custom[key[len(CUSTOM) :]].as_string()
        found = visible.where(column.in_(wanted)).with_only_columns(column, Contact.id)
    ids: dict[str, list[int]] = {}
    for value, contact_id in await tx.execute(found):
        ids.setdefault(value, []).append(contact_id)
    return ids


async def save_rows(tx: Tx, who: Principal, kind: str, key: str, rows: Sequence[NewRow]) -> Outcome:
    """Creates the rows, or updates the records their key names. A handful of statements at any number of rows."""
    outcome, fresh, changes = Outcome(), list[NewRow](), list[tuple[int, NewRow]]()
    wanted = {value for row in rows for value in key_values(key, row.values)} if key else set()
    known = await known_ids(tx, who, kind, key, wanted) if key else {}
    new_by_key: dict[str, NewRow] = {}
    for row in rows:
        values = key_values(key, row.values) if key else []
        ids = {id for value in values for id in known.get(value, ())}
        if len(ids) > 1:
            text = _("Several records match “%(text)s”") % {"text": values[0][:60]}
            outcome.failed.append((row, key, text))
        elif ids:
            changes.append((ids.pop(), row))
        elif twin := next((new_by_key[value] for value in values if value in new_by_key), None):
            merge_values(twin.values, row.values)
            twin.flaws += row.flaws
            twin.prepare()
            new_by_key |= dict.fromkeys(values, twin)
            outcome.saved.append(Saved(0, kind, "updated", {}, 1, row))
        else:
            fresh.append(row)
            new_by_key |= dict.fromkeys(values, row)
    companies = await _companies(tx, who, [row.values for row in rows])
    await _create(tx, who, kind, fresh, companies, outcome)
    await _update(tx, who, changes, companies, outcome)
    return outcome


def merge_values(into: dict[str, Any], values: Mapping[str, Any]) -> None:
    """A later row about the same record: lists join, the rest is replaced."""
    for name, value in values.items():
        into[name] = joined(name, into.get(name), value)


@dataclass(slots=True)
class _Companies:
    """folded name → (number, name); `new` are those that have to be made, `closed` those of chosen people."""

    ids: dict[str, tuple[int, str]]
    new: list[NewRow]
    closed: frozenset[str] = frozenset()


async def _companies(tx: Tx, who: Principal, values: Sequence[Mapping[str, Any]]) -> _Companies:
    names = {fold(name): name for one in values if (name := one.get("company"))}
    if not names:
        return _Companies({}, [])
    found = visible_contacts(who).where(Contact.kind == "company", Contact.sort_name.in_(names))
    rows = await tx.execute(
        found.with_only_columns(Contact.sort_name, Contact.id, Contact.name).order_by(Contact.id.desc())
    )
    ids = {sort_name: (id, name) for sort_name, id, name in rows}
    new = [NewRow(0, {"name": name}) for folded, name in names.items() if folded not in ids]
    shown = await open_names(tx, [id for id, _name in ids.values()])
    return _Companies(ids, new, frozenset(folded for folded, (id, _name) in ids.items() if id not in shown))


async def _create(
    tx: Tx, who: Principal, kind: str, rows: Sequence[NewRow], companies: _Companies, outcome: Outcome
) -> None:
    made = [*companies.new, *rows]
    if not made:
        return
    for row, id in zip(made, await take_ids(tx, len(made)), strict=True):
        row.id = id
    companies.ids |= {fold(row.values["name"]): (row.id, row.values["name"]) for row in companies.new}
    records, keys, docs, events, at = [], [], [], [], now()
    for n, row in enumerate(made):
        is_company = n < len(companies.new)
        record = _record(who, "company" if is_company else kind, row, companies, at)
        about = f"{record['kind']}:{row.id}"
        keys += [{"contact_id": row.id, "kind": k, "value": v, "workspace_id": who.workspace_id} for k, v in row.keys]
        words = row.words
        if (company := row.values.get("company", "")) and fold(company) in companies.closed:
            words = words.removeprefix(company)  # nobody finds a closed company by its people
        docs.append(Doc(who.workspace_id, about, about, record["name"], words))
        events.append(facts.ContactCreated(subject=about, about=about, title=record["name"]))
        records.append(record)
        outcome.saved.append(Saved(row.id, record["kind"], "created", {}, 1, None if is_company else row))
    await insert_many(tx, Contact, records)
    await insert_many(tx, ContactKey, keys)
    await index_new(tx, docs)
    announce(tx, who, events)


def _record(who: Principal, kind: str, row: NewRow, companies: _Companies, at: datetime) -> dict[str, Any]:
    """The row as columns."""
    values = row.values
    company = companies.ids.get(fold(values["company"])) if values.get("company") else None
    return {
        "id": row.id,
        "workspace_id": who.workspace_id,
        "kind": kind,
        "name": values["name"],
        "sort_name": fold(values["name"]),
        "title": values.get("title", ""),
        "company_id": company[0] if company else None,
        "emails": values.get("emails", []),
        "phones": values.get("phones", []),
        "addresses": values.get("addresses", []),
        "language": values.get("language", ""),
        "owner_id": values.get("owner"),
        "team_id": values.get("team"),
        "tags": values.get("tags", []),
        "custom": {name[len(CUSTOM) :]: value for name, value in values.items() if name.startswith(CUSTOM)},
        "version": 1,
        "field_versions": {},
        "created_at": at,
        "active_at": at,
        "trashed_at": None,
    }


async def take_ids(tx: Tx, count: int) -> list[int]:
    """A block of record numbers that nobody else gets and that were never given."""
    if tx.get_bind().dialect.name == "sqlite":  # the write lock is held
        last = await tx.scalar(
            select(func.max(literal_column("seq")))
            .select_from(table("sqlite_sequence"))
            .where(text("name = 'contact'"))
        )
        return list(range((last or 0) + 1, (last or 0) + 1 + count))
    numbers = text("SELECT nextval(pg_get_serial_sequence('contact', 'id')) FROM generate_series(1, :count)")
    return sorted((await tx.scalars(numbers, {"count": count})).all())


async def _update(
    tx: Tx, who: Principal, changes: Sequence[tuple[int, NewRow]], companies: _Companies, outcome: Outcome
) -> None:
    """Rows about one record one after another, so that the last one holds."""
    if not changes:
        return
    locked = await lock_records(tx, who, {id for id, _row in changes})
    wanted: dict[int, dict[str, Any]] = {}
    for id, row in changes:
        if (contact := locked.get(id)) is None:
            outcome.failed.append((row, "name", _("The record went away meanwhile")))
            continue
        values = dict(row.values)
        if name := values.pop("company", None):
            values["company"] = companies.ids[fold(name)][0]
        for name, value in values.items():
            known = wanted.setdefault(id, {}).get(name, stored(contact, name))
            wanted[id][name] = joined(name, known, value)
    before = await change_records(tx, who, [(locked[id], values) for id, values in wanted.items()])
    for id, row in changes:
        if (contact := locked.get(id)) is not None:
            action = "updated" if before[id] else "same"
            outcome.saved.append(Saved(id, contact.kind, action, before[id], contact.version, row))
