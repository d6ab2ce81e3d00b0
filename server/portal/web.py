"""What the team does on the customers' side: links to a case's page, and how far it has read itself."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from server.cases.access import get_case
from server.kit.about import to_id
from server.kit.access import Principal
from server.kit.db import Tx
from server.kit.pages import render
from server.kit.text import _
from server.kit.web import Answer, field, page_heads, route, toast
from server.portal import actions
from server.portal.forms import parse_n
from server.portal.places import beside


async def load_panel(tx: Tx, who: Principal, about: str) -> dict[str, Any]:
    return await beside(tx, await get_case(tx, who, to_id(about.partition(":")[2])))


async def panel(request: Request, tx: Tx, who: Principal) -> Answer:
    """Beside the thread."""
    case_id = request.path_params["id"]
    topic = f"case:{case_id}:team"
    heads = await page_heads(tx, who, topic)
    case = await get_case(tx, who, case_id)
    return render("portal/_panel.html", topics={topic: heads[topic]}, **await beside(tx, case))


async def make_link(request: Request, tx: Tx, who: Principal) -> Answer:
    """Shown this once: it is stored hashed."""
    case = await get_case(tx, who, request.path_params["id"], "write")
    language = case.contact.language or (case.channel.language if case.channel else who.language)
    token = await actions.make_link(tx, who, case, language)
    return render("portal/_given.html", link=f"{request.app.state.settings.url}/p/case/{token}", case=case)


async def take_back(request: Request, tx: Tx, who: Principal) -> Answer:
    case = await get_case(tx, who, request.path_params["id"], "write")
    await actions.take_back_links(tx, who, case)
    return toast(Response(status_code=200, headers={"HX-Reswap": "none"}), _("No link leads to this case any more"))


async def read(request: Request, tx: Tx, who: Principal) -> Answer:
    """Up to which message somebody of the team has looked; the customer sees that it was read, not by whom."""
    case = await get_case(tx, who, request.path_params["id"])
    await actions.read(tx, who, case, "team", parse_n(field(request.state.form, "n", 12)))
    return Response(status_code=204)


CASE = "/cases/{id:int}"
routes = [
    route("GET", f"{CASE}/customer", panel),
    route("POST", f"{CASE}/links", make_link),
    route("DELETE", f"{CASE}/links", take_back),
    route("PUT", f"{CASE}/reading", read),
]
