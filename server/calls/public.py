"""The guests' side, under /p/: a link's page, coming in by it, and what one may do there; nothing of the team's."""

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from server.calls import actions, hosting
from server.calls.access import guest_topic
from server.calls.guests import come_by_link, guest_of, open_link
from server.calls.models import Call, Participant
from server.calls.queries import call_by_id, said_in
from server.calls.sentences import parse_shown, sentence
from server.identity.entry import client_address
from server.kit.access import system
from server.kit.db import Tx
from server.kit.errors import DomainError, NotFound
from server.kit.pages import render
from server.kit.passes import find_pass
from server.kit.patches import read_heads
from server.kit.public import language_of, public_route
from server.kit.text import _
from server.kit.web import Answer, field


def page(request: Request, template: str, status: int = 200, **inputs: object) -> Response:
    shown = render(template, who=None, nonce=request.state.nonce, **inputs)
    return HTMLResponse(shown, status)


async def invitation(request: Request, tx: Tx) -> Answer:
    """Changes nothing: readers of mail open every link. It says neither who calls nor about whom."""
    try:
        link = await open_link(tx, request.path_params["token"], request.app.state.settings.secret)
    except DomainError as problem:
        return page(request, "calls/guest_over.html", problem.status, text=str(problem))
    call = await call_by_id(tx, system(link.call.workspace_id), link.call_id)
    return page(request, "calls/guest.html", call=call, name=link.name, join=request.url.path, sentence=sentence)


async def come(request: Request, tx: Tx) -> Answer:
    """A place in the call and the pass to it, which is told this once."""
    await request.app.state.throttle.come(client_address(request))
    link = await open_link(tx, request.path_params["token"], request.app.state.settings.secret)
    form = request.state.form
    one, token = await come_by_link(tx, link, field(form, "name", 80), language_of(request))
    if "sentence" in form:
        await hosting.consent(tx, link.call, one, parse_shown(form))
    await tx.flush()
    return JSONResponse({"pass": token}, 201)


async def _guest(request: Request, tx: Tx, token: str = "") -> tuple[Call, Participant]:
    """Who shows a pass: by header, or in the body where a beacon can send no header."""
    _scheme, _space, bearer = request.headers.get("authorization", "").partition(" ")
    found = await find_pass(tx, token or bearer)
    guest = await guest_of(tx, found.subject) if found is not None else None
    if guest is None:
        raise NotFound(_("This link is no longer good"))
    return guest


async def room(request: Request, tx: Tx) -> Answer:
    """The room as its guests see it."""
    call, one = await _guest(request, tx)
    topic = guest_topic(call, one)
    heads = await read_heads(tx, topic)
    shown = await call_by_id(tx, system(call.workspace_id), call.id)
    if shown is None:
        raise NotFound(_("This link is no longer good"))
    said = await said_in(tx, shown) if one.is_admitted else []
    topics = {topic: heads[topic]}
    return render("calls/_guest_room.html", call=shown, one=one, said=said, topics=topics, sentence=sentence)


async def say(request: Request, tx: Tx) -> Answer:
    call, one = await _guest(request, tx)
    await actions.say(tx, call, one, field(request.state.form, "text", 4000))
    return Response(status_code=204)  # what was said comes back by the socket, as to everybody


async def consent(request: Request, tx: Tx) -> Answer:
    call, one = await _guest(request, tx)
    await hosting.consent(tx, call, one, parse_shown(request.state.form) if request.method == "PUT" else None)
    return Response(status_code=204)


async def leave(request: Request, tx: Tx) -> Answer:
    """The beacon of a page that goes away."""
    call, one = await _guest(request, tx, field(request.state.form, "pass", 200))
    tx.info.setdefault("left_calls", set()).add((call.room, one.id))
    return Response(status_code=204)


routes = [
    public_route("GET", "/p/join/{token}", invitation),
    public_route("POST", "/p/join/{token}", come),
    public_route("GET", "/p/call", room),
    public_route("POST", "/p/call/messages", say),
    *(public_route(method, "/p/call/consent", consent) for method in ("PUT", "DELETE")),
    public_route("POST", "/p/call/leave", leave),
]
