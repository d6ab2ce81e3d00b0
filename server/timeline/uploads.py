"""Uploads: bytes go to disk before the transaction opens, and go again when it did not keep them."""

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
from server.kit.text import _, ngettext
from server.kit.web import Answer, prepare, route, toast
from server.timeline.actions import add_file
from server.timeline.forms import NewFile
from server.timeline.places import file_patch, line_patches

PATH = "/timeline/{about}/files"
MOST = 20


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


_inner = route("POST", PATH, _keep)


async def upload(request: Request) -> Response:
    """Rights are asked first, so that nobody fills the disk who may not write here."""
    await prepare(request)
    files: Files = request.app.state.services.files
    request.state.stored, request.state.kept, committed = [], False, False
    try:
        if await _may_write(request):
            chosen = [
                one for one in request.state.form.getlist("files") if isinstance(one, UploadFile) and one.filename
            ]
            for one in chosen[:MOST]:
                key, size, kind = await files.save(one)
                request.state.stored.append(NewFile(one.filename or "", key, size, kind))
        response: Response = await _inner.endpoint(request)
        committed = bool(request.state.kept)
    finally:
        await request.close()
        if not committed:
            for new in request.state.stored:
                await files.remove(new.key)
    return response


async def _may_write(request: Request) -> bool:
    database: Database = request.app.state.database
    async with database.transaction(read=True) as tx:
        who: Principal | None = await request.app.state.authenticate(request, tx)
        if who is None:
            return False
        request.state.who = who
        if not who.may_write:
            raise Forbidden(_("Your role can read here, not write"))
        await get_record(tx, who, request.path_params["about"], "edit")
    return True


routes = [Route(PATH, upload, methods=["POST"], name="server.timeline.uploads.upload")]
