"""Saying something, mending it, taking it back, and the signs under it; answers are the fragments of the patches."""

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse

from server.chat import actions
from server.chat.access import get_message, get_room
from server.chat.forms import parse_mentions
from server.chat.models import Message
from server.chat.queries import people_of_messages, reload_message
from server.contacts.access import get_record
from server.kit.access import Principal
from server.kit.db import Tx
from server.kit.errors import NotFound
from server.kit.live import Patch, fragment, partials
from server.kit.markdown import MENTION, mentioned
from server.kit.pages import dom_id, render
from server.kit.text import _
from server.kit.web import Answer, field, is_htmx, route, toast

LONGEST = 20_000  # the verb says what is too long, in its own words


async def _again(tx: Tx, who: Principal, message: Message) -> list[Patch]:
    """The message where it stands, and its copies in a thread and beside a record."""
    fresh = await reload_message(tx, who, message.id)
    people = await people_of_messages(tx, [fresh])
    template = "chat/_reply.html" if fresh.reply_to_id else "chat/_message.html"
    inputs = {"message": fresh} if fresh.reply_to_id else {"message": fresh, "people": people}
    return [
        Patch("", dom_id("message", fresh.id), "replace", fragment(template, **inputs)),
        Patch("", dom_id("root", fresh.id), "replace", fragment("chat/_root.html", message=fresh)),
        Patch("", dom_id("say", fresh.id), "replace", fragment("chat/_say.html", message=fresh)),
    ]


async def post(request: Request, tx: Tx, who: Principal) -> Answer:
    room = await get_room(tx, who, request.path_params["id"], to="write")
    form = request.state.form
    said = await actions.post_message(tx, who, room, field(form, "text", LONGEST), None, parse_mentions(form))
    fresh = await reload_message(tx, who, said.id)
    shown = fragment("chat/_message.html", message=fresh, people={})
    patch = Patch("", dom_id("room", room.id, "messages"), "append", shown)
    return HTMLResponse(partials([patch]), 201, {"Location": f"/messages/{said.id}"})


async def reply(request: Request, tx: Tx, who: Principal) -> Answer:
    first = await get_message(tx, who, request.path_params["id"])
    room = await get_room(tx, who, first.room_id, to="write")
    form = request.state.form
    said = await actions.post_message(tx, who, room, field(form, "text", LONGEST), first, parse_mentions(form))
    root_id = said.reply_to_id or first.id
    fresh = await reload_message(tx, who, said.id)
    patch = Patch("", dom_id("thread", root_id, "replies"), "append", fragment("chat/_reply.html", message=fresh))
    again = await _again(tx, who, await reload_message(tx, who, root_id))
    return HTMLResponse(partials([patch, *again]), 201, {"Location": f"/messages/{said.id}"})


async def post_to_record(request: Request, tx: Tx, who: Principal) -> Answer:
    record = await get_record(tx, who, request.path_params["about"])
    form = request.state.form
    said = await actions.post_to_record(tx, who, record, field(form, "text", LONGEST), parse_mentions(form))
    shown = fragment("chat/_say.html", message=await reload_message(tx, who, said.id))
    return HTMLResponse(partials([Patch("", "talk", "append", shown)]), 201, {"Location": f"/messages/{said.id}"})


async def show(request: Request, tx: Tx, who: Principal) -> Answer:
    """The message alone; as a visit, its place in the room."""
    message = await get_message(tx, who, request.path_params["id"])
    if not is_htmx(request):
        thread = f"&thread={message.reply_to_id}" if message.reply_to_id else ""
        at = message.reply_to_id or message.id
        return RedirectResponse(f"/chat/{message.room_id}?at={at}{thread}#message-{message.id}", 303)
    if message.reply_to_id:
        return render("chat/_reply.html", message=message)
    return render("chat/_message.html", message=message, people=await people_of_messages(tx, [message]))


async def edit_form(request: Request, tx: Tx, who: Principal) -> Answer:
    """The text with plain names; who is meant stands beside it."""
    message = await get_message(tx, who, request.path_params["id"], to="edit")
    text = MENTION.sub(lambda match: "@" + match[1], message.body)
    return render("chat/_edit.html", message=message, text=text, mentions=mentioned(message.body))


async def edit(request: Request, tx: Tx, who: Principal) -> Answer:
    message = await get_message(tx, who, request.path_params["id"], to="edit")
    room = await get_room(tx, who, message.room_id, to="write")
    form = request.state.form
    await actions.edit_message(tx, who, room, message, field(form, "text", LONGEST), parse_mentions(form))
    return partials(await _again(tx, who, message))


async def remove(request: Request, tx: Tx, who: Principal) -> Answer:
    message = await get_message(tx, who, request.path_params["id"], to="remove")
    room = await get_room(tx, who, message.room_id)
    await actions.remove_message(tx, who, room, message)
    answer = HTMLResponse(partials(await _again(tx, who, message)))
    return toast(answer, _("Message removed"), ("DELETE", f"/messages/{message.id}/removal"))


async def restore(request: Request, tx: Tx, who: Principal) -> Answer:
    message = await get_message(tx, who, request.path_params["id"], to="remove")
    room = await get_room(tx, who, message.room_id)
    await actions.restore_message(tx, who, room, message)
    return partials(await _again(tx, who, message))


async def sign(request: Request, tx: Tx, who: Principal) -> Answer:
    """PUT and DELETE of one's own sign."""
    message = await get_message(tx, who, request.path_params["id"], to="react")
    room = await get_room(tx, who, message.room_id)
    if room.archived_at is not None:
        raise NotFound(_("This room is in the archive"))
    act = actions.react if request.method == "PUT" else actions.unreact
    await act(tx, who, room, message, request.path_params["emoji"])
    return partials(await _again(tx, who, message))


routes = [
    route("POST", "/rooms/{id:int}/messages", post),
    route("POST", "/discussions/{about}/messages", post_to_record),
    route("GET", "/messages/{id:int}", show),
    route("PUT", "/messages/{id:int}", edit),
    route("GET", "/messages/{id:int}/edit", edit_form),
    route("POST", "/messages/{id:int}/replies", reply),
    route("PUT", "/messages/{id:int}/removal", remove),
    route("DELETE", "/messages/{id:int}/removal", restore),
    route("PUT", "/messages/{id:int}/reactions/{emoji}", sign),
    route("DELETE", "/messages/{id:int}/reactions/{emoji}", sign),
]
