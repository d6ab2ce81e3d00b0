"""The verbs on notes and files. Each changes rows and announces facts; none commits, none knows HTTP."""

from collections.abc import Sequence

from sqlalchemy import delete, func, select

from server.contacts.access import get_record
from server.identity.models import User
from server.identity.queries import list_people, list_teams
from server.kit.access import Principal
from server.kit.clock import now
from server.kit.db import Tx
from server.kit.errors import Conflict, Invalid
from server.kit.events import emit
from server.kit.files import safe_name
from server.kit.index import TEXT_LIMIT, Doc, index_docs, unindex
from server.kit.markdown import mentioned, plain
from server.kit.text import _, clean
from server.timeline import events as facts
from server.timeline.forms import BODY_LENGTH, NewFile, NoteDraft, parse_body, with_mentions, with_own_names
from server.timeline.models import Draft, File, Note, NoteVersion

EXCERPT = 140


async def create_note(tx: Tx, who: Principal, draft: NoteDraft) -> Note:
    """The author's draft of a note is gone with it."""
    record = await get_record(tx, who, draft.about)
    body = await _mention(tx, who, parse_body(draft.body), draft.mentions)
    author = await tx.get(User, who.user_id) if who.user_id is not None else None
    note = Note(
        workspace_id=who.workspace_id, about=record.about, author=author, body=body, version=1, created_at=now()
    )
    tx.add(note)
    await tx.flush()
    await index_docs(tx, [doc_of(note)])
    if who.user_id is not None:
        await tx.execute(
            delete(Draft).where(Draft.user_id == who.user_id, Draft.about == note.about, Draft.kind == "note")
        )
    fact = facts.NoteCreated(
        subject=note.subject, about=note.about, mentions=mentioned(body), excerpt=plain(body, EXCERPT)
    )
    emit(tx, who, fact)
    return note


def doc_of(note: Note) -> Doc:
    return Doc(
        note.workspace_id, note.subject, note.about, plain(note.body, 80), plain(note.body, TEXT_LIMIT), is_read=True
    )


async def _mention(tx: Tx, who: Principal, body: str, chosen: Sequence[str]) -> str:
    """Names after an @ become mentions; what only looks like one becomes plain text."""
    if "@" not in body:
        return body
    known = [(user.name, f"user:{user.id}") for user in await list_people(tx, who)]
    known += [(team.name, f"team:{team.id}") for team in await list_teams(tx, who)]
    picked = {name: addressee for name, addressee in known if addressee in chosen}
    marked = with_mentions(with_own_names(body, {addressee: name for name, addressee in known}), picked, known)
    if len(marked) > 2 * BODY_LENGTH:
        raise Invalid(text=_("At most %(n)s characters") % {"n": BODY_LENGTH})
    return marked


async def edit_note(
    tx: Tx, who: Principal, note: Note, body: str, mentions: Sequence[str] = (), seen: int | None = None
) -> Note:
    """Its history keeps every text it had. `seen` is the version it was edited on; an older one is a Conflict."""
    new = await _mention(tx, who, parse_body(body), mentions)
    if new == note.body:
        return note
    if seen is not None and await _version_of_words(tx, note) > seen:
        theirs: dict[str, object] = {"value": note.body, "at": note.edited_at and note.edited_at.isoformat()}
        raise Conflict(_("Somebody changed this note while you were editing"), theirs, text=plain(note.body, 500))
    if note.edited_at is None:
        first = NoteVersion(note_id=note.id, version=1, body=note.body, editor_id=note.author_id, at=note.created_at)
        tx.add(first)
    fresh = [one for one in mentioned(new) if one not in mentioned(note.body)]
    note.body, note.edited_at, note.version = new, now(), note.version + 1
    tx.add(NoteVersion(note_id=note.id, version=note.version, body=new, editor_id=who.user_id, at=note.edited_at))
    await index_docs(tx, [doc_of(note)])
    emit(tx, who, facts.NoteEdited(subject=note.subject, about=note.about, mentions=fresh, excerpt=plain(new, EXCERPT)))
    return note


async def _version_of_words(tx: Tx, note: Note) -> int:
    """A pin makes a version of the note, not of its words: who writes meanwhile writes over nobody's."""
    newest = select(func.max(NoteVersion.version)).where(NoteVersion.note_id == note.id)
    return await tx.scalar(newest) or 1


async def pin_note(tx: Tx, who: Principal, note: Note) -> Note:
    if note.pinned_at is None:
        note.pinned_at, note.version = now(), note.version + 1
        emit(tx, who, facts.NotePinned(subject=note.subject, about=note.about))
    return note


async def unpin_note(tx: Tx, who: Principal, note: Note) -> Note:
    if note.pinned_at is not None:
        note.pinned_at, note.version = None, note.version + 1
        emit(tx, who, facts.NoteUnpinned(subject=note.subject, about=note.about))
    return note


async def remove_note(tx: Tx, who: Principal, note: Note) -> None:
    note.removed_at, note.version = now(), note.version + 1
    await unindex(tx, [note.subject])
    emit(tx, who, facts.NoteRemoved(subject=note.subject, about=note.about))


async def restore_note(tx: Tx, who: Principal, note: Note) -> Note:
    note.removed_at, note.version = None, note.version + 1
    await index_docs(tx, [doc_of(note)])
    emit(tx, who, facts.NoteRestored(subject=note.subject, about=note.about))
    return note


async def add_file(tx: Tx, who: Principal, about: str, new: NewFile) -> File:
    record = await get_record(tx, who, about)
    file = File(
        workspace_id=who.workspace_id,
        about=record.about,
        name=safe_name(new.name),
        type=new.type,
        size=new.size,
        key=new.key,
        creator_id=who.user_id,
        created_at=now(),
    )
    tx.add(file)
    await tx.flush()
    emit(tx, who, facts.FileAdded(subject=file.subject, about=file.about, name=file.name, size=file.size))
    return file


async def remove_file(tx: Tx, who: Principal, file: File) -> None:
    """The bytes stay, so that it can be undone, until the record is erased."""
    file.removed_at = now()
    emit(tx, who, facts.FileRemoved(subject=file.subject, about=file.about, name=file.name))


async def restore_file(tx: Tx, who: Principal, file: File) -> File:
    file.removed_at = None
    emit(tx, who, facts.FileRestored(subject=file.subject, about=file.about, name=file.name))
    return file


async def save_draft(tx: Tx, who: Principal, about: str, text: str) -> None:
    """Nobody else sees it, so nothing is announced. An empty text removes it."""
    assert who.user_id is not None
    key = {"user_id": who.user_id, "about": about, "kind": "note"}
    known = await tx.get(Draft, key)
    body = clean(text, BODY_LENGTH)
    if not body:
        if known is not None:
            await tx.delete(known)
    elif known is None:
        tx.add(Draft(**key, body=body, updated_at=now()))
    else:
        known.body, known.updated_at = body, now()
