"""The HTML of a letter for a frame that may do nothing. Its pictures come inside it: those that were sent along from
the disk, those from elsewhere only when somebody asks, through our own way out and made anew."""

import asyncio
import base64
import tempfile
from pathlib import Path

from starlette.requests import Request
from starlette.responses import HTMLResponse

from server.cases.access import get_case, get_message
from server.cases.models import CaseFile
from server.channels.markup import pictures_in, with_pictures
from server.kit.access import Principal
from server.kit.db import Tx
from server.kit.files import sniff
from server.kit.jobs import Services
from server.kit.outbound import Unreachable
from server.kit.pictures import FORMATS, clean_picture
from server.kit.web import Answer, route

LARGEST = 2 * 1024 * 1024  # of one picture
TOGETHER = 12 * 1024 * 1024
MOST = 20
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox; frame-ancestors 'self'"


async def load(request: Request, who: Principal) -> None:
    """Disk and network, before the transaction that answers."""
    services: Services = request.app.state.services
    async with services.database.transaction(read=True) as tx:
        case = await get_case(tx, who, request.path_params["id"])
        message = await get_message(tx, who, case, request.path_params["message"])
    inside, outside = pictures_in(message.html)
    files = {one.cid: one for one in message.files if one.cid in inside and one.size <= LARGEST}
    found = {f"cid:{cid}": await _of_file(services, one) for cid, one in list(files.items())[:MOST]}
    if request.query_params.get("pictures") == "1":
        wanted = outside[:MOST]
        fetched = await asyncio.gather(*(_of_address(services, url) for url in wanted))
        found |= dict(zip(wanted, fetched, strict=True))
    request.state.pictures = _within(found)


def _within(found: dict[str, str]) -> dict[str, str]:
    """As many as a page can carry."""
    kept, size = {}, 0
    for name, data in found.items():
        size += len(data)
        if data and size <= TOGETHER:
            kept[name] = data
    return kept


async def _of_file(services: Services, file: CaseFile) -> str:
    return await _anew(services.files.path(file.key), file.type)


async def _of_address(services: Services, url: str) -> str:
    """Empty for what cannot be had, or is no picture by its content."""
    try:
        reply = await services.outbound.get(url, largest=LARGEST)
    except Unreachable:
        return ""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "picture"
        await asyncio.to_thread(path.write_bytes, reply.body)
        return await _anew(path, sniff(reply.body[:512])) if reply.status == 200 else ""


async def _anew(path: Path, kind: str) -> str:
    clean = await clean_picture(path, kind) if kind in FORMATS else None
    return f"data:{kind};base64,{base64.b64encode(clean).decode()}" if clean and len(clean) <= LARGEST else ""


async def letter(request: Request, tx: Tx, who: Principal) -> Answer:
    case = await get_case(tx, who, request.path_params["id"])
    message = await get_message(tx, who, case, request.path_params["message"])
    shown = with_pictures(message.html, request.state.pictures)
    return HTMLResponse(shown, headers={"content-security-policy": POLICY})


routes = [route("GET", "/cases/{id:int}/messages/{message:int}/letter", letter, before=load)]
