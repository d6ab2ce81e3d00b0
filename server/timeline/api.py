"""The API of notes and files."""

from datetime import datetime

from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from server.contacts.access import get_record
from server.kit.access import Principal
from server.kit.api import PREFIX, ApiRoute, Body, Listing, Page, Shape, api, fields_named, page_of
from server.kit.db import Tx
from server.kit.errors import Invalid
from server.kit.files import Files
from server.kit.text import _
from server.timeline import actions
from server.timeline.access import get_file, get_note
from server.timeline.forms import BODY_LENGTH, NoteDraft
from server.timeline.models import File, Note
from server.timeline.queries import files_before, notes_before
from server.timeline.uploads import with_files


class NewNote(Body):
    body: str = Field(min_length=1, max_length=BODY_LENGTH, description="Markdown; @[Ana](user:1) calls somebody")


class NoteChanges(Body):
    """Members left out stay as they are. With `version` a note that somebody changed since then is answered with
    409 and both texts."""

    body: str = Field("", min_length=1, max_length=BODY_LENGTH)
    pinned: bool = False
    version: int | None = Field(None, ge=0, lt=10**12)


class NoteShape(Shape):
    id: int
    about: str
    author: int | None
    body: str
    pinned: bool
    version: int
    created_at: datetime
    edited_at: datetime | None
    url: str
    home = "notes"


def note_shape(note: Note) -> NoteShape:
    return NoteShape(
        id=note.id,
        about=note.about,
        author=note.author_id,
        body=note.body,
        pinned=note.pinned_at is not None,
        version=note.version,
        created_at=note.created_at,
        edited_at=note.edited_at,
        url=note.url,
    )


def _about(request: Request) -> str:
    kind = "company" if request.url.path.startswith(f"{PREFIX}/companies") else "contact"
    return f"{kind}:{request.path_params['id']}"


async def notes(request: Request, tx: Tx, who: Principal) -> Page[NoteShape]:
    record = await get_record(tx, who, _about(request))
    asked: Listing = request.state.query
    rows = await notes_before(tx, who, record.about, asked.after, asked.limit)
    return page_of(rows, asked.limit, note_shape, lambda note: note.id)


async def create_note(request: Request, tx: Tx, who: Principal) -> NoteShape:
    body: NewNote = request.state.body
    with fields_named(text="body"):
        return note_shape(await actions.create_note(tx, who, NoteDraft(_about(request), body.body)))


async def show(request: Request, tx: Tx, who: Principal) -> NoteShape:
    return note_shape(await get_note(tx, who, request.path_params["id"]))


async def change(request: Request, tx: Tx, who: Principal) -> NoteShape:
    """Its words are its author's and the managers'; everybody pins."""
    body: NoteChanges = request.state.body
    note = await get_note(tx, who, request.path_params["id"], "edit" if "body" in body.model_fields_set else "pin")
    if "body" in body.model_fields_set:
        with fields_named(text="body"):
            await actions.edit_note(tx, who, note, body.body, seen=body.version)
    if "pinned" in body.model_fields_set:
        await (actions.pin_note if body.pinned else actions.unpin_note)(tx, who, note)
    return note_shape(note)


async def remove(request: Request, tx: Tx, who: Principal) -> None:
    await actions.remove_note(tx, who, await get_note(tx, who, request.path_params["id"], "edit"))


class FileShape(Shape):
    """Its bytes are at `<address>/content`. A picture was made anew, without what a camera writes into it."""

    id: int
    about: str
    name: str
    type: str
    size: int
    author: int | None
    created_at: datetime
    url: str
    home = "files"


def file_shape(file: File) -> FileShape:
    return FileShape(
        id=file.id,
        about=file.about,
        name=file.name,
        type=file.type,
        size=file.size,
        author=file.creator_id,
        created_at=file.created_at,
        url=file.url,
    )


async def files(request: Request, tx: Tx, who: Principal) -> Page[FileShape]:
    record = await get_record(tx, who, _about(request))
    asked: Listing = request.state.query
    rows = await files_before(tx, who, record.about, asked.after, asked.limit)
    return page_of(rows, asked.limit, file_shape, lambda file: file.id)


async def add_file(request: Request, tx: Tx, who: Principal) -> FileShape:
    if not request.state.stored:
        raise Invalid(file=_("Choose a file"))
    made = await actions.add_file(tx, who, _about(request), request.state.stored[0])
    request.state.kept = True
    return file_shape(made)


async def show_file(request: Request, tx: Tx, who: Principal) -> FileShape:
    return file_shape(await get_file(tx, who, request.path_params["id"]))


async def download(request: Request, tx: Tx, who: Principal) -> Response:
    file = await get_file(tx, who, request.path_params["id"])
    kept: Files = request.app.state.services.files
    return kept.response(file.key, file.name, file.type)


async def remove_file(request: Request, tx: Tx, who: Principal) -> None:
    await actions.remove_file(tx, who, await get_file(tx, who, request.path_params["id"], "edit"))


def _upload(path: str, one: str) -> ApiRoute:
    made = api("POST", path, add_file, f"Put a file beside a {one}", gives=FileShape, sends="file")
    wrapped = ApiRoute(made.path, with_files(made.endpoint, "file", _about, 1), methods=["POST"], name=made.name)
    wrapped.operation = made.operation
    return wrapped


def _of_records(home: str, one: str) -> list[ApiRoute]:
    path = f"/{home}/{{id:int}}/notes"
    return [
        api("GET", path, notes, f"List the notes of a {one}", gives=Page[NoteShape], asks=Listing),
        api("POST", path, create_note, f"Write a note about a {one}", gives=NoteShape, takes=NewNote),
        api(
            "GET", f"/{home}/{{id:int}}/files", files, f"List the files of a {one}", gives=Page[FileShape], asks=Listing
        ),
        _upload(f"/{home}/{{id:int}}/files", one),
    ]


routes = [
    *_of_records("contacts", "contact"),
    *_of_records("companies", "company"),
    api("GET", "/notes/{id:int}", show, "Read a note", gives=NoteShape),
    api("PATCH", "/notes/{id:int}", change, "Change or pin a note", gives=NoteShape, takes=NoteChanges),
    api("DELETE", "/notes/{id:int}", remove, "Remove a note"),
    api("GET", "/files/{id:int}", show_file, "Read what a file is", gives=FileShape),
    api("GET", "/files/{id:int}/content", download, "Download a file", gives_file=True),
    api("DELETE", "/files/{id:int}", remove_file, "Remove a file"),
]
