"""The customer's page of one case, under /p/case: read, reply, add files, say how it was. GET changes nothing."""

from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from server.kit.about import to_id
from server.kit.db import Tx
from server.kit.errors import DomainError
from server.kit.pages import render
from server.kit.patches import read_heads
from server.kit.public import public_route
from server.kit.text import clean, speaking
from server.kit.web import Answer, field
from server.portal import actions
from server.portal.access import Visit, shown_file, visit
from server.portal.answers import bearer, slowly, whole
from server.portal.forms import parse_key, parse_n, parse_page
from server.portal.queries import house_name, inside, said_to
from server.portal.uploads import with_files

WRITES, READS = "30 per minute", "120 per minute"


def token_of(request: Request) -> str:
    """By header, or in the address where a page has no scripts."""
    return bearer(request) or str(request.path_params.get("token", ""))


async def may_write(request: Request, tx: Tx) -> None:
    await visit(tx, token_of(request))


async def _inputs(tx: Tx, at: Visit) -> dict[str, Any]:
    heads = await read_heads(tx, at.case.customer_topic)
    shown = await inside(tx, at.case, at.side)
    return {"topics": heads, "messages": await said_to(tx, at.case), "shown": shown}


async def show(request: Request, tx: Tx) -> Answer:
    """The whole page, or a file of it."""
    token = token_of(request)
    try:
        at = await visit(tx, token)
    except DomainError as problem:
        return whole(request, "portal/over.html", problem.status, text=problem.message)
    if file_id := request.query_params.get("file"):
        return await _file(request, tx, at, file_id)
    inputs = await _inputs(tx, at)
    with speaking(at.key.language):
        name = await house_name(tx, at.case.workspace_id)
        return whole(request, "portal/case.html", place=name, token=token, case=at.case, **inputs)


async def _file(request: Request, tx: Tx, at: Visit, file_id: str) -> Response:
    file = await shown_file(tx, at.case, to_id(file_id))
    answer: Response = request.app.state.services.files.response(file.key, file.name, file.type)
    answer.headers["referrer-policy"] = "no-referrer"
    return answer


async def inner(request: Request, tx: Tx) -> Answer:
    """The thread alone, for whoever shows a pass by header."""
    at = await visit(tx, bearer(request))
    if file_id := request.query_params.get("file"):
        return await _file(request, tx, at, file_id)
    inputs = await _inputs(tx, at)
    with speaking(at.key.language):
        return render("portal/_thread.html", **inputs)


async def say(request: Request, tx: Tx) -> Answer:
    """What was said comes back by the socket; without scripts the page is loaded again."""
    at, form = await visit(tx, token_of(request)), request.state.form
    await slowly(request, "case", str(at.key.id), WRITES)
    via = "chat" if at.case.is_chat else "page"
    key = parse_key(request.headers.get("idempotency-key"))
    with speaking(at.key.language):
        await actions.say(tx, at, field(form, "text", 50_000), request.state.stored, key, via)
    await actions.read(tx, at.house, at.case, "customer", at.case.said_n)
    return _done(request)


async def write(request: Request, tx: Tx) -> Answer:
    """The one address that a page without scripts knows."""
    return await (rate if request.query_params.get("act") == "rating" else say)(request, tx)


async def rate(request: Request, tx: Tx) -> Answer:
    at, form = await visit(tx, token_of(request)), request.state.form
    await slowly(request, "case", str(at.key.id), WRITES)
    await actions.rate(tx, at, field(form, "stars", 1), field(form, "words", 4000))
    return _done(request)


async def reading(request: Request, tx: Tx) -> Answer:
    """How far they have read, and where on the site they are."""
    at, form = await visit(tx, bearer(request)), request.state.form
    await slowly(request, "reading", str(at.key.id), READS)
    await actions.read(tx, at.house, at.case, "customer", parse_n(field(form, "n", 12)))
    if part := parse_n(field(form, "part", 19)):
        await actions.read_parts(tx, at, part)
    if page := parse_page(field(form, "page", 4000)):
        await actions.go_to(tx, at, page, clean(field(form, "title", 4000), 200))
    return Response(status_code=204)


def _done(request: Request) -> Response:
    if bearer(request):
        return Response(status_code=204)
    return RedirectResponse(request.url.path, 303, {"referrer-policy": "no-referrer"})


CASE = "/p/case"
files = with_files(may_write)
routes = [
    public_route("GET", CASE, inner),
    public_route("POST", f"{CASE}/messages", say, around=files),
    public_route("POST", f"{CASE}/rating", rate),
    public_route("POST", f"{CASE}/reading", reading),
    public_route("GET", f"{CASE}/{{token}}", show),
    public_route("POST", f"{CASE}/{{token}}", write, around=files),
]
