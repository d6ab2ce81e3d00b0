"""The composer's own requests: drafts as they are typed, who else writes, macros that "/" offers."""

from starlette.requests import Request
from starlette.responses import JSONResponse

from server.cases.access import get_case
from server.cases.drafts import save_draft
from server.cases.macros import fill_in
from server.cases.queries import list_macros, load_writing
from server.identity.queries import people_by_id
from server.kit.access import Principal
from server.kit.db import Tx
from server.kit.errors import Conflict
from server.kit.pages import render
from server.kit.web import Answer, field, route


async def save(request: Request, tx: Tx, who: Principal) -> Answer:
    """Answers with the draft's mark; with 409 and what stands there when that is another text than the one `seen`."""
    case, form = await get_case(tx, who, request.path_params["id"]), request.state.form
    if case.merged_into_id is not None:  # their page is still the old case's
        case = await get_case(tx, who, case.merged_into_id)
    kind, seen = "reply" if request.path_params["kind"] == "reply" else "note", field(form, "seen", 20)
    try:
        text, is_last = field(form, "text", 100_000), field(form, "last", 2) == "1"
        return JSONResponse({"mark": await save_draft(tx, who, case, kind, text, seen, is_last=is_last)})
    except Conflict as error:
        return JSONResponse(error.theirs, 409)


async def writing(request: Request, tx: Tx, who: Principal) -> Answer:
    """Who else has begun a reply, fetched when somebody begins or stops."""
    case = await get_case(tx, who, request.path_params["id"])
    return render("cases/_writing.html", case=case, writing=(await load_writing(tx, who, case)).others)


async def macros(request: Request, tx: Tx, who: Principal) -> Answer:
    """Macros for this case, with their words filled in: the menu that "/" opens."""
    case = await get_case(tx, who, request.path_params["id"])
    found = await list_macros(tx, who, request.query_params.get("q", "")[:80], case.language)
    agent = await people_by_id(tx, {who.user_id})
    name = next(iter(agent.values())).name if agent else ""
    return render("cases/_macros.html", macros=[(macro, fill_in(macro.text, case, name)) for macro in found])


CASE = "/cases/{id:int}"
routes = [
    route("GET", f"{CASE}/macros", macros),
    route("PUT", f"{CASE}/drafts/{{kind}}", save),
    route("GET", f"{CASE}/writing", writing),
]
