"""The chat on somebody's site: its script, its frame, and how a conversation begins there. No cookies, no CORS."""

from datetime import timedelta
from functools import cache

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from server.channels.models import Channel
from server.identity.entry import client_address
from server.kit.access import system
from server.kit.clock import now
from server.kit.db import Tx
from server.kit.errors import DomainError, Forbidden, Invalid
from server.kit.pages import DIST, asset
from server.kit.public import language_of, public_route
from server.kit.text import _, clean
from server.kit.web import Answer, field
from server.portal.access import channel_of_key
from server.portal.actions import give_pass
from server.portal.answers import slowly, whole
from server.portal.forms import parse_key, parse_origin, parse_page
from server.portal.here import call_address, is_there
from server.portal.people import Claim, check_values, parse_claim
from server.portal.proof import identity_of, secret_of, vouch_for
from server.portal.setup import Asked
from server.portal.shown import asked_in, shown_of
from server.portal.starting import Beginning, begin
from server.portal.uploads import with_files

VOUCHED = 12 * 3600  # seconds that a browser is believed after the site has vouched
PASS_HOURS = 60 * 24
PER_ADDRESS, PER_CHAT = "20 per hour", "1200 per hour"
LOOKS = "60 per minute"


@cache
def _script() -> bytes:
    return (DIST / asset("widget.js").rpartition("/")[2]).read_bytes()


async def script(request: Request, tx: Tx) -> Answer:
    """The same for every site; which chat it is, it reads off its own address."""
    await channel_of_key(tx, request.path_params["key"], "chat")
    headers = {"cache-control": "public, max-age=300", "cross-origin-resource-policy": "cross-origin"}
    return Response(_script(), media_type="text/javascript", headers=headers)


async def frame(request: Request, tx: Tx) -> Answer:
    try:
        channel = await channel_of_key(tx, request.path_params["key"], "chat")
    except DomainError as problem:
        return whole(request, "portal/over.html", problem.status, text=problem.message)
    shown = await shown_of(tx, channel) | {"call": await call_address(tx, channel)}
    return whole(request, "portal/chat.html", sites=tuple(channel.sites), preview=False, **shown)


async def here(request: Request, tx: Tx) -> Answer:
    channel = await channel_of_key(tx, request.path_params["key"], "chat")
    await slowly(request, "here", client_address(request), LOOKS)
    return JSONResponse({"here": await is_there(request, tx, channel)})


async def identify(request: Request, tx: Tx) -> Answer:
    """A site's token, taken when it is fresh; what the browser gets for it is good for this chat alone."""
    channel = await channel_of_key(tx, request.path_params["key"], "chat")
    await slowly(request, "identify", client_address(request), LOOKS)
    secret = secret_of(request.app.state.settings.secret, channel.seal) if channel.seal else ""
    found = identity_of(field(request.state.form, "token", 4000), secret, now()) if secret else None
    if found is None:
        raise Forbidden(_("This identity is not signed, or is too old"))
    until = now() + timedelta(seconds=VOUCHED)
    return JSONResponse({"vouch": vouch_for(found, _own(request, channel), until), "sub": found.sub})


def _own(request: Request, channel: Channel) -> str:
    """A new secret of the chat ends what was vouched for with the one before."""
    return secret_of(request.app.state.settings.secret, f"vouched:{channel.address}:{channel.seal}")


async def may_start(request: Request, tx: Tx) -> None:
    await channel_of_key(tx, request.path_params["key"], "chat")
    await slowly(request, "chat files", client_address(request), PER_ADDRESS)


async def start(request: Request, tx: Tx) -> Answer:
    """The first words make a case; the pass to it is told this once."""
    channel, form = await channel_of_key(tx, request.path_params["key"], "chat"), request.state.form
    await slowly(request, "chat", f"{channel.id}:{client_address(request)}", PER_ADDRESS)
    await slowly(request, "chat", channel.address, PER_CHAT)
    claim, asked = await _who(request, tx, channel)
    text = field(form, "text", 20_000)
    if not text and not request.state.stored:
        raise Invalid(text=_("Please write what it is about"))
    what = Beginning(
        claim, asked, text, origin=parse_origin(form), page=parse_page(field(form, "page", 4000)),
        page_title=clean(field(form, "title", 4000), 200), key=parse_key(request.headers.get("idempotency-key")),
    )  # fmt: skip
    case = await begin(tx, channel, what, request.state.stored)
    return JSONResponse({"pass": await give_pass(tx, case, language_of(request), PASS_HOURS)}, 201)


async def _who(request: Request, tx: Tx, channel: Channel) -> tuple[Claim, list[Asked]]:
    """Of whom the site vouches for, only what it says finds a record: anything typed beside it is a claim."""
    form = request.state.form
    typed = {name: value for name, value in form.items() if isinstance(value, str)}
    vouched = identity_of(field(form, "vouch", 4000), _own(request, channel), now(), VOUCHED)
    asked = await asked_in(tx, channel)
    if vouched is not None:
        return Claim(vouched.name, vouched.email, sub=vouched.sub), []
    if not await is_there(request, tx, channel):
        mail = Asked("emails", _("E-mail"), True, "email")
        asked = [mail if one.name == "emails" else one for one in asked]
        asked += [] if mail in asked else [mail]
    claim = parse_claim(asked, typed)
    await check_values(tx, system(channel.workspace_id), claim)
    return claim, asked


WIDGET = "/p/widget/{key}"
routes = [
    public_route("GET", f"{WIDGET}.js", script),
    public_route("GET", WIDGET, frame),
    public_route("GET", f"{WIDGET}/here", here),
    public_route("POST", f"{WIDGET}/identity", identify),
    public_route("POST", WIDGET, start, around=with_files(may_start)),
]
