"""The only door to notes and files: those of records that the reader may see and that are not in the trash."""

from typing import Literal

from sqlalchemy import ColumnElement, Select, String, cast, select
from sqlalchemy.orm import InstrumentedAttribute, joinedload

from server.contacts.access import get_record
from server.contacts.models import Contact
from server.kit.access import Principal, allowed
from server.kit.db import Tx
from server.kit.errors import Forbidden, NotFound
from server.kit.text import _
from server.timeline.models import File, Note

Verb = Literal["see", "edit", "pin"]


def _not_trashed(who: Principal, about: InstrumentedAttribute[str]) -> ColumnElement[bool]:
    trashed = select(Contact.kind + ":" + cast(Contact.id, String)).where(
        Contact.workspace_id == who.workspace_id, Contact.trashed_at.is_not(None)
    )
    return about.not_in(trashed)


def visible_notes(who: Principal, *, removed: bool = False) -> Select[Note]:
    state = Note.removed_at.is_not(None) if removed else Note.removed_at.is_(None)
    inside = select(Note).where(Note.workspace_id == who.workspace_id, state)
    return inside.where(allowed(who, Note.about), _not_trashed(who, Note.about))


def visible_files(who: Principal, *, removed: bool = False) -> Select[File]:
    state = File.removed_at.is_not(None) if removed else File.removed_at.is_(None)
    inside = select(File).where(File.workspace_id == who.workspace_id, state)
    return inside.where(allowed(who, File.about), _not_trashed(who, File.about))


def may(who: Principal, verb: Verb, thing: Note | File) -> bool:
    """Everybody pins; words and files are their author's to change, and the managers'."""
    owner = thing.author_id if isinstance(thing, Note) else thing.creator_id
    match verb:
        case "see":
            return True
        case "pin":
            return who.may_write
        case "edit":
            return who.may_write and (who.is_at_least("manager") or owner == who.user_id)


async def get_note(tx: Tx, who: Principal, note_id: int, to: Verb = "see", *, removed: bool = False) -> Note:
    """With its author. To change it, the row is locked until the transaction ends."""
    statement = visible_notes(who, removed=removed).where(Note.id == note_id).options(joinedload(Note.author))
    if to != "see" and not tx.info.get("read"):
        statement = statement.with_for_update(of=Note)
    note = await tx.scalar(statement)
    if note is None:
        raise NotFound(_("No such note"))
    await get_record(tx, who, note.about)
    if not may(who, to, note):
        raise Forbidden(_("Only its author and managers change a note"))
    return note


async def get_file(tx: Tx, who: Principal, file_id: int, to: Verb = "see", *, removed: bool = False) -> File:
    file = await tx.scalar(visible_files(who, removed=removed).where(File.id == file_id))
    if file is None:
        raise NotFound(_("No such file"))
    await get_record(tx, who, file.about)
    if not may(who, to, file):
        raise Forbidden(_("Only who added a file and managers remove it"))
    return file
