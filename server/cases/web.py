"""The list of cases, a case's page, and what one does with a case."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from server.calls.access import get_call
from server.calls.models import Call
from server.cases import actions
from server.cases.access import get_case, get_file, get_message
from server.cases.forms import VIEWS, CaseQuery, parse_query, parse_via, query_of
from server.cases.models import Case
from server.cases.places import line_patches, page_patches, row_patch
from server.cases.queries import (
    BESIDE,
    cases_of,
    count_views,
    drafts_of,
    earlier_cases,
    last_said,
    list_page,
    load_thread,
    others_writing,
)
from server.channels.queries import list_channels
from server.contacts.access import get_record
from server.identity.queries import known_names, list_people, list_teams, people_by_id
from server.kit.about import to_id
from server.kit.access import Principal
from server.kit.db import Tx
from server.kit.errors import Conflict, Invalid
from server.kit.live import Patch, fragment, partials
from server.kit.markdown import mentioned
from server.kit.pages import dom_id, render
from server.kit.text import _
from server.kit.web import Answer, field, is_htmx, page, page_heads, route, toast


async def index(request: Request, tx: Tx, who: Principal) -> Answer:
    topic = f"cases:{who.workspace_id}"
    heads = await page_heads(tx, who, topic)
    inputs = {"topics": {topic: heads[topic]}, **await _list_inputs(tx, who, parse_query(request.query_params))}
    if is_htmx(request):
        return render("cases/_cases.html", **inputs)
    return await page(request, tx, who, "cases/index.html", heads=heads, **inputs)


async def _list_inputs(tx: Tx, who: Principal, query: CaseQuery) -> dict[str, Any]:
    cases, paging = await list_page(tx, who, query)
    open_views = tuple(view for view in VIEWS if view not in ("solved", "all"))
    return {
        "query": query,
        "cases": cases,
        "paging": paging,
        "counts": await count_views(tx, who, open_views),
        "teams": await list_teams(tx, who),
        "channels": await list_channels(tx, who),
        "is_admin": who.is_at_least("admin"),
    }


async def show(request: Request, tx: Tx, who: Principal) -> Answer:
    case_id, place = request.path_params["id"], f"cases:{who.workspace_id}"
    topic = f"case:{case_id}:team"
    heads = await page_heads(tx, who, topic, place)
    case = await get_case(tx, who, case_id)
    query = query_of(request.query_params.get("from", "/cases"))
    beside, paging = await list_page(tx, who, query, BESIDE)
    return await page(
        request,
        tx,
        who,
        "cases/show.html",
        heads=heads,
        case=case,
        topics={topic: heads[topic]},
        list_topics={place: heads[place]},
        thread=await load_thread(tx, who, case),
        drafts=await drafts_of(tx, who, case),
        writing=await others_writing(tx, who, case),
        earlier=await earlier_cases(tx, who, case),
        query=query,
        beside=beside if any(one.id == case.id for one in beside) else [case, *beside],
        total=paging.total,
        panels=[one.address(f"case:{case.id}") for one in request.app.state.house.panels("case")],
    )


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
    record = await get_record(tx, who, about) if about else None
    if record is not None and record.kind != "contact":
        record = None  # a case belongs to a person: whom, is asked
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
        await actions.note_case(tx, who, case, text)
    return Response(status_code=201, headers={"HX-Redirect": case.url, "Location": case.url})


async def _answer(tx: Tx, who: Principal, case: Case, status: int = 200) -> Response:
    """The parts of one's own page that may have changed; the same patches go to everybody else."""
    await tx.flush()
    fresh = await get_case(tx, who, case.id)
    rows = [row for row in tx.info["emitted"] if row.subject == case.ref] if "emitted" in tx.info else []
    changes = [row_patch(fresh, ""), *page_patches(fresh), *await line_patches(tx, who, fresh, rows)]
    return HTMLResponse(partials(changes), status)


async def write(request: Request, tx: Tx, who: Principal) -> Answer:
    """A reply to the customer, or a note for the team."""
    case = await get_case(tx, who, request.path_params["id"], "write")
    form = request.state.form
    if field(form, "audience", 20) != "customer":
        text = field(form, "note", 100_000)
        await actions.note_case(tx, who, case, text, list(await known_names(tx, who.workspace_id, mentioned(text))))
        return await _answer(tx, who, case, 201)
    seen = field(form, "seen", 12)
    if not (seen.isascii() and seen.isdigit()):
        raise Invalid(seen=_("Not a version"))
    try:
        message = await actions.answer_case(tx, who, case, field(form, "text", 100_000), int(seen))
    except Conflict:  # nothing was written yet: what was said meanwhile is shown, and the text stays where it is
        newer = await last_said(tx, case)
        people = await people_by_id(tx, {newer.author_id if newer else None})
        shown = fragment("cases/_clash.html", case=case, newer=newer, people=people)
        clash = Patch(case.topic, dom_id("case", case.id, "clash"), "replace", shown)
        return HTMLResponse(partials([clash]), 409, {"HX-Reswap": "none"})
    answer = await _answer(tx, who, case, 201)
    if message.send_at is None:
        return answer
    undo = ("DELETE", f"{case.url}/messages/{message.id}")
    return toast(answer, _("Your reply leaves in ten seconds"), undo)


async def withdraw(request: Request, tx: Tx, who: Principal) -> Answer:
    """The page is loaded again: its composer begins with the words that were taken back."""
    case = await get_case(tx, who, request.path_params["id"], "write")
    await actions.withdraw(tx, who, case, await get_message(tx, who, case, request.path_params["message"]))
    return Response(status_code=200, headers={"HX-Refresh": "true"})


async def assign(request: Request, tx: Tx, who: Principal) -> Answer:
    case = await get_case(tx, who, request.path_params["id"], "write")
    form = request.state.form
    person, team = field(form, "assignee", 20), field(form, "team", 20)
    assignee = who.user_id if person == "me" else to_id(person) if person else None
    await actions.assign_case(
        tx, who, case, assignee, case.team_id if person == "me" else to_id(team) if team else None
    )
    return await _answer(tx, who, case)


async def set_status(request: Request, tx: Tx, who: Principal) -> Answer:
    case = await get_case(tx, who, request.path_params["id"], "write")
    form = request.state.form
    old, status = case.status, field(form, "status", 20)
    if status == "snoozed":
        await actions.snooze_case(tx, who, case, _moment(field(form, "until", 40), who.timezone))
    else:
        await actions.set_status(tx, who, case, status)
    answer = await _answer(tx, who, case)
    return toast(answer, _("Solved"), ("DELETE", f"{case.url}/solution")) if case.is_over and old != status else answer


async def reopen(request: Request, tx: Tx, who: Principal) -> Answer:
    case = await get_case(tx, who, request.path_params["id"], "write")
    await actions.set_status(tx, who, case, "open")
    return await _answer(tx, who, case)


def _moment(text: str, timezone: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(text)
        return (at if at.tzinfo else at.replace(tzinfo=ZoneInfo(timezone))).astimezone(UTC)
    except (ValueError, OverflowError, KeyError):
        return None


async def change(request: Request, tx: Tx, who: Principal) -> Answer:
    case = await get_case(tx, who, request.path_params["id"], "write")
    form = request.state.form
    await actions.change_case(tx, who, case, field(form, "field", 20), field(form, "value", 1000))
    return await _answer(tx, who, case)


async def move(request: Request, tx: Tx, who: Principal) -> Answer:
    """Mends a wrong match."""
    case = await get_case(tx, who, request.path_params["id"], "write")
    contact = await get_record(tx, who, field(request.state.form, "about", 60))
    if contact.kind != "contact":
        raise Invalid(about=_("A case belongs to a person"))
    await actions.move_case(tx, who, case, contact)
    return Response(status_code=200, headers={"HX-Refresh": "true"})


async def choose(request: Request, tx: Tx, who: Principal) -> Answer:
    """Whom it can be given to, and which record it can be filed under."""
    case = await get_case(tx, who, request.path_params["id"])
    people, teams = await list_people(tx, who), await list_teams(tx, who)
    return render("cases/_assign.html", case=case, people=people, teams=teams)


async def save_draft(request: Request, tx: Tx, who: Principal) -> Answer:
    case = await get_case(tx, who, request.path_params["id"])
    kind = "reply" if request.path_params["kind"] == "reply" else "note"
    await actions.save_draft(tx, who, case, kind, field(request.state.form, "text", 100_000))
    return Response(status_code=204)


async def writing(request: Request, tx: Tx, who: Principal) -> Answer:
    """Who else has begun a reply, fetched when somebody begins or stops."""
    case = await get_case(tx, who, request.path_params["id"])
    return render("cases/_writing.html", case=case, writing=await others_writing(tx, who, case))


async def letter(request: Request, tx: Tx, who: Principal) -> Answer:
    """The HTML of a letter, for a frame that may do nothing."""
    case = await get_case(tx, who, request.path_params["id"])
    message = await get_message(tx, who, case, request.path_params["message"])
    policy = "default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'self'"
    return HTMLResponse(message.html, headers={"content-security-policy": policy})


async def download(request: Request, tx: Tx, who: Principal) -> Answer:
    file = await get_file(tx, who, request.path_params["id"])
    answer: Response = request.app.state.services.files.response(file.key, file.name, file.type)
    return answer


async def load_panel(tx: Tx, who: Principal, about: str) -> dict[str, Any]:
    return {"cases": await cases_of(tx, who, about)}


async def panel(request: Request, tx: Tx, who: Principal) -> Answer:
    record = await get_record(tx, who, request.query_params.get("about"))
    heads = await page_heads(tx, who, record.about)
    return render("cases/_panel.html", about=record.about, heads=heads, **await load_panel(tx, who, record.about))


CASE = "/cases/{id:int}"
routes = [
    route("GET", "/cases", index),
    route("POST", "/cases", create),
    route("GET", "/cases/new", new),
    route("GET", "/cases/beside", zone),
    route("GET", "/panels/cases", panel),
    route("GET", CASE, show),
    route("PUT", CASE, change),
    route("POST", f"{CASE}/messages", write),
    route("GET", f"{CASE}/messages/{{message:int}}/letter", letter),
    route("DELETE", f"{CASE}/messages/{{message:int}}", withdraw),
    route("GET", f"{CASE}/assignee", choose),
    route("PUT", f"{CASE}/assignee", assign),
    route("PUT", f"{CASE}/status", set_status),
    route("DELETE", f"{CASE}/solution", reopen),
    route("PUT", f"{CASE}/record", move),
    route("PUT", f"{CASE}/drafts/{{kind}}", save_draft),
    route("GET", f"{CASE}/writing", writing),
    route("GET", "/case-files/{id:int}", download),
]
