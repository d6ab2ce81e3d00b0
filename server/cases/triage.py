"""The list of cases: views with their counts, the narrow list beside a case, what is done with several at once."""

from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from server.calls.access import get_call
from server.calls.models import Call
from server.cases import actions, replies
from server.cases.access import get_case
from server.cases.forms import VIEWS, CaseQuery, parse_case_tags, parse_query, parse_via, query_of
from server.cases.models import Case
from server.cases.queries import (
    BESIDE,
    COUNTED,
    cases_of,
    count_views,
    linked_cases,
    list_case_tags,
    list_page,
    list_saved,
    teams_with_counts,
)
from server.cases.ways import handles_of, preferred_channel
from server.channels.queries import list_channels
from server.contacts.access import get_record, may_change_view
from server.kit.about import to_id
from server.kit.access import Principal
from server.kit.db import Tx
from server.kit.errors import Conflict, Invalid, NotFound
from server.kit.pages import render
from server.kit.text import _, ngettext
from server.kit.web import Answer, field, is_htmx, page, page_heads, route, toast

MOST_AT_ONCE = 100


async def index(request: Request, tx: Tx, who: Principal) -> Answer:
    topic = f"cases:{who.workspace_id}"
    heads = await page_heads(tx, who, topic)
    query = parse_query(request.query_params)
    inputs = {"topics": {topic: heads[topic]}, **await _list_inputs(tx, who, query)}
    if (last := inputs["paging"].page) < query.page:
        return RedirectResponse(query.url(page=last), 303)
    if is_htmx(request):
        return render("cases/_cases.html", **inputs)
    return await page(request, tx, who, "cases/index.html", heads=heads, **inputs)


async def _list_inputs(tx: Tx, who: Principal, query: CaseQuery) -> dict[str, Any]:
    cases, paging = await list_page(tx, who, query)
    return await views_inputs(tx, who, query) | {
        "cases": cases,
        "paging": paging,
        "teams": await teams_with_counts(tx, who, query),
        "tags": await list_case_tags(tx, who),
        "channels": await list_channels(tx, who) if not cases else [],  # named where nothing is shown yet
        "may_share": who.is_at_least("manager"),
        "is_admin": who.is_at_least("admin"),
    }


async def views_inputs(tx: Tx, who: Principal, query: CaseQuery) -> dict[str, Any]:
    """The views above the list: the house's own, then the saved ones, with how many are in each."""
    open_views = tuple(view for view in VIEWS if view not in ("solved", "all"))
    saved = [(view, n, may_change_view(who, view)) for view, n in await list_saved(tx, who)]
    return {
        "query": query,
        "counts": await count_views(tx, who, open_views),
        "saved": saved,
        "most": COUNTED,
        "may_write": who.may_write,
    }


async def teams(request: Request, tx: Tx, who: Principal) -> Answer:
    """The teams' chips, fetched again when a case moves."""
    query = parse_query(request.query_params)
    return render("cases/_teams.html", query=query, teams=await teams_with_counts(tx, who, query))


async def zone(request: Request, tx: Tx, who: Principal) -> Answer:
    """The narrow list beside a case, fetched again."""
    place = f"cases:{who.workspace_id}"
    heads = await page_heads(tx, who, place)
    query = query_of(request.query_params.get("from", "/cases"))
    beside, paging = await list_page(tx, who, query, BESIDE)
    at = request.query_params.get("at", "")
    inputs = {"query": query, "beside": beside, "total": paging.total, "at": int(at) if at.isdecimal() else 0}
    return render("cases/_zone.html", list_topics={place: heads[place]}, **inputs)


async def new(request: Request, tx: Tx, who: Principal) -> Answer:
    """For one who has called, is here, or wrote by a way that is no channel of ours."""
    about, call = request.query_params.get("about"), await _call(tx, who, request.query_params.get("call", ""))
    about = about or (call.about if call is not None else None)
    is_person = about is not None and about.startswith("contact:")  # of a company's call or a room's, whom is asked
    record = await get_record(tx, who, about) if is_person else None
    return render("cases/_new.html", record=record, call=call)


async def _call(tx: Tx, who: Principal, raw: str) -> Call | None:
    return await get_call(tx, who, to_id(raw)) if raw else None


async def create(request: Request, tx: Tx, who: Principal) -> Answer:
    """Opened by hand, for what came by another way."""
    form = request.state.form
    contact = await get_record(tx, who, field(form, "about", 60))
    if contact.kind != "contact":
        raise Invalid(about=_("A case belongs to a person"))
    channels, call = await list_channels(tx, who), await _call(tx, who, field(form, "call", 20))
    case = await actions.open_case(
        tx,
        who,
        contact,
        field(form, "subject", 1000),
        channels[0] if channels else None,
        via=parse_via(field(form, "via", 10) or "phone"),
        call=call.id if call is not None else None,
    )
    if text := field(form, "text", 100_000):
        await replies.note_case(tx, who, case, text)
    return Response(status_code=201, headers={"HX-Redirect": case.url, "Location": case.url})


async def _one(tx: Tx, who: Principal, case: Case, act: str, value: str) -> None:
    match act:
        case "assignee":
            await actions.assign_case(tx, who, case, who.user_id if value == "me" else to_id(value), case.team_id)
        case "team":
            await actions.assign_case(tx, who, case, case.assignee_id, to_id(value))
        case "status":
            await actions.set_status(tx, who, case, value)
        case "priority" | "type":
            await actions.change_case(tx, who, case, act, value)
        case "tag":
            await actions.tag_case(tx, who, case, [*case.tags, *parse_case_tags(value)])
        case _:
            raise Invalid(act=_("No such act"))


async def change_several(request: Request, tx: Tx, who: Principal) -> Answer:
    """One act on each of the chosen cases; those that are gone, claimed by a colleague, or closed to the reader or to
    whom they were to go, are left and counted."""
    form, act = request.state.form, request.path_params["act"]
    ids = sorted({to_id(raw) for raw in form.getlist("ids")})
    if not 0 < len(ids) <= MOST_AT_ONCE:
        raise Invalid(ids=_("Choose between 1 and %(n)s cases") % {"n": MOST_AT_ONCE})
    done = 0
    for case_id in ids:  # in the order of their numbers, so that two who do this wait for each other
        try:
            case = await get_case(tx, who, case_id, "write")
            await _one(tx, who, case, act, field(form, "value", 200))
        except (NotFound, Conflict, actions.ClosedToThem):  # all of them are checked before anything is written
            continue
        done += 1
    text = ngettext("%(num)s case changed", "%(num)s cases changed", done) % {"num": done}
    if left := len(ids) - done:
        text += ". " + ngettext("%(num)s left as it was", "%(num)s left as they were", left) % {"num": left}
    return toast(Response(status_code=200, headers={"HX-Reswap": "none"}), text)


async def load_panel(tx: Tx, who: Principal, about: str) -> dict[str, Any]:
    return {
        "cases": await cases_of(tx, who, about),
        "linked": await linked_cases(tx, who, about),
        "preferred": await preferred_channel(tx, who, about),
        "handles": await handles_of(tx, who, about),
    }


async def panel(request: Request, tx: Tx, who: Principal) -> Answer:
    record = await get_record(tx, who, request.query_params.get("about"))
    heads = await page_heads(tx, who, record.about)
    return render("cases/_panel.html", about=record.about, heads=heads, **await load_panel(tx, who, record.about))


routes = [
    route("GET", "/cases", index),
    route("POST", "/cases", create),
    route("GET", "/cases/new", new),
    route("GET", "/cases/beside", zone),
    route("GET", "/cases/teams", teams),
    route("PUT", "/cases/selection/{act}", change_several),
    route("GET", "/panels/cases", panel),
]
