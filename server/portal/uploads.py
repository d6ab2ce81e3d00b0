"""Files that customers send: on the disk before the transaction, pictures made anew, gone again when it failed."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from starlette.datastructures import UploadFile
from starlette.requests import Request

from server.cases.models import CaseFile
from server.kit.db import Database, Tx
from server.kit.errors import Invalid
from server.kit.files import Files, safe_name
from server.kit.pictures import FORMATS, clean_picture
from server.kit.text import _

MOST = 5
LARGEST = 10 * 1024 * 1024

May = Callable[[Request, Tx], Awaitable[None]]


def with_files(may: May) -> Callable[[Request], AbstractAsyncContextManager[None]]:
    """Leaves rows in `request.state.stored`. `may` raises when whoever sends has no business here, so that nobody else
    fills the disk."""

    @asynccontextmanager
    async def around(request: Request) -> AsyncIterator[None]:
        files: Files = request.app.state.services.files
        request.state.stored, kept = [], False
        sent = [one for one in request.state.form.getlist("files") if isinstance(one, UploadFile) and one.filename]
        try:
            if sent:
                await _store(request, files, sent, may)
            yield
            kept = True
        finally:
            for one in () if kept else request.state.stored:
                await files.remove(one.key)

    return around


async def _store(request: Request, files: Files, sent: list[UploadFile], may: May) -> None:
    if len(sent) > MOST:
        raise Invalid(files=_("At most %(n)s files at once") % {"n": MOST})
    if any((one.size or 0) > LARGEST for one in sent):
        raise Invalid(files=_("At most %(n)s MB for each file") % {"n": LARGEST // 1024 // 1024})
    database: Database = request.app.state.database
    async with database.transaction(read=True) as tx:
        await may(request, tx)
    for one in sent:
        key, size, kind = await files.save(one)
        request.state.stored.append(CaseFile(name=safe_name(one.filename), size=size, type=kind, key=key))
        if kind in FORMATS:
            clean = await clean_picture(files.path(key), kind)
            kept: CaseFile = request.state.stored[-1]
            kept.size = size if clean is None else await files.replace(key, clean)
            kept.type = kind if clean is not None else "application/octet-stream"
