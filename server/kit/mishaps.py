"""Errors as answers: a fragment for htmx, a page for a visit, JSON under /api/. Nothing of the inside is shown."""

import json
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Match, Route

from server.kit.access import Principal
from server.kit.db import is_busy, is_full
from server.kit.errors import Away, Conflict, DomainError, Full
from server.kit.logging import log
from server.kit.pages import render
from server.kit.text import _, speaking
from server.kit.web import is_api, is_htmx, request_language


async def on_domain_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, DomainError)
    who: Principal | None = getattr(request.state, "who", None)
    with speaking(who.language if who else request_language(request)):
        return _error_response(request, error, who)


def _error_response(request: Request, error: DomainError, who: Principal | None) -> Response:
    message = error.message or _default_message(error.status)
    if is_api(request):
        body: dict[str, Any] = {"error": _code(error), "message": message, "fields": error.fields}
        if isinstance(error, Conflict):
            body["theirs"] = error.theirs
        return JSONResponse(body, error.status)
    if is_htmx(request) or request.headers.get("x-requested-with") == "fetch":
        theirs = error.theirs if isinstance(error, Conflict) else None
        html = render("kit/_error.html", error=error, theirs=theirs, path=request.url.path)
        note = json.dumps({"text": message, "undo": None, "error": True})
        return HTMLResponse(html, error.status, {"X-Toast": note, "HX-Reswap": "none"})
    context = {"who": who, "status": error.status, "message": message, "nonce": request.state.nonce, "code": ""}
    return HTMLResponse(render("kit/error.html", **context), error.status)


def _code(error: DomainError) -> str:
    return {
        404: "not_found",
        403: "forbidden",
        422: "invalid",
        409: "conflict",
        429: "too_many",
        503: "busy",
        507: "disk_full",
    }[error.status]


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
    with speaking(request_language(request)):
        if is_api(request):
            return JSONResponse(
                {"error": f"http_{error.status_code}", "message": _default_message(error.status_code), "fields": {}},
                error.status_code,
                headers,
            )
        context = {
            "who": None,
            "status": error.status_code,
            "message": _default_message(error.status_code),
            "nonce": request.state.nonce,
            "code": "",
        }
        return HTMLResponse(render("kit/error.html", **context), error.status_code, headers)


def _methods(request: Request) -> str:
    """Everything that this address does, over all its routes."""
    here = (one for one in request.app.routes if isinstance(one, Route) and one.matches(request.scope)[0] != Match.NONE)
    return ", ".join(sorted({method for one in here for method in one.methods or ()}))


async def on_crash(request: Request, error: Exception) -> Response:
    """Says an id that stands in the log beside the trace; nothing of the inside."""
    if is_full(error):
        return await on_domain_error(request, Full())
    if is_busy(error):
        return await on_domain_error(request, Away())
    code = request.state.nonce[:6].upper()
    log.error("request.crashed", code=code, path=request.url.path, exc_info=error)
    with speaking(request_language(request)):
        message = _("Something went wrong on our side. Nothing of yours is lost")
        if is_api(request):
            return JSONResponse({"error": "internal", "message": message, "code": code, "fields": {}}, 500)
        return HTMLResponse(
            render("kit/error.html", who=None, status=500, message=message, nonce=request.state.nonce, code=code), 500
        )
