"""Macros: what the team answers often, kept by managers and used by everybody."""

from starlette.requests import Request
from starlette.responses import Response

from server.cases import macros
from server.cases.access import get_macro, may_change_macros
from server.cases.forms import BODY_LENGTH
from server.cases.macros import MacroDraft
from server.cases.models import PRIORITIES, TYPES
from server.cases.queries import list_macros
from server.identity.queries import list_teams
from server.kit.access import Principal
from server.kit.db import Tx
from server.kit.errors import Forbidden
from server.kit.text import _
from server.kit.web import Answer, field, page_heads, route, settings_page, toast

ACTS = ("status", "snooze", "priority", "type", "team", "tags")


async def index(request: Request, tx: Tx, who: Principal) -> Answer:
    heads = await page_heads(tx, who)
    return await settings_page(
        request,
        tx,
        who,
        "cases/macros.html",
        heads=heads,
        macros=await list_macros(tx, who),
        teams=await list_teams(tx, who),
        types=TYPES[1:],
        priorities=PRIORITIES,
        may_change=may_change_macros(who),
    )


def _draft(request: Request) -> MacroDraft:
    form = request.state.form
    acts = {act: field(form, act, 500) for act in ACTS}
    return MacroDraft(field(form, "name", 200), field(form, "language", 5), field(form, "text", BODY_LENGTH), acts)


async def create(request: Request, tx: Tx, who: Principal) -> Answer:
    if not may_change_macros(who):
        raise Forbidden(_("Only managers and admins change macros"))
    await macros.create_macro(tx, who, _draft(request))
    return Response(status_code=201, headers={"HX-Refresh": "true"})


async def change(request: Request, tx: Tx, who: Principal) -> Answer:
    macro = await get_macro(tx, who, request.path_params["id"], "change")
    await macros.change_macro(tx, who, macro, _draft(request))
    return toast(Response(status_code=200, headers={"HX-Reswap": "none"}), _("Saved"))


async def remove(request: Request, tx: Tx, who: Principal) -> Answer:
    await macros.remove_macro(tx, who, await get_macro(tx, who, request.path_params["id"], "change"))
    return Response(status_code=200, headers={"HX-Refresh": "true"})


routes = [
    route("GET", "/settings/macros", index),
    route("POST", "/settings/macros", create),
    route("PUT", "/settings/macros/{id:int}", change),
    route("DELETE", "/settings/macros/{id:int}", remove),
]
