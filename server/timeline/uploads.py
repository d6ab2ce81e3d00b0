"""Uploads: bytes go to disk before the transaction opens, pictures are made anew, and all go again when the
transaction did not keep them."""

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from server.contacts.access import get_record
from server.kit.access import Principal
from server.kit.db import Database, Tx
from server.kit.errors import Forbidden, Invalid
from server.kit.files import Files
from server.kit.live import partials
from server.kit.pictures import FORMATS, clean_picture
from server.kit.text import _, ngettext, speaking
from server.kit.web import Answer, prepare, route, toast
from server.timeline.actions import add_file
from server.timeline.forms import NewFile
from server.timeline.places import file_patch, line_patches

PATH = "/timeline/{about}/files"
MOST = 20
Endpoint = Callable[[Request], Awaitable[Response]]


async def _keep(request: Request, tx: Tx, who: Principal) -> Answer:
    """Inside the transaction: rows and facts for what is stored."""
    about: str = request.path_params["about"]
    stored: list[NewFile] = request.state.stored
    if not stored:
        raise Invalid(files=_("Choose a file"))
    for new in stored:
        await add_file(tx, who, about, new)
    await tx.flush()
    rows = [row for row in tx.info["emitted"] if row.name == "file.added"]
    changes = [*await line_patches(tx, who, rows), await file_patch(tx, who, about)]
    request.state.kept = True
    text = ngettext("%(num)s file added", "%(num)s files added", len(stored)) % {"num": len(stored)}
    return toast(HTMLResponse(partials(changes), 201), text)


def with_files(inner: Any, field: str, about_of: Callable[[Request], str], most: int = MOST) -> Endpoint:
    """The endpoint of a route that finds its files in `request.state.stored` and sets `request.state.kept`. Rights
    are asked first, so that nobody fills the disk who may not write here."""

    async def upload(request: Request) -> Response:
        await prepare(request)
        files: Files = request.app.state.services.files
        request.state.stored, request.state.kept, committed = [], False, False
        try:
            if (who := await _may_write(request, about_of(request))) is not None:
                with speaking(who.language):
                    await _store(request, files, field, most)
            response: Response = await inner(request)
            committed = bool(request.state.kept)
        finally:
            await request.close()
            if not committed:
                for new in request.state.stored:
                    await files.remove(new.key)
        return response

    return upload


async def _store(request: Request, files: Files, field: str, most: int) -> None:
    sent = [one for one in request.state.form.getlist(field) if isinstance(one, UploadFile) and one.filename]
    for one in sent[:most]:
        key, size, kind = await files.save(one)
        request.state.stored.append(NewFile(one.filename or "", key, size, kind))
        if kind in FORMATS:  # what only looks like a picture is kept, but never shown as one
            clean = await clean_picture(files.path(key), kind)
            size = size if clean is None else await files.replace(key, clean)
            kind = kind if clean is not None else "application/octet-stream"
            request.state.stored[-1] = NewFile(one.filename or "", key, size, kind)


async def _may_write(request: Request, about: str) -> Principal | None:
    database: Database = request.app.state.database
    async with database.transaction(read=True) as tx:
        who: Principal | None = await request.app.state.authenticate(request, tx)
        if who is None:
            return None
        request.state.who = who
        with speaking(who.language):
            if not who.may_write:
                raise Forbidden(_("Your role can read here, not write"))
            await get_record(tx, who, about, "edit")
    return who


_inner = route("POST", PATH, _keep)
upload = with_files(_inner.endpoint, "files", lambda request: str(request.path_params["about"]))
routes = [Route(PATH, upload, methods=["POST"], name="server.timeline.uploads.upload")]
