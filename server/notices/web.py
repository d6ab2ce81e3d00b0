"""The page under the bell."""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute

from server.kit.access import Principal
from server.kit.db import Tx
from server.kit.pages import render
from server.kit.web import Answer, is_htmx, page, page_heads, route
from server.notices import actions
from server.notices.access import get_notice
from server.notices.queries import list_notices, records_of


async def index(request: Request, tx: Tx, who: Principal) -> Answer:
    heads = await page_heads(tx, who)
    unread = request.query_params.get("unread") == "1"
    notices = await list_notices(tx, who, unread)
    shown = {"notices": notices, "records": await records_of(tx, who, notices), "unread": unread}
    topics = {who.key: heads[who.key]}
    if is_htmx(request):
        return render("notices/_list.html", topics=topics, **shown)
    return await page(request, tx, who, "notices/index.html", heads=heads, topics=topics, **shown)


async def read(request: Request, tx: Tx, who: Principal) -> Answer:
    await actions.read_notice(tx, who, await get_notice(tx, who, request.path_params["id"]))
    return await _list_again(request, tx, who)


async def read_all(request: Request, tx: Tx, who: Principal) -> Answer:
    await actions.read_all(tx, who)
    return await _list_again(request, tx, who)


async def _list_again(request: Request, tx: Tx, who: Principal) -> Answer:
    heads = await page_heads(tx, who)
    await tx.flush()
    unread = request.query_params.get("unread") == "1"
    notices = await list_notices(tx, who, unread)
    records = await records_of(tx, who, notices)
    topics = {who.key: heads[who.key]}
    return render("notices/_list.html", topics=topics, notices=notices, records=records, unread=unread)


async def open_notice(request: Request, tx: Tx, who: Principal) -> Answer:
    """Reads it and goes to the thing. A write, so that nothing that fetches links reads notices."""
    notice = await get_notice(tx, who, request.path_params["id"])
    await actions.read_notice(tx, who, notice)
    if is_htmx(request):
        return Response(status_code=200, headers={"HX-Redirect": notice.url})
    return RedirectResponse(notice.url, 303)


routes: list[BaseRoute] = [
    route("GET", "/notices", index),
    route("PUT", "/notices/read", read_all, personal=True),
    route("PUT", "/notices/{id:int}/read", read, personal=True),
    route("POST", "/notices/{id:int}/visit", open_notice, personal=True),
]
