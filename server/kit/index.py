"""The search port: SQLite's FTS5 trigrams or PostgreSQL's pg_trgm behind the same four functions.

Text is stored folded (no accents, lower case), so "lucia" finds Lucía and "erre" finds Ferrer.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Index,
    Select,
    Text,
    and_,
    column,
    delete,
    func,
    insert,
    literal_column,
    or_,
    select,
    table,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from server.kit.about import parse_about
from server.kit.access import Principal, allowed
from server.kit.bulk import insert_many
from server.kit.db import Base, Database, Tx
from server.kit.text import fold

TRIGRAM = 3
WORDS = 6
TEXT_LIMIT = 4000
MERGED = 200  # pages of the index in one step
NOTHING_LEFT = (
    2  # changes of a step that found nothing to merge are fewer: https://sqlite.org/fts5.html, the merge command
)


class SearchRow(Base):
    __tablename__ = "search_doc"

    id: Mapped[int] = mapped_column(primary_key=True)
    workspace_id: Mapped[int]
    doc: Mapped[str] = mapped_column(unique=True)  # what is found: "contact:7", "task:3"
    kind: Mapped[str]
    record_id: Mapped[int]
    about: Mapped[str | None]  # the record whose rights apply
    title: Mapped[str]
    text: Mapped[str] = mapped_column(Text)  # folded
    said: Mapped[str] = mapped_column(Text)  # as it was written, where it is read as a text; of a record nothing

    __table_args__ = (Index("ix_search_doc_kind", "workspace_id", "kind", "record_id"),)


@dataclass(frozen=True, slots=True)
class Doc:
    """Something to be found. `about`: the record whose rights apply, None for everybody in the workspace. `is_read`:
    it is a text of which the place that was found is shown."""

    workspace_id: int
    doc: str
    about: str | None
    title: str
    words: str = ""
    is_read: bool = False

    def row(self) -> dict[str, Any]:
        kind, record_id = parse_about(self.doc)
        return {
            "workspace_id": self.workspace_id,
            "doc": self.doc,
            "kind": kind,
            "record_id": record_id,
            "about": self.about,
            "title": self.title[:200],
            "text": fold(f"{self.title} {self.words}")[:TEXT_LIMIT],
            "said": self.words[:TEXT_LIMIT] if self.is_read else "",
        }


async def index_docs(tx: Tx, docs: Iterable[Doc]) -> None:
    """Makes these findable, in place of what was known under the same names."""
    rows = [doc.row() for doc in docs]
    if rows:
        await tx.execute(delete(SearchRow).where(SearchRow.doc.in_([row["doc"] for row in rows])))
        await tx.execute(insert(SearchRow), rows)


async def index_new(tx: Tx, docs: Iterable[Doc]) -> None:
    """The same for records that are new, in bulk."""
    await insert_many(tx, SearchRow, [doc.row() for doc in docs])


async def unindex(tx: Tx, names: Iterable[str]) -> None:
    await tx.execute(delete(SearchRow).where(SearchRow.doc.in_(list(names))))


def matches(tx: Tx, query: str) -> ColumnElement[bool]:
    """The condition on SearchRow that every word of `query` occurs, in any place."""
    words = fold(query).split()[:WORDS]
    is_sqlite = tx.get_bind().dialect.name == "sqlite"
    long = [word for word in words if len(word) >= TRIGRAM]
    conditions: list[ColumnElement[bool]] = []
    if is_sqlite and long:
        phrase = _phrase(long)
        found: Select[Any] = (
            select(column("rowid"))
            .select_from(table("search_fts"))
            .where(text("search_fts MATCH :phrase").bindparams(phrase=phrase))
        )
        conditions.append(SearchRow.id.in_(found.scalar_subquery()))
        words = [word for word in words if len(word) < TRIGRAM]
    conditions += [SearchRow.text.contains(word, autoescape=True) for word in words]
    return and_(*conditions) if conditions else SearchRow.id.is_not(None)


def newest_matches(
    tx: Tx, who: Principal, query: str, kinds: Sequence[str], hidden: Select[Any], limit: int
) -> Select[Any]:
    """Numbers of the newest rows that match and that this person may see; rows about something `hidden` names are
    left out. On SQLite the full-text table leads: a word that stands everywhere costs no more than a rare one."""
    row: dict[str, ColumnElement[Any]] = {
        name: literal_column(f"search_doc.{name}") for name in ("id", "workspace_id", "kind", "about", "text")
    }
    words = fold(query).split()[:WORDS]
    rights = [row["workspace_id"] == who.workspace_id, allowed(who, row["about"])]
    rights.append(or_(row["about"].is_(None), row["about"].not_in(hidden)))
    rights += [row["kind"].in_(kinds)] if kinds else []
    found = select(row["id"].label("id")).where(*rights).order_by(row["id"].desc()).limit(limit)
    long = [word for word in words if len(word) >= TRIGRAM]
    if tx.get_bind().dialect.name == "sqlite" and long:
        found = found.select_from(text("search_fts CROSS JOIN search_doc ON search_doc.id = search_fts.rowid"))
        found = found.where(text("search_fts MATCH :phrase").bindparams(phrase=_phrase(long)))
        found = found.order_by(None).order_by(text("search_fts.rowid DESC"))
        words = [word for word in words if len(word) < TRIGRAM]
    else:
        found = found.select_from(text("search_doc"))
    return found.where(*(row["text"].contains(word, autoescape=True) for word in words))


def _phrase(words: Sequence[str]) -> str:
    return " ".join('"' + word.replace('"', '""') + '"' for word in words)


async def merge_index(database: Database) -> None:
    """After much new text SQLite's index is in many parts, and every sixteenth small write would merge a piece of them
    for a sixth of a second. Done here at once, in steps between which others write."""
    pages = -MERGED  # below nothing: all parts become one
    while database.is_sqlite:
        async with database.transaction() as tx:
            before = await tx.scalar(select(func.total_changes()))
            await tx.execute(text("INSERT INTO search_fts (search_fts, rank) VALUES ('merge', :n)"), {"n": pages})
            after = await tx.scalar(select(func.total_changes()))
            if (after or 0) - (before or 0) < NOTHING_LEFT:
                return
        pages = MERGED


def matching_ids(tx: Tx, who: Principal, kinds: list[str], query: str) -> Select[Any]:
    """Record numbers of these kinds that match; a subquery for lists."""
    return select(SearchRow.record_id).where(
        SearchRow.workspace_id == who.workspace_id, SearchRow.kind.in_(kinds), matches(tx, query)
    )
