"""What a case has to do with people, records and other cases: followers, links, parent, merge and split."""

from starlette.requests import Request
from starlette.responses import Response

from server.cases import claims, joining
from server.cases.access import get_case, get_message, visible_cases
from server.cases.models import Case
from server.cases.queries import load_around
from server.contacts.access import get_record
from server.kit.access import Principal
from server.kit.db import Tx
from server.kit.errors import Invalid
from server.kit.pages import render
from server.kit.text import _
from server.kit.web import Answer, field, route, toast


async def _drawn(tx: Tx, who: Principal, case: Case) -> Answer:
    await tx.flush()
    return render("cases/_around.html", case=case, **await load_around(tx, who, case))


async def around(request: Request, tx: Tx, who: Principal) -> Answer:
    return await _drawn(tx, who, await get_case(tx, who, request.path_params["id"]))


async def follow(request: Request, tx: Tx, who: Principal) -> Answer:
    """Also for those who may only read."""
    case = await get_case(tx, who, request.path_params["id"])
    await claims.follow_case(tx, who, case, request.method == "PUT")
    return await _drawn(tx, who, case)


async def link(request: Request, tx: Tx, who: Principal) -> Answer:
    case = await get_case(tx, who, request.path_params["id"], "write")
    record = await get_record(tx, who, field(request.state.form, "about", 60))
    await joining.link_record(tx, who, case, record, True)
    return await _drawn(tx, who, case)


async def unlink(request: Request, tx: Tx, who: Principal) -> Answer:
    case = await get_case(tx, who, request.path_params["id"], "write")
    record = await get_record(tx, who, request.path_params["about"])
    await joining.link_record(tx, who, case, record, False)
    return await _drawn(tx, who, case)


async def _both(tx: Tx, who: Principal, request: Request, name: str) -> tuple[Case, Case]:
    """This case and the one whose number was typed, locked in the order of their ids, so that two who name
    each other's case wait for each other."""
    number = field(request.state.form, name, 20).strip().lstrip("#")
    found = visible_cases(who).where(Case.number == int(number)) if number.isdecimal() and len(number) < 10 else None
    other = await tx.scalar(found.with_only_columns(Case.id)) if found is not None else None
    if other is None:
        raise Invalid(**{name: _("There is no case with this number")})
    mine = request.path_params["id"]
    locked = {id: await get_case(tx, who, id, "write") for id in sorted({mine, other})}
    return locked[mine], locked[other]


async def set_parent(request: Request, tx: Tx, who: Principal) -> Answer:
    if field(request.state.form, "parent", 20):
        case, parent = await _both(tx, who, request, "parent")
        await joining.set_parent(tx, who, case, parent)
    else:
        case = await get_case(tx, who, request.path_params["id"], "write")
        await joining.set_parent(tx, who, case, None)
    return await _drawn(tx, who, case)


async def merge(request: Request, tx: Tx, who: Principal) -> Answer:
    case, into = await _both(tx, who, request, "into")
    await joining.merge_cases(tx, who, case, into)
    return Response(status_code=200, headers={"HX-Redirect": into.url})


async def ask_to_split(request: Request, tx: Tx, who: Principal) -> Answer:
    case = await get_case(tx, who, request.path_params["id"])
    message = await get_message(tx, who, case, request.path_params["message"])
    return render("cases/_split.html", case=case, message=message)


async def split(request: Request, tx: Tx, who: Principal) -> Answer:
    case = await get_case(tx, who, request.path_params["id"], "write")
    message = await get_message(tx, who, case, request.path_params["message"])
    other = await joining.split_case(tx, who, case, message, field(request.state.form, "subject", 1000) or case.subject)
    answer = Response(status_code=201, headers={"HX-Redirect": other.url, "Location": other.url})
    return toast(answer, _("Case %(number)s was made") % {"number": other.number})


CASE = "/cases/{id:int}"
routes = [
    route("GET", f"{CASE}/around", around),
    route("PUT", f"{CASE}/followers/me", follow),
    route("DELETE", f"{CASE}/followers/me", follow),
    route("POST", f"{CASE}/records", link),
    route("DELETE", f"{CASE}/records/{{about}}", unlink),
    route("PUT", f"{CASE}/parent", set_parent),
    route("PUT", f"{CASE}/merge", merge),
    route("GET", f"{CASE}/messages/{{message:int}}/split", ask_to_split),
    route("POST", f"{CASE}/messages/{{message:int}}/split", split),
]
