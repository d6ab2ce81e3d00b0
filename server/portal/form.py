"""A form of ours, on a page of its own or in a frame on somebody's site. It needs no scripts."""

import hashlib
import hmac
import secrets
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response

from server.channels.models import Channel
from server.identity.entry import client_address
from server.kit.access import system
from server.kit.clock import now
from server.kit.db import Tx
from server.kit.errors import DomainError, Invalid, TooMany
from server.kit.public import public_route
from server.kit.text import _, language
from server.kit.web import Answer, field
from server.portal.access import channel_of_key
from server.portal.answers import slowly, whole
from server.portal.forms import parse_key, parse_origin
from server.portal.people import Claim, check_values, parse_claim
from server.portal.queries import house_name
from server.portal.setup import words_of
from server.portal.shown import asked_in, shown_of
from server.portal.starting import Beginning, begin
from server.portal.uploads import with_files

QUICKEST, OLDEST = 2, 24 * 3600  # seconds between a form's page and its sending
PER_ADDRESS, PER_FORM = "12 per hour", "1200 per hour"
TRAP = "website"  # nobody sees this field


async def may_send(request: Request, tx: Tx) -> None:
    """Files are taken only where the form would be."""
    channel = await channel_of_key(tx, request.path_params["key"], "form")
    _check_began(request, channel)
    await slowly(request, "form files", client_address(request), PER_ADDRESS)


async def show(request: Request, tx: Tx) -> Answer:
    try:
        channel = await channel_of_key(tx, request.path_params["key"], "form")
    except DomainError as problem:
        return whole(request, "portal/over.html", problem.status, text=problem.message)
    referrer = request.headers.get("referer", "")
    own = urlsplit(referrer).netloc == request.headers.get("host", "")
    kept = {name: request.query_params.get(name, "")[:80] for name in ("utm_source", "utm_medium", "utm_campaign")}
    return await draw(request, tx, channel, {**kept, "referrer": "" if own else referrer[:2000]}, {})


async def draw(
    request: Request, tx: Tx, channel: Channel, values: dict[str, str], errors: dict[str, str], status: int = 200
) -> Response:
    shown = await shown_of(tx, channel) | {"values": values, "errors": errors, "began": _began(request, channel)}
    shown["key"] = values.get("key") or secrets.token_hex(16)
    return whole(request, "portal/form.html", status, tuple(channel.sites), preview=False, **shown)


def _began(request: Request, channel: Channel) -> str:
    """When the page was made, signed: the time between it and the sending tells people from programs."""
    at = str(int(now().timestamp()))
    return f"{at}.{_mark(request, channel, at)}"


def _mark(request: Request, channel: Channel, at: str) -> str:
    said = f"form:{channel.address}:{at}".encode()
    return hmac.new(request.app.state.settings.secret, said, hashlib.sha256).hexdigest()[:32]


def _check_began(request: Request, channel: Channel) -> None:
    at, _dot, mark = field(request.state.form, "began", 80).partition(".")
    is_ours = at.isascii() and at.isdigit() and hmac.compare_digest(mark.encode(), _mark(request, channel, at).encode())
    if not is_ours or not QUICKEST <= now().timestamp() - int(at) <= OLDEST:
        raise Invalid(form=_("Please send it once more"))


async def send(request: Request, tx: Tx) -> Answer:
    channel, form = await channel_of_key(tx, request.path_params["key"], "form"), request.state.form
    typed = {name: value for name, value in form.items() if isinstance(value, str)}
    if field(form, TRAP, 2000):
        return await _thanks(request, tx, channel, 0)  # a program filled it in: let it believe so
    try:
        _check_began(request, channel)
        await slowly(request, "form", f"{channel.id}:{client_address(request)}", PER_ADDRESS)
        await slowly(request, "form", channel.address, PER_FORM)
        asked = await asked_in(tx, channel)
        claim: Claim = parse_claim(asked, typed)
        what = Beginning(claim, asked, field(form, "text", 20_000), field(form, "subject", 200), parse_origin(form))
        if not what.text:
            raise Invalid(text=_("Please write what it is about"))
        await check_values(tx, system(channel.workspace_id), claim)
    except (Invalid, TooMany) as problem:
        errors = problem.fields or {"form": problem.message}
        request.state.stored = await _let_go(request)
        return await draw(request, tx, channel, typed, errors, problem.status)
    what = replace(what, key=parse_key(field(form, "key", 64)))
    case = await begin(tx, channel, what, request.state.stored)
    return await _thanks(request, tx, channel, case.number)


async def _let_go(request: Request) -> list[Any]:
    """A browser does not keep chosen files when a form comes back."""
    for one in request.state.stored:
        await request.app.state.services.files.remove(one.key)
    return []


async def _thanks(request: Request, tx: Tx, channel: Channel, number: int) -> Response:
    text = words_of(channel.options, "thanks", _("Thank you. We have got your message and will answer you."))
    place = await house_name(tx, channel.workspace_id)
    return whole(
        request, "portal/thanks.html", 201 if number else 200, tuple(channel.sites), place=place, text=text,
        number=number, again=f"{request.url.path}?lang={language()}",
    )  # fmt: skip


FORM = "/p/form/{key}"
routes = [public_route("GET", FORM, show), public_route("POST", FORM, send, around=with_files(may_send))]
