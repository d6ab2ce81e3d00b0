"""The log of calls, a call's own page (its room while it goes on), and the cards that ring."""

from typing import Any
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from server.calls import actions, rings
from server.calls.access import about_of, get_call, may, own_place
from server.calls.forms import LoggedDraft, parse_end, parse_minutes, parse_query
from server.calls.models import Call
from server.calls.places import record_patch
from server.calls.queries import (
    Mixing,
    calls_of,
    links_of,
    list_page,
    mixing_of,
    ringing_for,
    rings_of,
    said_in,
    taken_from,
)
from server.calls.sentences import sentence
from server.contacts.access import get_record
from server.identity.queries import list_people
from server.kit.access import Principal
from server.kit.db import Tx
from server.kit.domain import Panel
from server.kit.homes import get_home, homes_of
from server.kit.live import partials
from server.kit.pages import render
from server.kit.text import _
from server.kit.web import Answer, field, is_htmx, page, page_heads, route, toast

Loaded = tuple[Panel, dict[str, Any]]
PAGES = {"contacts": "contact", "companies": "company", "chat": "room", "tasks": "task"}


async def index(request: Request, tx: Tx, who: Principal) -> Answer:
    topic = f"calls:{who.workspace_id}"
    heads = await page_heads(tx, who, topic)
    query = parse_query(request.query_params)
    calls, paging = await list_page(tx, who, query)
    if not calls and query.page > 1:
        return RedirectResponse(query.url(page=paging.pages), 303)
    inputs: dict[str, Any] = {
        "topics": {topic: heads[topic]},
        "query": query,
        "calls": calls,
        "paging": paging,
        "homes": await homes_of(tx, who, {call.about for call in calls}),
        "people": await list_people(tx, who),
    }
    if is_htmx(request):
        return render("calls/_list.html", who=who, **inputs)
    return await page(request, tx, who, "calls/index.html", heads=heads, **inputs)


async def start(request: Request, tx: Tx, who: Principal) -> Answer:
    """Opens the call of a record or a room: the one that goes on, else a new one, which rings its people."""
    form = request.state.form
    call, is_new = await rings.start_and_ring(tx, who, field(form, "about", 60), field(form, "kind", 10) or "video")
    if not is_htmx(request):
        return RedirectResponse(call.url, 303)
    return Response(status_code=201 if is_new else 200, headers={"HX-Redirect": call.url, "Location": call.url})


async def show(request: Request, tx: Tx, who: Principal) -> Answer:
    call_id = request.path_params["id"]
    subject = f"call:{call_id}"
    topics = (subject, f"{subject}:team", f"{subject}:all")
    about = await about_of(tx, who, call_id)
    panels = request.app.state.house.panels(about.partition(":")[0], "about", "notes", "dock")
    heads = await page_heads(
        tx, who, *topics, *([about] if about else []), *(topic for one in panels for topic in one.topics(about))
    )
    call = await get_call(tx, who, call_id)
    own = own_place(who, call)
    joins = call.is_open and may(who, "join", call) and not (own is not None and own.is_removed)
    loaded = [(panel, await panel.load(tx, who, call.about)) for panel in panels] if joins else []
    return await page(
        request,
        tx,
        who,
        "calls/room.html" if joins else "calls/show.html",
        heads=heads,
        topics={topic: heads[topic] for topic in topics},
        call=call,
        sentence=sentence,
        own=own,
        home=await get_home(tx, who, call.about) if call.about else None,
        caller=await _beside(request, tx, who, call, "room"),
        panels=loaded,
        rings=await rings_of(tx, call.id),
        links=await links_of(tx, call) if call.is_open else [],
        said=await said_in(tx, call),
        mixing=Mixing([], {}) if call.is_open else await mixing_of(tx, call),
        may_host=may(who, "host", call),
        may_remove_recording=may(who, "remove_recording", call),
        may_hold_recording=may(who, "hold_recording", call),
    )


async def card(request: Request, tx: Tx, who: Principal) -> Answer:
    call = await get_call(tx, who, request.path_params["id"])
    home = await get_home(tx, who, call.about) if call.about else None
    return render("calls/_card.html", call=call, home=home, caller=await _beside(request, tx, who, call, "ring"))


async def _beside(request: Request, tx: Tx, who: Principal, call: Call, slot: str) -> list[Loaded]:
    """What others know of who calls; nothing of a call that we began."""
    if call.direction != "in" or call.is_phone:
        return []
    wanted = request.app.state.house.panels("call", slot)
    return [(panel, await panel.load(tx, who, call.subject)) for panel in wanted]


async def ringing(request: Request, tx: Tx, who: Principal) -> Answer:
    """All that rings for this person now; on a record's page what rings there too."""
    calls = await ringing_for(tx, who, _looked_at(request)) if who.may_write else []
    taken = await taken_from(tx, who) if who.may_write else []
    homes = await homes_of(tx, who, {call.about for call in [*calls, *taken]})
    callers = {call.id: await _beside(request, tx, who, call, "ring") for call in calls}
    return render("calls/_rings.html", calls=calls, taken=taken, homes=homes, callers=callers)


def _looked_at(request: Request) -> str:
    """The record or the room whose page asks."""
    parts = urlsplit(request.headers.get("referer", "")).path.split("/")
    kind = PAGES.get(parts[1]) if len(parts) == 3 else None
    return f"{kind}:{parts[2]}" if kind else ""


async def new_logged(request: Request, tx: Tx, who: Principal) -> Answer:
    about = request.query_params.get("about")
    return render("calls/_log_form.html", record=await get_record(tx, who, about) if about else None)


async def log(request: Request, tx: Tx, who: Principal) -> Answer:
    """A call that was made elsewhere, written down by hand."""
    form = request.state.form
    draft = LoggedDraft(
        about=field(form, "about", 60),
        direction=field(form, "direction", 10) or "out",
        number=field(form, "number", 40),
        minutes=parse_minutes(field(form, "minutes", 5) or "0"),
        outcome=field(form, "outcome", 20) or "talked",
        note=field(form, "note", 2000),
        at=parse_end(field(form, "at", 40), who.timezone),
    )
    call = await actions.log_call(tx, who, draft)
    if not is_htmx(request):
        return RedirectResponse("/calls", 303)
    await tx.flush()
    answer = HTMLResponse(partials([await record_patch(tx, who, call.about)]), 201)
    answer.headers["Location"] = call.url
    return toast(answer, _("Call written down"))


async def panel(request: Request, tx: Tx, who: Principal) -> Answer:
    record = await get_record(tx, who, request.query_params.get("about"))
    heads = await page_heads(tx, who, record.about)
    return render("calls/_panel.html", about=record.about, heads=heads, **await load_panel(tx, who, record.about))


async def load_panel(tx: Tx, who: Principal, about: str) -> dict[str, list[Call]]:
    return {"calls": await calls_of(tx, who, about)}


async def addressees(request: Request, tx: Tx, who: Principal) -> Answer:
    """Whom one may ask to come, or hand what rings here to: people and teams."""
    call = await get_call(tx, who, request.path_params["id"])
    people, teams = await rings.addressees(tx, who, call)
    form = "calls/_hand.html" if request.url.path.endswith("/transfer/new") else "calls/_invite.html"
    return render(form, call=call, people=people, teams=teams)


routes = [
    route("GET", "/calls", index),
    route("POST", "/calls", start),
    route("GET", "/calls/ringing", ringing),
    route("GET", "/calls/logged/new", new_logged),
    route("POST", "/calls/logged", log),
    route("GET", "/panels/calls", panel),
    route("GET", "/calls/{id:int}", show),
    route("GET", "/calls/{id:int}/card", card),
    route("GET", "/calls/{id:int}/invitations/new", addressees),
    route("GET", "/calls/{id:int}/transfer/new", addressees),
]
