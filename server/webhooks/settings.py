"""The settings page of webhooks, for admins."""

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from server.channels.access import get_channel
from server.channels.actions import close_channel
from server.kit.access import Principal
from server.kit.db import Tx
from server.kit.errors import Invalid
from server.kit.jobs import Services
from server.kit.outbound import Unreachable, sentence
from server.kit.pages import render
from server.kit.text import LANGUAGES, _
from server.kit.web import Answer, field, page_heads, route, settings_page, toast
from server.webhooks import actions
from server.webhooks.access import get_delivery, get_webhook, must_be_admin
from server.webhooks.forms import EVENTS, parse_url
from server.webhooks.queries import list_doors, list_webhooks


def _key(request: Request) -> bytes:
    key: bytes = request.app.state.settings.secret
    return key


def _base(request: Request) -> str:
    settings = request.app.state.settings
    return settings.url if settings.base_url else str(request.base_url).rstrip("/")


async def index(request: Request, tx: Tx, who: Principal) -> Answer:
    must_be_admin(who)
    log = f"webhooks:{who.workspace_id}"
    heads = await page_heads(tx, who, log)
    return await settings_page(
        request,
        tx,
        who,
        "webhooks/settings.html",
        heads=heads,
        webhooks=await list_webhooks(tx, who),
        doors=await list_doors(tx, who),
        base=_base(request),
        events=EVENTS,
        log_topic=log,
        languages=LANGUAGES,
        sentence=sentence,
    )


async def look_up(request: Request, who: Principal) -> None:
    """Where the address leads, before the transaction that keeps it."""
    must_be_admin(who)
    services: Services = request.app.state.services
    try:
        await services.outbound.check(parse_url(field(request.state.form, "address", 2000)))
    except Unreachable as error:
        raise Invalid(address=error.sentence) from None


async def add(request: Request, tx: Tx, who: Principal) -> Answer:
    must_be_admin(who)
    form = request.state.form
    events = [str(one) for one in form.getlist("events")]
    _webhook, secret = await actions.add_webhook(tx, who, field(form, "address", 2000), events, _key(request))
    return HTMLResponse(render("webhooks/_secret.html", secret=secret, address="", part="webhook"), 201)


async def change(request: Request, tx: Tx, who: Principal) -> Answer:
    webhook, form = await get_webhook(tx, who, request.path_params["id"]), request.state.form
    events = [str(one) for one in form.getlist("events")]
    await actions.change_webhook(tx, who, webhook, events, field(form, "is_on", 5) == "1")
    return toast(Response(status_code=200, headers={"HX-Reswap": "none"}), _("Saved"))


async def remove(request: Request, tx: Tx, who: Principal) -> Answer:
    await actions.remove_webhook(tx, who, await get_webhook(tx, who, request.path_params["id"]))
    return Response(status_code=204)


async def again(request: Request, tx: Tx, who: Principal) -> Answer:
    webhook = await get_webhook(tx, who, request.path_params["id"])
    await actions.send_again(tx, who, webhook, await get_delivery(tx, who, webhook, request.path_params["delivery"]))
    return toast(Response(status_code=204), _("It is sent again"))


async def open_door(request: Request, tx: Tx, who: Principal) -> Answer:
    must_be_admin(who)
    form = request.state.form
    name, language = field(form, "name", 200), field(form, "language", 5)
    channel, secret = await actions.open_door(tx, who, name, language or "en", _key(request))
    address = f"{_base(request)}/p/hooks/{channel.address}"
    return HTMLResponse(render("webhooks/_secret.html", secret=secret, address=address, part="door"), 201)


async def close_door(request: Request, tx: Tx, who: Principal) -> Answer:
    must_be_admin(who)
    channel = await get_channel(tx, who, request.path_params["id"], "change", "webhook")
    await close_channel(tx, who, channel)
    return Response(status_code=204)


PAGE = "/settings/webhooks"
routes = [
    route("GET", PAGE, index),
    route("POST", PAGE, add, before=look_up),
    route("PUT", PAGE + "/{id:int}", change),
    route("DELETE", PAGE + "/{id:int}", remove),
    route("POST", PAGE + "/{id:int}/deliveries/{delivery:int}", again),
    route("POST", PAGE + "/doors", open_door),
    route("DELETE", PAGE + "/doors/{id:int}", close_door),
]
