"""The API of the saved views of cases: one's own, and those of everybody."""

from urllib.parse import parse_qsl

from pydantic import Field
from starlette.requests import Request

from server.cases.forms import parse_query
from server.contacts.access import get_view, views_after
from server.contacts.models import SavedView
from server.contacts.views import keep_view, remove_view
from server.kit.access import Principal
from server.kit.api import Body, Listing, Page, Shape, api, page_of
from server.kit.db import Tx
from server.kit.errors import Invalid
from server.kit.text import _


class NewCaseView(Body):
    """`shared`: for everybody, which managers do."""

    name: str = Field(min_length=1, max_length=80)
    query: str = Field(min_length=1, max_length=1000, description="What stands behind the ? of the address of a list")
    shared: bool = False


class CaseViewShape(Shape):
    id: int
    name: str
    query: str
    shared: bool
    url: str
    home = "case-views"


def view_shape(view: SavedView) -> CaseViewShape:
    shared, url = view.user_id is None, f"/cases?{view.query}"
    return CaseViewShape(id=view.id, name=view.name, query=view.query, shared=shared, url=url)


async def index(request: Request, tx: Tx, who: Principal) -> Page[CaseViewShape]:
    asked: Listing = request.state.query
    rows = await views_after(tx, who, asked.after, asked.limit, "cases")
    return page_of(rows, asked.limit, view_shape, lambda view: view.id)


async def create(request: Request, tx: Tx, who: Principal) -> CaseViewShape:
    body: NewCaseView = request.state.body
    query = parse_query(dict(parse_qsl(body.query)))
    if not query.is_filtered:
        raise Invalid(query=_("Choose a filter first"))
    return view_shape(await keep_view(tx, who, body.name, query.kept, body.shared, "cases"))


async def show(request: Request, tx: Tx, who: Principal) -> CaseViewShape:
    return view_shape(await get_view(tx, who, request.path_params["id"], place="cases"))


async def remove(request: Request, tx: Tx, who: Principal) -> None:
    await remove_view(tx, who, await get_view(tx, who, request.path_params["id"], "edit", "cases"))


PATH = "/case-views/{id:int}"
routes = [
    api("GET", "/case-views", index, "List saved views of cases", gives=Page[CaseViewShape], asks=Listing),
    api("POST", "/case-views", create, "Save a view of cases", gives=CaseViewShape, takes=NewCaseView),
    api("GET", PATH, show, "Read a saved view of cases", gives=CaseViewShape),
    api("DELETE", PATH, remove, "Delete a saved view of cases"),
]
