"""Opening, changing, entering and leaving rooms."""

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from server.chat import actions
from server.chat.access import get_room, may
from server.chat.forms import RoomDraft, parse_room
from server.chat.queries import members_of_room, open_rooms, room_size
from server.identity.queries import list_people
from server.kit.about import to_id
from server.kit.access import Principal
from server.kit.db import Tx
from server.kit.live import Patch, fragment, partials
from server.kit.pages import dom_id, render
from server.kit.text import _
from server.kit.web import Answer, field, route, toast


def _go(room_id: int, status: int = 200) -> Response:
    return Response(status_code=status, headers={"HX-Redirect": f"/chat/{room_id}", "Location": f"/chat/{room_id}"})


async def browse(request: Request, tx: Tx, who: Principal) -> Answer:
    """The open rooms, to join one."""
    found = await open_rooms(tx, who, request.query_params.get("q", "")[:60])
    return render("chat/_open_rooms.html", rooms=found)


async def create(request: Request, tx: Tx, who: Principal) -> Answer:
    draft: RoomDraft = parse_room(request.state.form)
    return _go((await actions.create_room(tx, who, draft)).id, 201)


async def change(request: Request, tx: Tx, who: Principal) -> Answer:
    room = await get_room(tx, who, request.path_params["id"], to="change")
    form = request.state.form
    await actions.change_room(tx, who, room, field(form, "name", 80), field(form, "topic", 300))
    await tx.flush()
    head = fragment("chat/_head.html", room=room, size=await room_size(tx, room))
    return partials([Patch("", dom_id("room", room.id, "head"), "replace", head)])


async def join(request: Request, tx: Tx, who: Principal) -> Answer:
    room = await get_room(tx, who, request.path_params["id"])
    await actions.join_room(tx, who, room)
    return _go(room.id)


async def leave(request: Request, tx: Tx, who: Principal) -> Answer:
    room = await get_room(tx, who, request.path_params["id"])
    await actions.leave_room(tx, who, room)
    return Response(status_code=200, headers={"HX-Redirect": "/chat"})


async def members(request: Request, tx: Tx, who: Principal) -> Answer:
    room = await get_room(tx, who, request.path_params["id"])
    found = await members_of_room(tx, who, room)
    inside = {person.id for person in found}
    may_invite = may(who, "write", room) and room.kind == "room" and room.archived_at is None and who.user_id in inside
    others = [person for person in await list_people(tx, who) if person.id not in inside] if may_invite else []
    return render("chat/_members.html", room=room, members=found, invitable=others)


async def invite(request: Request, tx: Tx, who: Principal) -> Answer:
    room = await get_room(tx, who, request.path_params["id"], to="write")
    await actions.invite_to_room(tx, who, room, to_id(field(request.state.form, "user", 20)))
    return await members(request, tx, who)


async def archive(request: Request, tx: Tx, who: Principal) -> Answer:
    room = await get_room(tx, who, request.path_params["id"], to="change")
    await actions.archive_room(tx, who, room)
    text = _("#%(name)s is in the archive") % {"name": room.name}
    return toast(_go(room.id), text, ("DELETE", f"/rooms/{room.id}/archive"))


async def reopen(request: Request, tx: Tx, who: Principal) -> Answer:
    room = await get_room(tx, who, request.path_params["id"], to="change")
    await actions.reopen_room(tx, who, room)
    return _go(room.id)


async def close(request: Request, tx: Tx, who: Principal) -> Answer:
    room = await get_room(tx, who, request.path_params["id"], to="change")
    await actions.close_room(tx, who, room)
    return toast(_go(room.id), _("Only those in #%(name)s see it now") % {"name": room.name})


async def unlock(request: Request, tx: Tx, who: Principal) -> Answer:
    room = await get_room(tx, who, request.path_params["id"], to="change")
    await actions.open_room(tx, who, room)
    return toast(_go(room.id), _("Everybody sees #%(name)s now") % {"name": room.name})


async def mute(request: Request, tx: Tx, who: Principal) -> Answer:
    room = await get_room(tx, who, request.path_params["id"])
    await actions.mute_room(tx, who, room, request.method == "PUT")
    return _go(room.id)


async def read(request: Request, tx: Tx, who: Principal) -> Answer:
    room = await get_room(tx, who, request.path_params["id"])
    await actions.mark_read(tx, who, room, to_id(field(request.state.form, "message", 20)))
    return HTMLResponse("", 200, {"HX-Reswap": "none"})


routes = [
    route("GET", "/rooms", browse),
    route("POST", "/rooms", create),
    route("PUT", "/rooms/{id:int}", change),
    route("PUT", "/rooms/{id:int}/membership", join, personal=True),
    route("DELETE", "/rooms/{id:int}/membership", leave, personal=True),
    route("GET", "/rooms/{id:int}/members", members),
    route("PUT", "/rooms/{id:int}/members", invite),
    route("PUT", "/rooms/{id:int}/archive", archive),
    route("DELETE", "/rooms/{id:int}/archive", reopen),
    route("PUT", "/rooms/{id:int}/privacy", close),
    route("DELETE", "/rooms/{id:int}/privacy", unlock),
    route("PUT", "/rooms/{id:int}/mute", mute, personal=True),
    route("DELETE", "/rooms/{id:int}/mute", mute, personal=True),
    route("PUT", "/rooms/{id:int}/read", read, personal=True),
]
