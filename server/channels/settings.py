"""The settings page of channels, for admins."""

from starlette.requests import Request
from starlette.responses import Response

from server.channels import actions
from server.channels.access import get_channel
from server.channels.forms import SIGNATURE_LENGTH, ChannelDraft
from server.channels.queries import list_channels
from server.identity.queries import list_teams
from server.kit.about import to_id
from server.kit.access import Principal
from server.kit.db import Tx
from server.kit.errors import Forbidden
from server.kit.text import _
from server.kit.web import Answer, field, page_heads, route, settings_page, toast


def _admins(who: Principal) -> None:
    if not who.is_at_least("admin"):
        raise Forbidden(_("Only admins change channels"))


async def index(request: Request, tx: Tx, who: Principal) -> Answer:
    _admins(who)
    heads = await page_heads(tx, who)
    return await settings_page(
        request,
        tx,
        who,
        "channels/settings.html",
        heads=heads,
        channels=await list_channels(tx, who),
        teams=await list_teams(tx, who),
        sends=request.app.state.services.mailer.is_real,
    )


def _draft(request: Request) -> ChannelDraft:
    form = request.state.form
    team = field(form, "team", 20)
    return ChannelDraft(
        field(form, "address", 300),
        field(form, "name", 200),
        field(form, "language", 5) or "en",
        to_id(team) if team else None,
        field(form, "signature", SIGNATURE_LENGTH),
    )


async def create(request: Request, tx: Tx, who: Principal) -> Answer:
    _admins(who)
    await actions.open_channel(tx, who, _draft(request))
    return Response(status_code=201, headers={"HX-Refresh": "true"})


async def change(request: Request, tx: Tx, who: Principal) -> Answer:
    channel = await get_channel(tx, who, request.path_params["id"], "change")
    await actions.change_channel(tx, who, channel, _draft(request))
    return toast(Response(status_code=200, headers={"HX-Reswap": "none"}), _("Saved"))


async def close(request: Request, tx: Tx, who: Principal) -> Answer:
    await actions.close_channel(tx, who, await get_channel(tx, who, request.path_params["id"], "change"))
    return Response(status_code=200, headers={"HX-Refresh": "true"})


routes = [
    route("GET", "/settings/channels", index),
    route("POST", "/settings/channels", create),
    route("PUT", "/settings/channels/{id:int}", change),
    route("DELETE", "/settings/channels/{id:int}", close),
]
