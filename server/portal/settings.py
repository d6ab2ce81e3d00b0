"""The settings of forms and chats, for admins: what is asked, who may show it, the snippet, a preview, and whether it
stands on a page."""

from typing import Any, cast
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from server.channels.models import Channel
from server.channels.queries import list_channels
from server.contacts.actions import custom_fields
from server.contacts.fields import CUSTOM, labels
from server.identity.forms import ZONES
from server.identity.queries import list_teams
from server.kit.about import to_id
from server.kit.access import Principal
from server.kit.db import Tx
from server.kit.hours import DAYS, hours_text
from server.kit.jobs import Services
from server.kit.outbound import sentence
from server.kit.pages import render
from server.kit.text import _
from server.kit.web import Answer, field, page_heads, route, settings_page, toast
from server.portal import channels as verbs
from server.portal.access import get_place, must_be_admin
from server.portal.answers import whole
from server.portal.looking import Verdict, look
from server.portal.proof import secret_of
from server.portal.queries import count_origins
from server.portal.setup import (
    ASKABLE,
    TEXTS,
    PlaceDraft,
    parse_page,
    parse_place,
    parse_sites,
    parse_title,
    typed_anew,
)
from server.portal.shown import shown_of


async def index(request: Request, tx: Tx, who: Principal) -> Answer:
    must_be_admin(who)
    heads = await page_heads(tx, who)
    places = await verbs.list_places(tx, who)
    return await settings_page(request, tx, who, "portal/settings.html", heads=heads, places=places)


async def create(request: Request, tx: Tx, who: Principal) -> Answer:
    form = request.state.form
    name = parse_title(field(form, "name", 200))
    made = await verbs.open_place(tx, who, field(form, "kind", 10), name, who.language)
    address = f"/settings/portal/{made.id}"
    return Response(status_code=201, headers={"HX-Redirect": address, "Location": address})


async def _known(tx: Tx, who: Principal) -> dict[str, str]:
    """Fields of a record that may be asked, with their names."""
    words = labels()
    own = {f"{CUSTOM}{key}": one.label for key, one in (await custom_fields(tx, who)).items()}
    return {name: words[name] for name in ASKABLE} | own


async def show(request: Request, tx: Tx, who: Principal) -> Answer:
    heads = await page_heads(tx, who)
    channel = await get_place(tx, who, request.path_params["id"])
    known, base = await _known(tx, who), request.app.state.settings.url
    asked = {one["name"]: (n, one["required"]) for n, one in enumerate(channel.options["fields"], 1)}
    return await settings_page(
        request, tx, who, "portal/place.html", heads=heads, channel=channel, known=known, asked=asked, base=base,
        texts=TEXTS[channel.kind], teams=await list_teams(tx, who), mails=await list_channels(tx, who),
        origins=await count_origins(tx, channel), days=DAYS, hours=_hours(channel), zones=sorted(ZONES),
    )  # fmt: skip


def _hours(channel: Channel) -> list[str]:
    return [hours_text(channel.options.get("hours", []), day) for day in range(7)]


async def preview(request: Request, tx: Tx, who: Principal) -> Answer:
    """As visitors will see it, for a frame on our own page; nothing can be sent from there. The address says what is
    typed and not saved yet."""
    channel = await get_place(tx, who, request.path_params["id"])
    if typed := dict(request.query_params):
        channel = typed_anew(channel, typed, list(await _known(tx, who)))
    template = "portal/chat.html" if channel.kind == "chat" else "portal/form.html"
    return whole(request, template, sites=("'self'",), preview=True, **await shown_of(tx, channel))


async def preview_frame(request: Request, tx: Tx, who: Principal) -> Answer:
    """The frame again, for what is typed now; of the whole form it takes what visitors see."""
    channel = await get_place(tx, who, request.path_params["id"])
    seen = ("name", "ask_", "order_", *(f"{name}_" for name in TEXTS[channel.kind]))
    typed = {name: value for name, value in request.query_params.items() if name.startswith(seen) and value}
    return render("portal/_preview.html", channel=channel, query=urlencode(typed))


async def change(request: Request, tx: Tx, who: Principal) -> Answer:
    channel, form = await get_place(tx, who, request.path_params["id"]), request.state.form
    mails = {one.id for one in await list_channels(tx, who)}
    typed: dict[str, Any] = {name: value for name, value in form.items() if isinstance(value, str)}
    team = field(form, "team", 20)
    draft = PlaceDraft(
        parse_title(field(form, "name", 200)),
        field(form, "language", 5),
        to_id(team) if team else None,
        parse_sites(field(form, "sites", 10_000)),
        parse_place(channel.kind, typed, list(await _known(tx, who)), mails),
    )
    await verbs.change_place(tx, who, channel, draft)
    return toast(Response(status_code=200, headers={"HX-Refresh": "true"}), _("Saved"))


async def close(request: Request, tx: Tx, who: Principal) -> Answer:
    await verbs.close_place(tx, who, await get_place(tx, who, request.path_params["id"]))
    return Response(status_code=200, headers={"HX-Redirect": "/settings/portal"})


async def look_there(request: Request, who: Principal) -> None:
    """Fetches the page before any transaction."""
    services: Services = request.app.state.services
    async with services.database.transaction(read=True) as tx:
        channel = await get_place(tx, who, request.path_params["id"])
    page = parse_page(field(request.state.form, "page", 2000))
    request.state.verdict = await look(services.outbound, channel, services.settings.url, page)


async def verdict(request: Request, tx: Tx, who: Principal) -> Answer:
    channel = await get_place(tx, who, request.path_params["id"])
    await verbs.keep_page(tx, who, channel, parse_page(field(request.state.form, "page", 2000)))
    found = cast(Verdict, request.state.verdict)
    return render("portal/_verdict.html", verdict=found, channel=channel, sentence=sentence)


async def secret(request: Request, tx: Tx, who: Principal) -> Answer:
    """A new one, shown this once."""
    channel = await get_place(tx, who, request.path_params["id"])
    made = secret_of(request.app.state.settings.secret, await verbs.new_seal(tx, who, channel))
    return render("portal/_secret.html", secret=made, channel=channel)


PLACE = "/settings/portal/{id:int}"
routes = [
    route("GET", "/settings/portal", index),
    route("POST", "/settings/portal", create),
    route("GET", PLACE, show),
    route("PUT", PLACE, change),
    route("DELETE", PLACE, close),
    route("GET", f"{PLACE}/preview", preview),
    route("GET", f"{PLACE}/preview/frame", preview_frame),
    route("POST", f"{PLACE}/secret", secret),
    route("POST", f"{PLACE}/look", verdict, before=look_there),
]
