"""Errors as answers: a fragment for htmx, a page for a visit, JSON for programs. Nothing of the inside is shown."""

import json
from typing import Any
from urllib.parse import quote

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Match, Route

from server.kit.access import Principal
from server.kit.db import is_busy, is_full
from server.kit.errors import NAMES, Away, Conflict, DomainError, Full, Unknown
from server.kit.logging import log
from server.kit.pages import render
from server.kit.text import _, speaking
from server.kit.web import SAFE, address_of, is_api, is_htmx, page_heads, request_language, shell_of


async def on_domain_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, DomainError)
    if isinstance(error, Unknown):
        return _sign_in_first(request)
    who: Principal | None = getattr(request.state, "who", None)
    with speaking(who.language if who else request_language(request)):
        if is_api(request) or _is_part(request):
            return _error_response(request, error)
        return await _error_page(request, error.status, error.message)


def _sign_in_first(request: Request) -> Response:
    if is_api(request):
        return JSONResponse(
            {"error": NAMES[401], "message": "Send a valid bearer token", "fields": {}},
            401,
            {"WWW-Authenticate": "Bearer"},
        )
    target = "/signin?next=" + quote(address_of(request) if request.method == "GET" and not is_htmx(request) else "/")
    if is_htmx(request) or request.method not in SAFE:
        return Response(status_code=401, headers={"HX-Redirect": target})
    return RedirectResponse(target, 303)


def _is_part(request: Request) -> bool:
    return is_htmx(request) or request.headers.get("x-requested-with") == "fetch"


def _error_response(request: Request, error: DomainError) -> Response:
    message = error.message or _default_message(error.status)
    if is_api(request):
        body: dict[str, Any] = {"error": NAMES[error.status], "message": message, "fields": error.fields}
        if isinstance(error, Conflict):
            body["theirs"] = error.theirs
        return JSONResponse(body, error.status)
    theirs = error.theirs if isinstance(error, Conflict) else None
    html = render("kit/_error.html", error=error, theirs=theirs)
    note = json.dumps({"text": message, "undo": None, "error": True})
    return HTMLResponse(html, error.status, {"X-Toast": note, "HX-Reswap": "none"})


async def _error_page(
    request: Request, status: int, message: str = "", *, code: str = "", headers: dict[str, str] | None = None
) -> Response:
    """People who are signed in keep their navigation; strangers, and everybody while the database is away, get the
    bare page. Under /p/ nobody is asked who they are."""
    plain = {"who": None, "nav": None, "nonce": request.state.nonce}
    shell = plain if status == 503 or request.url.path.startswith("/p/") else await _shell_of_asker(request) or plain
    who: Principal | None = shell["who"]
    with speaking(who.language if who else request_language(request)):
        text = message or _default_message(status)
        return HTMLResponse(render("kit/error.html", message=text, code=code, status=status, **shell), status, headers)


async def _shell_of_asker(request: Request) -> dict[str, Any] | None:
    """In a transaction of its own: the one that failed is gone."""
    try:
        async with request.app.state.database.transaction(read=True) as tx:
            known: Principal | None = getattr(request.state, "who", None)
            who: Principal | None = known or await request.app.state.authenticate(request, tx)
            return None if who is None else await shell_of(request, tx, who, await page_heads(tx, who))
    except Exception as error:
        log.warning("error.page_without_shell", path=request.url.path, why=repr(error)[:200])
        return None


def _default_message(status: int) -> str:
    return {
        404: _("There is nothing here, or it is not for you"),
        403: _("You may not do this"),
        409: _("Somebody was faster"),
        429: _("Too many tries. Wait a moment"),
        413: _("That is too large"),
        503: _("The database does not answer just now. Nothing was saved; try again in a moment"),
        507: _("The server has no room left on its disk, so this was not saved. Tell your administrator"),
        405: _("This address does not do that"),
    }.get(status, _("That did not work"))


async def on_http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    headers = {**(error.headers or {}), **({"Allow": _methods(request)} if error.status_code == 405 else {})}
    if not is_api(request):
        return await _error_page(request, error.status_code, headers=headers)
    with speaking(request_language(request)):
        message = _default_message(error.status_code)
        body = {"error": NAMES[error.status_code], "message": message, "fields": {}}
        return JSONResponse(body, error.status_code, headers)


def _methods(request: Request) -> str:
    """Everything that this address does, over all its routes."""
    here = (one for one in request.app.routes if isinstance(one, Route) and one.matches(request.scope)[0] != Match.NONE)
    return ", ".join(sorted({method for one in here for method in one.methods or ()}))


async def on_hang_up(request: Request, error: Exception) -> Response:
    """Whoever sent half a body and left: nobody reads this answer, and it is no mishap of ours."""
    return Response(status_code=400)


async def on_outage(request: Request, error: Exception) -> Response:
    """A database that is away or a disk that is full: one line in the log for each request, which are many then."""
    if not (is_full(error) or is_busy(error)):
        raise error
    log.warning("request.refused", path=request.url.path, why=repr(error)[:200])
    return await on_domain_error(request, Full() if is_full(error) else Away())


async def on_crash(request: Request, error: Exception) -> Response:
    """Says an id that stands in the log beside the trace; nothing of the inside."""
    code = request.state.nonce[:6].upper()
    log.error("request.crashed", code=code, path=request.url.path, exc_info=error)
    with speaking(request_language(request)):
        message = _("Something went wrong on our side. Nothing of yours is lost")
        if is_api(request):
            return JSONResponse({"error": NAMES[500], "message": message, "code": code, "fields": {}}, 500)
        return await _error_page(request, 500, message, code=code)
