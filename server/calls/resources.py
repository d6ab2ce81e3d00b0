"""What one does with a call: answer, ask somebody to come, keep the door, record, end."""

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from server.calls import actions, hosting, recordings, rings
from server.calls.access import (
    Verb,
    get_call,
    get_link,
    get_open_call,
    must_be_inside,
    must_be_open,
    own_place,
    person_of,
    recording_of,
)
from server.calls.forms import LinkDraft, parse_number
from server.calls.guests import make_link, take_back_link
from server.calls.models import Call, Participant
from server.calls.places import recording_patch, room_patches
from server.calls.queries import call_by_id, part_by_id
from server.calls.ranges import FilePart
from server.calls.sentences import parse_shown
from server.kit.about import to_id
from server.kit.access import Principal
from server.kit.db import Tx
from server.kit.errors import Invalid, NotFound
from server.kit.live import partials
from server.kit.pages import render
from server.kit.text import _
from server.kit.web import Answer, field, route, toast


async def _open(request: Request, tx: Tx, who: Principal, to: Verb = "join") -> Call:
    return await get_open_call(tx, who, request.path_params["id"], to)


async def _one(request: Request, tx: Tx, who: Principal, to: Verb = "host") -> tuple[Call, Participant]:
    call = await _open(request, tx, who, to)
    return call, person_of(call, request.path_params["person"])


async def _answer(tx: Tx, who: Principal, call: Call) -> Response:
    """The parts of the room as they are now; the same patches reach the others."""
    await tx.flush()
    shown = await call_by_id(tx, who, call.id)
    return HTMLResponse(partials(await room_patches(tx, shown)) if shown else "")


async def answer(request: Request, tx: Tx, who: Principal) -> Answer:
    call = await _open(request, tx, who)
    await rings.answer(tx, who, call)
    return Response(status_code=200, headers={"HX-Redirect": f"{call.url}?answered=1"})


async def decline(request: Request, tx: Tx, who: Principal) -> Answer:
    call = await _open(request, tx, who)
    await rings.decline(tx, who, call)
    return f'<hx-partial hx-target="#ring-{call.id}" hx-swap="delete"></hx-partial>'


def _addressee(request: Request) -> tuple[int | None, int | None]:
    """(user, team) by number, or `to` as the picker says it ("user:5")."""
    form = request.state.form
    kind, _colon, number = field(form, "to", 40).partition(":")
    given = {name: field(form, name, 40) or (number if kind == name else "") for name in ("user", "team")}
    user, team = (to_id(text) if text else None for text in given.values())
    return user, team


async def invite(request: Request, tx: Tx, who: Principal) -> Answer:
    call = await _open(request, tx, who)
    rung = await rings.invite(tx, who, call, *_addressee(request))
    return toast(await _answer(tx, who, call), _("It rings for them") if rung else _("They are in a call already"))


async def transfer(request: Request, tx: Tx, who: Principal) -> Answer:
    """By a host of the call one is in; or of what rings here: then it rings for them instead."""
    call = await _open(request, tx, who)
    if not await rings.is_rung(tx, who, call):
        call = await _open(request, tx, who, "host")
        rung = await rings.invite(tx, who, call, *_addressee(request), hand=True)
        said = _("It rings for them; leave when they are there") if rung else _("They are in a call already")
        return toast(await _answer(tx, who, call), said)
    await rings.hand_on(tx, who, call, *_addressee(request))
    return toast(
        HTMLResponse(f'<hx-partial hx-target="#ring-{call.id}" hx-swap="delete"></hx-partial>'), _("It rings for them")
    )


async def lock(request: Request, tx: Tx, who: Principal) -> Answer:
    call = await _open(request, tx, who, "host")
    await hosting.lock(tx, who, call, request.method == "PUT")
    return await _answer(tx, who, call)


async def mute(request: Request, tx: Tx, who: Principal) -> Answer:
    call, one = await _one(request, tx, who)
    await hosting.mute(tx, who, call, one, request.method == "PUT")
    return await _answer(tx, who, call)


async def hold(request: Request, tx: Tx, who: Principal) -> Answer:
    call, one = await _one(request, tx, who)
    await hosting.hold(tx, who, call, one, request.method == "PUT")
    return await _answer(tx, who, call)


async def remove(request: Request, tx: Tx, who: Principal) -> Answer:
    call, one = await _one(request, tx, who)
    await hosting.remove(tx, who, call, one)
    return await _answer(tx, who, call)


async def admit(request: Request, tx: Tx, who: Principal) -> Answer:
    call, one = await _one(request, tx, who, "join")
    await hosting.admit(tx, who, call, one)
    return await _answer(tx, who, call)


async def consent(request: Request, tx: Tx, who: Principal) -> Answer:
    call = await _open(request, tx, who)
    one = await actions.my_place(tx, who, call)
    await hosting.consent(tx, call, one, parse_shown(request.state.form) if request.method == "PUT" else None)
    return await _answer(tx, who, call)


async def record(request: Request, tx: Tx, who: Principal) -> Answer:
    """Who starts it is asked like everybody: it is no yes of their own."""
    call = await _open(request, tx, who)
    state = field(request.state.form, "state", 10)
    if state not in ("on", "paused"):
        raise Invalid(state=_("One of these is expected: %(list)s") % {"list": "on, paused"})
    must_be_inside(who, call)
    await hosting.record(tx, who, call, state)  # type: ignore[arg-type]
    return await _answer(tx, who, call)


async def remove_recording(request: Request, tx: Tx, who: Principal) -> Answer:
    """While the call goes on, DELETE stops the recording; afterwards it removes it."""
    call = await get_call(tx, who, request.path_params["id"])
    if call.is_open:
        call = await _open(request, tx, who)
        must_be_inside(who, call)
        await hosting.record(tx, who, call, "off")
        return await _answer(tx, who, call)
    call = await get_call(tx, who, call.id, "remove_recording")
    if not await recordings.remove_recording(tx, who, call):
        raise NotFound(_("This call has no recording"))
    await tx.flush()
    shown = await call_by_id(tx, who, call.id)
    return toast(HTMLResponse(partials([await recording_patch(tx, shown)]) if shown else ""), _("Recording removed"))


async def hold_recording(request: Request, tx: Tx, who: Principal) -> Answer:
    call = await get_call(tx, who, request.path_params["id"], "hold_recording")
    await recordings.hold_recording(tx, who, call, request.method == "PUT")
    await tx.flush()
    return partials([await recording_patch(tx, call)])


async def play(request: Request, tx: Tx, who: Principal) -> Answer:
    """A piece of the mix, or of one part. Rights are asked for each."""
    call = await get_call(tx, who, request.path_params["id"])
    settings = request.app.state.settings
    wanted = request.headers.get("range", "")
    if not (part := request.query_params.get("part")):
        mix = recording_of(call, "sound")
        return FilePart(request.app.state.services.files.path(mix.file), "audio/webm", wanted)
    found = await part_by_id(tx, call, parse_number(part))
    if found is None or call.is_open:
        raise NotFound(_("This call has no recording"))
    kind = "audio/webm" if found.source == "audio" else "video/webm"
    return FilePart(settings.parts_dir / found.file, kind, wanted)


async def make_video(request: Request, tx: Tx, who: Principal) -> Answer:
    """Of all pictures beside each other, with the sound; it takes a while, and the page says how far it is."""
    call = await get_call(tx, who, request.path_params["id"], "join")
    await recordings.video_soon(tx, who, call)
    await tx.flush()
    return HTMLResponse(partials([await recording_patch(tx, call)]), 202)


async def play_video(request: Request, tx: Tx, who: Principal) -> Answer:
    call = await get_call(tx, who, request.path_params["id"])
    video = recording_of(call, "video")
    path = request.app.state.services.files.path(video.file)
    return FilePart(path, "video/webm", request.headers.get("range", ""))


async def end(request: Request, tx: Tx, who: Principal) -> Answer:
    call = await get_call(tx, who, request.path_params["id"], "host")
    await actions.end_call(tx, who, call)
    return Response(status_code=200, headers={"HX-Redirect": call.url})


async def leave(request: Request, tx: Tx, who: Principal) -> Answer:
    """The beacon of a page that goes away."""
    call = await get_call(tx, who, request.path_params["id"])
    if (own := own_place(who, call)) is not None:
        tx.info.setdefault("left_calls", set()).add((call.room, own.id))
    return Response(status_code=204)


async def say(request: Request, tx: Tx, who: Principal) -> Answer:
    call = await _open(request, tx, who)
    one = await actions.my_place(tx, who, call)
    message = await actions.say(tx, call, one, field(request.state.form, "text", 4000))
    await tx.refresh(message, ["participant"])
    await tx.refresh(message.participant, ["user"])
    shown = render("calls/_said.html", message=message)
    append = f'<hx-partial hx-target="#call-{call.id}-talk" hx-swap="beforeend">{shown}</hx-partial>'
    return HTMLResponse(append, 201)


async def add_link(request: Request, tx: Tx, who: Principal) -> Answer:
    """The address is shown this once."""
    call = await _open(request, tx, who)
    form, settings = request.state.form, request.app.state.settings
    hours, seats = field(form, "hours", 4) or "24", field(form, "seats", 3) or "1"
    auto = field(form, "auto_admit", 4) == "1"
    draft = LinkDraft(field(form, "name", 80), parse_number(hours), parse_number(seats), auto)
    link, token = await make_link(tx, who, call, draft, settings.secret)
    url = f"{settings.url}/p/join/{token}"
    await tx.flush()
    shown = await call_by_id(tx, who, call.id)
    parts = partials(await room_patches(tx, shown)) if shown else ""
    return HTMLResponse(render("calls/_new_link.html", call=call, link=link, address=url) + parts, 201)


async def remove_link(request: Request, tx: Tx, who: Principal) -> Answer:
    call = await _open(request, tx, who)
    must_be_open(call)
    await take_back_link(tx, who, call, await get_link(tx, who, call, request.path_params["link"]))
    return await _answer(tx, who, call)


CALL, PERSON = "/calls/{id:int}", "/calls/{id:int}/participants/{person:int}"
routes = [
    route("PUT", f"{CALL}/answer", answer),
    route("PUT", f"{CALL}/decline", decline),
    route("POST", f"{CALL}/invitations", invite),
    route("POST", f"{CALL}/transfer", transfer),
    *(route(method, f"{CALL}/lock", lock) for method in ("PUT", "DELETE")),
    *(route(method, f"{PERSON}/mute", mute) for method in ("PUT", "DELETE")),
    *(route(method, f"{CALL}/hold/{{person:int}}", hold) for method in ("PUT", "DELETE")),
    route("DELETE", PERSON, remove),
    route("PUT", f"{PERSON}/admission", admit),
    *(route(method, f"{CALL}/consent", consent) for method in ("PUT", "DELETE")),
    route("GET", f"{CALL}/recording", play),
    route("PUT", f"{CALL}/recording", record),
    route("DELETE", f"{CALL}/recording", remove_recording),
    route("GET", f"{CALL}/recording/video", play_video),
    route("PUT", f"{CALL}/recording/video", make_video),
    *(route(method, f"{CALL}/legal-hold", hold_recording) for method in ("PUT", "DELETE")),
    route("POST", f"{CALL}/leave", leave),
    route("POST", f"{CALL}/messages", say),
    route("POST", f"{CALL}/guest-links", add_link),
    route("DELETE", f"{CALL}/guest-links/{{link:int}}", remove_link),
    route("DELETE", CALL, end),
]
