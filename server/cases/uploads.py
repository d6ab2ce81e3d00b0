"""Uploads for a reply: bytes go to disk before the transaction opens; what it does not keep is swept."""

from starlette.datastructures import UploadFile
from starlette.requests import Request

from server.cases.access import get_case
from server.cases.attaching import MOST, Stored, attach, attached, detach
from server.kit.access import Principal
from server.kit.db import Tx
from server.kit.jobs import Services
from server.kit.pages import render
from server.kit.pictures import FORMATS, clean_picture
from server.kit.web import Answer, route


async def store(request: Request, who: Principal) -> None:
    """Rights are asked first, so that nobody fills the disk who may not write here."""
    services: Services = request.app.state.services
    async with services.database.transaction(read=True) as tx:
        await get_case(tx, who, request.path_params["id"], "write")
    request.state.stored = []
    sent = [one for one in request.state.form.getlist("files") if isinstance(one, UploadFile) and one.filename]
    for one in sent[:MOST]:
        key, size, kind = await services.files.save(one)
        if kind in FORMATS and (clean := await clean_picture(services.files.path(key), kind)) is not None:
            size = await services.files.replace(key, clean)
        request.state.stored.append(Stored(one.filename or "", size, kind, key))


async def add(request: Request, tx: Tx, who: Principal) -> Answer:
    case = await get_case(tx, who, request.path_params["id"], "write")
    await attach(tx, who, case, request.state.stored)
    return render("cases/_attached.html", case=case, attached=await attached(tx, who, case))


async def remove(request: Request, tx: Tx, who: Principal) -> Answer:
    case = await get_case(tx, who, request.path_params["id"], "write")
    await detach(tx, who, case, request.path_params["file"])
    return render("cases/_attached.html", case=case, attached=await attached(tx, who, case))


routes = [
    route("POST", "/cases/{id:int}/files", add, before=store),
    route("DELETE", "/cases/{id:int}/files/{file:int}", remove),
]
