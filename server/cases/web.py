"""A case's page, and what one does with a case."""

from collections.abc import Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from server.cases import actions, claims, departures, replies
from server.cases.access import get_case, get_file, get_macro, get_message
from server.cases.copies import named_copies, offered_copies
from server.cases.forms import also_in, query_of
from server.cases.macros import apply_macro
from server.cases.models import Case, CaseMessage
from server.cases.places import line_patches, page_patches, row_patch
from server.cases.queries import (
    BESIDE,
    last_said,
    list_page,
    load_around,
    load_thread,
    load_writing,
)
from server.contacts.access import get_record
from server.identity.queries import known_names, list_people, list_teams, people_by_id
from server.kit.about import to_id
from server.kit.access import Principal
from server.kit.clock import now, read_moment
from server.kit.db import Tx
from server.kit.errors import Conflict, Invalid
from server.kit.live import Fragment, Patch, fragment, partials
from server.kit.markdown import mentioned
from server.kit.pages import dom_id, render
from server.kit.text import _
from server.kit.web import Answer, field, page, page_heads, route, toast


async def show(request: Request, tx: Tx, who: Principal) -> Answer:
    case_id, place = request.path_params["id"], f"cases:{who.workspace_id}"
    topic = f"case:{case_id}:team"
    case = await get_case(tx, who, case_id)
    heads = await page_heads(tx, who, topic, place)
    if case.merged_into_id is not None and "here" not in request.query_params:
        return RedirectResponse(f"/cases/{case.merged_into_id}", 303)
    query = query_of(request.query_params.get("from", "/cases"))
    beside, paging = await list_page(tx, who, query, BESIDE)
    writing = await load_writing(tx, who, case)
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
        drafts=writing.drafts,
        attached=writing.files,
        copies=offered_copies(case),
        named=named_copies(case),
        writing=writing.others,
        **await load_around(tx, who, case),
        panels=[
            (one, None if one.after else await one.load(tx, who, case.ref))
            for one in request.app.state.house.panels("case", "facts")
        ],
        docks=request.app.state.house.panels("contact", "dock"),
        query=query,
        beside=beside if any(one.id == case.id for one in beside) else [case, *beside],
        total=paging.total,
    )


async def _answer(tx: Tx, who: Principal, case: Case, status: int = 200, own: Sequence[Fragment] = ()) -> Response:
    """The parts of one's own page that may have changed; the same patches go to everybody else, but for `own`."""
    await tx.flush()
    fresh = await get_case(tx, who, case.id)
    rows = [row for row in tx.info["emitted"] if row.subject == case.ref] if "emitted" in tx.info else []
    changes = [row_patch(fresh, ""), *page_patches(fresh), *await line_patches(tx, who, fresh, rows)]
    changes += [Patch("", dom_id("case", case.id, "attached"), "replace", one) for one in own]
    return HTMLResponse(partials(changes), status)


async def write(request: Request, tx: Tx, who: Principal) -> Answer:
    """A reply to the customer, or a note for the team."""
    case = await get_case(tx, who, request.path_params["id"], "write")
    form = request.state.form
    if field(form, "audience", 20) != "customer":
        text = field(form, "note", 100_000)
        known = list(await known_names(tx, who.workspace_id, mentioned(text)))
        await replies.note_case(tx, who, case, text, known, field(form, "note_mark", 20))
        await _after(tx, who, case, form, None)
        return await _answer(tx, who, case, 201)
    seen = _seen(form)
    try:
        message = await replies.answer_case(
            tx,
            who,
            case,
            field(form, "text", 100_000),
            seen,
            _later(form, who.timezone),
            also_in(form),
            field(form, "draft_mark", 20),
        )
    except Conflict:  # nothing was written yet: what was said meanwhile is shown, and the text stays where it is
        return await _clash(tx, case, None if case.is_claimed(who.user_id, now()) else await last_said(tx, case))
    await _after(tx, who, case, form, message)
    answer = await _answer(tx, who, case, 201, [fragment("cases/_attached.html", case=case, attached=[])])
    if message.send_at is None:
        return answer
    undo = ("DELETE", f"{case.url}/messages/{message.id}")
    is_later = bool(field(form, "send_at", 40))
    return toast(
        answer, _("Your reply waits for its time") if is_later else _("Your reply leaves in ten seconds"), undo
    )


def _seen(form: FormData) -> int:
    seen = field(form, "seen", 12)
    if not (seen.isascii() and seen.isdigit()):
        raise Invalid(seen=_("Not a version"))
    return int(seen)


async def _clash(
    tx: Tx, case: Case, newer: CaseMessage | None, *, is_reply: bool = True, waits: CaseMessage | None = None
) -> Response:
    """Beside the composer: what was said meanwhile, or who has the case. `waits`: a reply for later that was to go."""
    people = await people_by_id(tx, {newer.author_id if newer else None})
    inputs = {"case": case, "newer": newer, "people": people, "is_reply": is_reply, "waits": waits}
    shown = fragment("cases/_clash.html", **inputs)
    clash = Patch(case.topic, dom_id("case", case.id, "clash"), "replace", shown)
    return HTMLResponse(partials([clash]), 409, {"HX-Reswap": "none"})


def _later(form: FormData, timezone: str) -> datetime | None:
    """When it is to leave; None: now."""
    if not (typed := field(form, "send_at", 40)):
        return None
    if (at := _moment(typed, timezone)) is None:
        raise Invalid(send_at=_("A moment within the next year is expected here"))
    return at


async def _after(tx: Tx, who: Principal, case: Case, form: FormData, message: CaseMessage | None) -> None:
    """What the macro does that the text came from."""
    if macro := field(form, "macro", 20):
        await apply_macro(tx, who, case, await get_macro(tx, who, to_id(macro)), message)


async def withdraw(request: Request, tx: Tx, who: Principal) -> Answer:
    """The page is loaded again: its composer begins with the words that were taken back."""
    case = await get_case(tx, who, request.path_params["id"], "write")
    await replies.withdraw(tx, who, case, await get_message(tx, who, case, request.path_params["message"]))
    return Response(status_code=200, headers={"HX-Refresh": "true"})


async def depart(request: Request, tx: Tx, who: Principal) -> Answer:
    """A reply for later leaves now, although something was said since it was written: what was seen of it is named."""
    case = await get_case(tx, who, request.path_params["id"], "write")
    message = await get_message(tx, who, case, request.path_params["message"])
    try:
        await departures.send_anyway(tx, who, case, message, _seen(request.state.form))
    except Conflict:
        newer = None if case.is_claimed(who.user_id, now()) else await last_said(tx, case)
        return await _clash(tx, case, newer, is_reply=False, waits=message)
    undo = ("DELETE", f"{case.url}/messages/{message.id}")
    return toast(await _answer(tx, who, case), _("Your reply leaves in ten seconds"), undo)


async def assign(request: Request, tx: Tx, who: Principal) -> Answer:
    case = await get_case(tx, who, request.path_params["id"], "write")
    form = request.state.form
    person, team = field(form, "assignee", 20), field(form, "team", 20)
    assignee = who.user_id if person == "me" else to_id(person) if person else None
    await actions.assign_case(
        tx, who, case, assignee, case.team_id if person == "me" else to_id(team) if team else None
    )
    return await _answer(tx, who, case)


async def take_over(request: Request, tx: Tx, who: Principal) -> Answer:
    case = await get_case(tx, who, request.path_params["id"], "write")
    await claims.take_over(tx, who, case)
    return await _answer(tx, who, case)


async def claim(request: Request, tx: Tx, who: Principal) -> Answer:
    case = await get_case(tx, who, request.path_params["id"], "write")
    await claims.claim_case(tx, who, case, field(request.state.form, "minutes", 5))
    return await _answer(tx, who, case)


async def release(request: Request, tx: Tx, who: Principal) -> Answer:
    case = await get_case(tx, who, request.path_params["id"], "write")
    await claims.release_case(tx, who, case)
    return await _answer(tx, who, case)


async def set_status(request: Request, tx: Tx, who: Principal) -> Answer:
    case = await get_case(tx, who, request.path_params["id"], "write")
    form = request.state.form
    old, status = case.status, field(form, "status", 20)
    if status == "snoozed":
        await actions.snooze_case(tx, who, case, _moment(field(form, "until", 40), who.timezone))
    else:
        try:
            await actions.set_status(tx, who, case, status)
        except Conflict:
            return await _clash(tx, case, None, is_reply=False)
    answer = await _answer(tx, who, case)
    return toast(answer, _("Solved"), ("DELETE", f"{case.url}/solution")) if case.is_over and old != status else answer


async def reopen(request: Request, tx: Tx, who: Principal) -> Answer:
    case = await get_case(tx, who, request.path_params["id"], "write")
    await actions.set_status(tx, who, case, "open")
    return await _answer(tx, who, case)


def _moment(text: str, timezone: str) -> datetime | None:
    try:
        return read_moment(text, ZoneInfo(timezone)).astimezone(UTC)
    except (ValueError, OverflowError, KeyError):
        return None


async def change(request: Request, tx: Tx, who: Principal) -> Answer:
    case = await get_case(tx, who, request.path_params["id"], "write")
    form = request.state.form
    name, value = field(form, "field", 20), field(form, "value", 1000)
    if name == "tags":
        await actions.tag_case(tx, who, case, value)
    else:
        await actions.change_case(tx, who, case, name, value)
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


async def run_macro(request: Request, tx: Tx, who: Principal) -> Answer:
    """One that only does something to the case."""
    case = await get_case(tx, who, request.path_params["id"], "write")
    await apply_macro(tx, who, case, await get_macro(tx, who, request.path_params["macro"]))
    return await _answer(tx, who, case)


async def download(request: Request, tx: Tx, who: Principal) -> Answer:
    file = await get_file(tx, who, request.path_params["id"])
    answer: Response = request.app.state.services.files.response(file.key, file.name, file.type)
    return answer


CASE = "/cases/{id:int}"
routes = [
    route("GET", CASE, show),
    route("PUT", CASE, change),
    route("POST", f"{CASE}/messages", write),
    route("DELETE", f"{CASE}/messages/{{message:int}}", withdraw),
    route("POST", f"{CASE}/messages/{{message:int}}/departure", depart),
    route("GET", f"{CASE}/assignee", choose),
    route("PUT", f"{CASE}/assignee", assign),
    route("POST", f"{CASE}/take-over", take_over),
    route("PUT", f"{CASE}/claim", claim),
    route("DELETE", f"{CASE}/claim", release),
    route("POST", f"{CASE}/macros/{{macro:int}}", run_macro),
    route("PUT", f"{CASE}/status", set_status),
    route("DELETE", f"{CASE}/solution", reopen),
    route("PUT", f"{CASE}/record", move),
    route("GET", "/case-files/{id:int}", download),
]
