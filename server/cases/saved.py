"""The saved views of cases: a filter of the list under a name, each with an address of its own."""

from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from server.cases.forms import parse_query
from server.cases.triage import views_inputs
from server.contacts.access import get_view
from server.contacts.models import SavedView
from server.contacts.views import change_view, keep_view, remove_view
from server.kit.access import Principal
from server.kit.db import Tx
from server.kit.errors import Invalid
from server.kit.pages import render
from server.kit.text import _
from server.kit.web import Answer, field, route, toast

HOME = "/cases/views"


async def views(request: Request, tx: Tx, who: Principal) -> Answer:
    """The row above the list, fetched again when a case moves or a view comes, goes or is renamed."""
    return render("cases/_views.html", **await views_inputs(tx, who, parse_query(request.query_params)))


async def create(request: Request, tx: Tx, who: Principal) -> Answer:
    form = request.state.form
    query = parse_query(dict(parse_qsl(field(form, "query", 1000))))
    if not query.is_filtered:
        raise Invalid(name=_("Choose a filter first"))
    view = await keep_view(tx, who, field(form, "name", 80), query.kept, field(form, "shared") == "1", "cases")
    return Response(status_code=201, headers={"HX-Redirect": f"/cases?{view.query}"})


async def _mine(request: Request, tx: Tx, who: Principal) -> SavedView:
    return await get_view(tx, who, request.path_params["id"], "edit", "cases")


async def edit(request: Request, tx: Tx, who: Principal) -> Answer:
    view = await _mine(request, tx, who)
    return render("contacts/_view_form.html", view=view, home=HOME, may_share=who.is_at_least("manager"))


async def change(request: Request, tx: Tx, who: Principal) -> Answer:
    view, form = await _mine(request, tx, who), request.state.form
    shared = field(form, "shared") == "1" if who.is_at_least("manager") else view.user_id is None
    await change_view(tx, who, view, field(form, "name", 80), shared)
    return toast(HTMLResponse(""), _("Saved"))


async def remove(request: Request, tx: Tx, who: Principal) -> Answer:
    await remove_view(tx, who, await _mine(request, tx, who))
    return Response(status_code=200, headers={"HX-Redirect": "/cases"})


routes = [
    route("GET", HOME, views),
    route("POST", HOME, create),
    route("GET", HOME + "/{id:int}/edit", edit),
    route("PUT", HOME + "/{id:int}", change),
    route("DELETE", HOME + "/{id:int}", remove),
]
