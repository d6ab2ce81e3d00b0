"""Reads of the stream: one page of facts about a record, and what each kind of line needs, in one statement a kind."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, Select, and_, bindparam, or_, select
from sqlalchemy.orm import joinedload

from server.identity.models import User, Workspace
from server.identity.queries import people_by_id
from server.kit.access import Principal, prepared
from server.kit.db import Tx
from server.kit.events import EventRow
from server.kit.live import LINES
from server.kit.once import once
from server.timeline.access import visible_files, visible_notes
from server.timeline.forms import SHOWS
from server.timeline.models import Draft, File, Note, NoteVersion, ReadMark

PAGE = 40
FILES = 100
PINS = 20
FACTS = 100  # of one subject that are told again when it is renamed


@dataclass(frozen=True, slots=True)
class Line:
    """A fact as it reads: its actor (None: the house), the module of macros and what the macro takes."""

    row: EventRow
    actor: User | None
    template: str
    context: dict[str, Any]

    @property
    def macro(self) -> str:
        return self.row.name.replace(".", "_")

    @property
    def kind(self) -> str:
        return next((show for show, starts in SHOWS.items() if self.row.name.startswith(starts)), "other")


@dataclass(frozen=True, slots=True)
class Stream:
    """`before`: the cursor of the next older page; None when there is none."""

    about: str
    show: str
    lines: list[Line]
    before: int | None


def _names(show: str) -> list[str]:
    return [name for name in sorted(LINES) if not show or name.startswith(SHOWS[show])]


@prepared
def _page_of(who: Principal, *, older: bool) -> Select[EventRow, User]:
    """The facts of one page and one more, with their actors; the newest page has those without a number too."""
    inside = and_(
        EventRow.workspace_id == who.workspace_id,
        EventRow.about == bindparam("about"),
        EventRow.name.in_(bindparam("names", expanding=True)),
    )
    placed = select(EventRow.id).where(inside, EventRow.position.is_not(None))
    if older:
        placed = placed.where(EventRow.position < bindparam("before"))
    wanted: ColumnElement[bool] = EventRow.id.in_(placed.order_by(EventRow.position.desc()).limit(PAGE + 1))
    if not older:
        wanted = or_(wanted, and_(inside, EventRow.position.is_(None)))
    return select(EventRow, User).outerjoin(User, User.id == EventRow.actor_id).where(wanted)


async def load_stream(tx: Tx, who: Principal, about: str, show: str = "", before: int | None = None) -> Stream:
    """The newest facts, oldest first; those that the relay has not numbered yet come last. The caller has made sure
    that the reader may see the record."""
    values = {"about": about, "names": _names(show), "before": before, **who.params}
    rows = (await tx.execute(_page_of(who, older=before is not None), values)).all()
    found = [row for row, _actor in rows]
    actors = {actor.id: actor for _row, actor in rows if actor is not None}
    found.sort(key=lambda row: (row.position is None, row.position or row.id))
    placed = [row for row in found if row.position is not None]
    older = placed[1].position if len(placed) > PAGE else None
    if older is not None:
        found.remove(placed[0])
    return Stream(about, show, await draw(tx, who, found, actors), older)


@once
async def draw(tx: Tx, who: Principal, rows: list[EventRow], actors: dict[int, User] | None = None) -> list[Line]:
    """Lines for facts that have one; one call of each loader, one statement for all people unless they are known."""
    by_loader: dict[Any, list[EventRow]] = {}
    for row in rows:
        if row.name in LINES:
            by_loader.setdefault(LINES[row.name][0], []).append(row)
    contexts: dict[int, dict[str, Any]] = {}
    for load, mine in by_loader.items():
        contexts |= await load(tx, who, mine)
    people = actors
    if people is None:
        people = await people_by_id(tx, {row.actor_id for row in rows if row.id in contexts})
    return [
        Line(row, people.get(row.actor_id or 0), LINES[row.name][1], contexts[row.id])
        for row in rows
        if row.id in contexts
    ]


@dataclass(frozen=True, slots=True)
class Around:
    """What stands around the stream: pinned notes, the reader's draft and how far they have read."""

    pins: list[Note]
    draft: str
    read_at: datetime | None


async def load_around(tx: Tx, who: Principal, about: str) -> Around:
    found = (await tx.execute(_around(who), {"about": about, **who.params})).all()
    return Around([row[2] for row in found if row[2] is not None], found[0][0] or "", found[0][1])


@prepared
def _around(who: Principal) -> Select[Any, Any, Any]:
    """One statement: the workspace's row carries the draft and the mark also when nothing is pinned."""
    about: BindParameter[str] = bindparam("about")
    own = and_(Draft.user_id == who.user_id, Draft.about == about, Draft.kind == "note")
    read = and_(ReadMark.user_id == who.user_id, ReadMark.about == about)
    pinned = visible_notes(who).where(Note.about == about, Note.pinned_at.is_not(None))
    ids = pinned.with_only_columns(Note.id).order_by(Note.pinned_at.desc(), Note.id.desc()).limit(PINS).subquery()
    return (
        select(Draft.body, ReadMark.at, Note)
        .select_from(Workspace)
        .outerjoin(Draft, own)
        .outerjoin(ReadMark, read)
        .outerjoin(ids, ids.c.id.is_not(None))
        .outerjoin(Note, Note.id == ids.c.id)
        .where(Workspace.id == who.workspace_id)
        .order_by(Note.pinned_at, Note.id)
        .options(joinedload(Note.author))
    )


async def list_pins(tx: Tx, who: Principal, about: str) -> list[Note]:
    pinned = visible_notes(who).where(Note.about == about, Note.pinned_at.is_not(None)).options(joinedload(Note.author))
    newest = list(await tx.scalars(pinned.order_by(Note.pinned_at.desc(), Note.id.desc()).limit(PINS)))
    return newest[::-1]


async def notes_by_id(tx: Tx, who: Principal, ids: Collection[int]) -> dict[int, Note]:
    found = visible_notes(who).where(Note.id.in_(ids)).options(joinedload(Note.author))
    return {note.id: note for note in await tx.scalars(found)}


@prepared
def _files_of(who: Principal) -> Select[File]:
    return visible_files(who).where(File.about == bindparam("about")).order_by(File.id.desc()).limit(FILES)


async def list_files(tx: Tx, who: Principal, about: str) -> list[File]:
    """The newest files of a record; read once a transaction, for the stream's lines and for the panel."""
    key = f"files of {about} for {who.user_id}"
    if not tx.info.get("read") or key not in tx.info:
        tx.info[key] = list(await tx.scalars(_files_of(who), {"about": about, **who.params}))
    known: list[File] = tx.info[key]
    return known


async def files_by_id(tx: Tx, who: Principal, about: str, ids: set[int]) -> dict[int, File]:
    found = {file.id: file for file in await list_files(tx, who, about)}
    if missing := ids - set(found):
        found |= {file.id: file for file in await tx.scalars(visible_files(who).where(File.id.in_(missing)))}
    return found


async def history_of(tx: Tx, note: Note) -> list[NoteVersion]:
    """Every text of an edited note, the newest first."""
    rows = select(NoteVersion).where(NoteVersion.note_id == note.id).options(joinedload(NoteVersion.editor))
    return list(await tx.scalars(rows.order_by(NoteVersion.version.desc()).limit(100)))


async def line_id(tx: Tx, workspace_id: int, subject: str, name: str) -> int | None:
    """Which fact's line shows this note or file."""
    first = select(EventRow.id).where(EventRow.subject == subject, EventRow.name == name)
    return await tx.scalar(first.where(EventRow.workspace_id == workspace_id).order_by(EventRow.id).limit(1))


async def facts_of(tx: Tx, workspace_id: int, about: str, subject: str) -> list[EventRow]:
    """The newest facts of one subject in a record's stream."""
    rows = select(EventRow).where(EventRow.subject == subject, EventRow.about == about, EventRow.name.in_(_names("")))
    return list(
        await tx.scalars(rows.where(EventRow.workspace_id == workspace_id).order_by(EventRow.id.desc()).limit(FACTS))
    )


async def notes_before(tx: Tx, who: Principal, about: str, before: int, limit: int) -> list[Note]:
    """For clients: the newest first, before this one (0: from the newest); one more than `limit` when there are
    older ones."""
    found = visible_notes(who).where(Note.about == about)
    found = found.where(Note.id < before) if before else found
    return list(await tx.scalars(found.order_by(Note.id.desc()).limit(limit + 1)))


async def files_before(tx: Tx, who: Principal, about: str, before: int, limit: int) -> list[File]:
    found = visible_files(who).where(File.about == about)
    found = found.where(File.id < before) if before else found
    return list(await tx.scalars(found.order_by(File.id.desc()).limit(limit + 1)))
