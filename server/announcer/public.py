"""The customers' side: the page one calls from, without an account, and writing where all lines are taken."""

from starlette.convertors import Convertor, register_url_convertor
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from server.announcer import visits
from server.announcer.access import line_of_key
from server.announcer.models import CustomerNumber, Line
from server.announcer.proof import claimed, is_proved
from server.announcer.visits import Caller
from server.calls import hosting
from server.calls.sentences import parse_shown, sentence
from server.contacts.access import get_contact
from server.contacts.models import Contact
from server.identity.entry import client_address
from server.identity.models import Workspace
from server.kit.access import system
from server.kit.db import Tx
from server.kit.errors import DomainError, Invalid, NotFound, TooMany
from server.kit.pages import render
from server.kit.public import language_of, public_route
from server.kit.text import _, clean, one_line
from server.kit.web import Answer, field

NAME, REACH, WORDS = 80, 120, 2000


class LineKey(Convertor[str]):
    """Longer than every word that stands under /p/call/."""

    regex = "[A-Za-z0-9_-]{20,64}"

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


register_url_convertor("line", LineKey())


async def proved(request: Request, tx: Tx, line: Line) -> Contact | None:
    """Whose signed link this is. One that is old, forged or was made before the newest PIN proves nothing."""
    proof = request.query_params.get("proof", "")[:400]
    contact_id = claimed(proof)
    row = await tx.get(CustomerNumber, contact_id) if contact_id is not None and contact_id < 10**17 else None
    if row is None or row.workspace_id != line.workspace_id:
        return None
    if not is_proved(request.app.state.settings.secret, line.key, proof, row.set_at):
        return None
    try:
        return await get_contact(tx, system(line.workspace_id), row.contact_id)
    except NotFound:
        return None


async def show(request: Request, tx: Tx) -> Answer:
    """Changes nothing. It says whose line it is, and the caller's name when their link proves it."""
    nonce = request.state.nonce
    try:
        line = await line_of_key(tx, request.path_params["key"])
    except DomainError as problem:
        return HTMLResponse(render("announcer/away.html", who=None, nonce=nonce, text=str(problem)), problem.status)
    contact = await proved(request, tx, line)
    workspace = await tx.get_one(Workspace, line.workspace_id)
    shown = render(
        "announcer/call.html", who=None, nonce=nonce, place=workspace.name, records=line.records,
        name=contact.name if contact else "", path=request.url.path, sentence=sentence,
    )  # fmt: skip
    return HTMLResponse(shown)


async def call(request: Request, tx: Tx) -> Answer:
    """Begins a call, and gives the pass to it."""
    line = await line_of_key(tx, request.path_params["key"])
    contact, settings = await proved(request, tx, line), request.app.state.settings
    address = client_address(request)
    if contact is None and not await request.app.state.throttle.may_call(address, settings.line_calls):
        raise TooMany(_("You have called often in a short time. Leave us a message below, and we call you back."))
    if contact is not None:
        await request.app.state.throttle.come(address)
    form = request.state.form
    caller = Caller(one_line(field(form, "name", NAME), NAME), language_of(request), contact)
    begun, one, token = await visits.begin(tx, line, caller, settings.line_calls_at_once)
    if line.records and "sentence" in form:
        await hosting.consent(tx, begun, one, parse_shown(form))
    return JSONResponse({"pass": token}, 201)


async def note(request: Request, tx: Tx) -> Answer:
    """In place of a call: a task of the line's team."""
    await request.app.state.throttle.come(client_address(request))
    line, form = await line_of_key(tx, request.path_params["key"]), request.state.form
    name, reach = one_line(field(form, "name", NAME), NAME), clean(field(form, "reach", REACH), REACH)
    text = clean(field(form, "text", WORDS), WORDS)
    if not reach:
        raise Invalid(reach=_("Say how we reach you"))
    await visits.leave_note(tx, line, name or reach, reach, text)
    return Response(render("announcer/_noted.html"), 201, media_type="text/html")


routes = [
    public_route("GET", "/p/call/{key:line}", show),
    public_route("POST", "/p/call/{key:line}", call),
    public_route("POST", "/p/call/{key:line}/notes", note),
]
