"""The workspace's own fields: /settings/fields, for admins."""

from starlette.requests import Request
from starlette.responses import Response

from server.contacts.access import get_field
from server.contacts.custom import change_field, define_field, remove_field
from server.contacts.fields import FIELD_KINDS
from server.contacts.queries import list_fields
from server.kit.access import Principal
from server.kit.db import Tx
from server.kit.web import Answer, field, page_heads, route, settings_page


async def index(request: Request, tx: Tx, who: Principal) -> Answer:
    heads = await page_heads(tx, who)
    fields = list((await list_fields(tx, who)).values())
    return await settings_page(request, tx, who, "contacts/fields.html", heads=heads, fields=fields, kinds=FIELD_KINDS)


async def create(request: Request, tx: Tx, who: Principal) -> Answer:
    form = request.state.form
    await define_field(tx, who, field(form, "label"), field(form, "kind"), field(form, "choices").splitlines())
    return Response(status_code=201, headers={"HX-Refresh": "true"})


async def change(request: Request, tx: Tx, who: Principal) -> Answer:
    custom = await get_field(tx, who, request.path_params["id"])
    form = request.state.form
    await change_field(tx, who, custom, field(form, "label"), field(form, "choices").splitlines())
    return Response(status_code=200, headers={"HX-Refresh": "true"})


async def remove(request: Request, tx: Tx, who: Principal) -> Answer:
    await remove_field(tx, who, await get_field(tx, who, request.path_params["id"]))
    return Response(status_code=200, headers={"HX-Refresh": "true"})


routes = [
    route("GET", "/settings/fields", index),
    route("POST", "/settings/fields", create),
    route("PUT", "/settings/fields/{id:int}", change),
    route("DELETE", "/settings/fields/{id:int}", remove),
]
