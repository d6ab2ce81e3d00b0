"""What hangs on the list: its saved views, each with an address of its own."""

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from server.contacts.access import get_view
from server.contacts.views import change_view, remove_view, save_view
from server.kit.access import Principal
from server.kit.db import Tx
from server.kit.pages import render
from server.kit.text import _
from server.kit.web import Answer, field, route, toast


async def create(request: Request, tx: Tx, who: Principal) -> Answer:
    form = request.state.form
    view = await save_view(tx, who, field(form, "name", 80), field(form, "query", 1000), field(form, "shared") == "1")
    return Response(status_code=201, headers={"HX-Redirect": f"/contacts?{view.query}"})


async def edit(request: Request, tx: Tx, who: Principal) -> Answer:
    view = await get_view(tx, who, request.path_params["id"], "edit")
    return render("contacts/_view_form.html", view=view, home="/contacts/views", may_share=who.is_at_least("manager"))


async def change(request: Request, tx: Tx, who: Principal) -> Answer:
    """The names above the list come live, here as everywhere."""
    view = await get_view(tx, who, request.path_params["id"], "edit")
    form = request.state.form
    shared = field(form, "shared") == "1" if who.is_at_least("manager") else view.user_id is None
    await change_view(tx, who, view, field(form, "name", 80), shared)
    return toast(HTMLResponse(""), _("Saved"))


async def remove(request: Request, tx: Tx, who: Principal) -> Answer:
    view = await get_view(tx, who, request.path_params["id"], "edit")
    await remove_view(tx, who, view)
    return Response(status_code=200, headers={"HX-Redirect": "/contacts"})


routes = [
    route("POST", "/contacts/views", create),
    route("GET", "/contacts/views/{id:int}/edit", edit),
    route("PUT", "/contacts/views/{id:int}", change),
    route("DELETE", "/contacts/views/{id:int}", remove),
]
