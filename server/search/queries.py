"""One question to everything that can be found, in one statement, with the same rights as everywhere."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, select, union
from sqlalchemy.orm import load_only

from server.contacts.access import KINDS, OPEN_COMPANY, people_of_closed, trashed_abouts, visible_contacts
from server.contacts.models import Contact
from server.contacts.queries import names_of
from server.kit.access import Principal
from server.kit.db import Tx
from server.kit.index import TRIGRAM, SearchRow, newest_matches
from server.kit.text import fold

CANDIDATES = 300  # found before they are put in order; names that begin with the words are always among them
BEGINNINGS = 30
PER_PAGE = 30
LAST_PAGE = 10
RECENT = 6
GROUPS = {"records": ("contact", "company"), "tasks": ("task",), "texts": ("note", "message", "file", "case")}
ROOM_FOR = {"records": 6, "tasks": 4, "texts": 4}


@dataclass(frozen=True, slots=True)
class Hit:
    """Something found: what it is called, where it is, the record it belongs to, and what it says."""

    doc: str
    kind: str
    title: str
    url: str
    record: Contact | None
    said: str = ""

    @property
    def is_record(self) -> bool:
        return self.kind in KINDS

    @property
    def is_text(self) -> bool:
        """It has no name but its first words."""
        return self.kind in ("note", "message")


def found(tx: Tx, who: Principal, query: str, kinds: Sequence[str] = (), most: int = CANDIDATES) -> Select[SearchRow]:
    """Rows that match: names that begin with the words first, then names with the words in them, then the rest, each
    by title; the index does not name closed companies, so their people are a part of their own. Restricted, trashed
    and closed things are not among them."""
    words = fold(query).strip()
    beginning = (
        visible_contacts(who)
        .with_only_columns(Contact.id)
        .where(Contact.kind.in_(KINDS), _begins_with(tx, words))
        .order_by(Contact.sort_name)
        .limit(BEGINNINGS)
        .subquery()
    )
    theirs = (
        visible_contacts(who)
        .with_only_columns(Contact.id)
        .where(Contact.id.in_(people_of_closed(who, words)))
        .order_by(Contact.sort_name)
        .limit(BEGINNINGS)
        .subquery()
    )
    parts: list[Select[Any]] = [_records(who, beginning.c.id), _records(who, theirs.c.id)]
    if any(len(word) >= TRIGRAM for word in words.split()):
        newest = newest_matches(tx, who, query, kinds, trashed_abouts(who), most).subquery()
        parts.append(select(newest.c.id))
    ids = union(*parts).subquery()
    rows = select(SearchRow).where(SearchRow.id.in_(select(ids.c.id)))
    if kinds:
        rows = rows.where(SearchRow.kind.in_(kinds))
    shown = load_only(
        SearchRow.doc, SearchRow.kind, SearchRow.record_id, SearchRow.about, SearchRow.title, SearchRow.said
    )
    return rows.options(shown).order_by(_rank(tx, words), SearchRow.title, SearchRow.id)


def _records(who: Principal, ids: Any) -> Select[Any]:
    return select(SearchRow.id).where(
        SearchRow.workspace_id == who.workspace_id, SearchRow.kind.in_(KINDS), SearchRow.record_id.in_(select(ids))
    )


def _rank(tx: Tx, words: str) -> ColumnElement[int]:
    """The folded title stands at the beginning of the text, what else it is found by behind it."""
    place = func.instr if tx.get_bind().dialect.name == "sqlite" else func.strpos
    at = place(SearchRow.text, (words.split() or [""])[0])
    start = SearchRow.text.startswith(words, autoescape=True)
    return case((start, 0), (and_(at > 0, at <= func.length(SearchRow.title)), 1), else_=2)


def _begins_with(tx: Tx, words: str) -> ColumnElement[bool]:
    """SQLite compares bytes, so a range uses the index; PostgreSQL sorts by language, where a range would lie."""
    if tx.get_bind().dialect.name == "sqlite":
        return and_(Contact.sort_name >= words, Contact.sort_name < words + "\uffff")
    return Contact.sort_name.startswith(words, autoescape=True)


async def palette(tx: Tx, who: Principal, query: str) -> dict[str, list[Hit]]:
    """The best few of each group, as somebody types: two statements."""
    if not fold(query).strip():
        return {"records": await _recent(tx, who)}
    rows = list(await tx.scalars(found(tx, who, query).limit(60)))
    picked = {name: [row for row in rows if row.kind in kinds][: ROOM_FOR[name]] for name, kinds in GROUPS.items()}
    hits = await _hits(tx, who, [row for group in picked.values() for row in group])
    return {name: [hits[row.doc] for row in group if row.doc in hits] for name, group in picked.items()}


async def results(tx: Tx, who: Principal, query: str, group: str, page: int) -> tuple[list[Hit], bool]:
    """A page of results, and whether there is another."""
    if not fold(query).strip():
        return [], False
    kinds = GROUPS.get(group, ())
    wanted = found(tx, who, query, kinds, PER_PAGE * LAST_PAGE + 1)
    rows = list(await tx.scalars(wanted.offset((page - 1) * PER_PAGE).limit(PER_PAGE + 1)))
    hits = await _hits(tx, who, rows[:PER_PAGE])
    return [hits[row.doc] for row in rows[:PER_PAGE] if row.doc in hits], len(rows) > PER_PAGE and page < LAST_PAGE


async def _recent(tx: Tx, who: Principal) -> list[Hit]:
    """Where something happened last; each kind by its own index."""
    newest = [
        visible_contacts(who)
        .with_only_columns(Contact.id)
        .where(Contact.kind == kind)
        .order_by(Contact.active_at.desc(), Contact.id.desc())
        .limit(RECENT)
        .subquery()
        for kind in KINDS
    ]
    ids = union(*(select(part.c.id) for part in newest)).subquery()
    records = select(Contact).where(Contact.id.in_(select(ids.c.id))).options(OPEN_COMPANY)
    rows = await tx.scalars(records.order_by(Contact.active_at.desc(), Contact.id.desc()).limit(RECENT))
    return [Hit(record.about, record.kind, record.name, record.url, record) for record in rows]


async def _hits(tx: Tx, who: Principal, rows: Sequence[SearchRow]) -> dict[str, Hit]:
    """With their records; what belongs to a record that is not to be seen is left out."""
    records = await names_of(tx, who, {row.about for row in rows})
    hits = {}
    for row in rows:
        record = records.get(row.about or "")
        if record is None and (row.about or "").partition(":")[0] in KINDS:
            continue
        hits[row.doc] = Hit(row.doc, row.kind, row.title, _url(row, record), record, row.said)
    return hits


def _url(row: SearchRow, record: Contact | None) -> str:
    if row.kind in ("task", "message", "case"):
        return f"/{row.kind}s/{row.record_id}"
    if record is None:
        return "/search"
    return record.url if row.kind in KINDS else f"{record.url}#{row.kind}-{row.record_id}"
