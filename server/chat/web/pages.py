"""The chat page, the parts of it that fetch themselves, and the discussion beside a record."""

from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse

from server.chat import queries
from server.chat.access import get_message, get_room, may
from server.chat.actions import keep_draft
from server.chat.actions.messages import EMOJI
from server.chat.forms import DRAFT_LENGTH, parse_before
from server.chat.models import Room
from server.contacts.access import get_record
from server.identity.access import get_user
from server.kit.about import parse_about
from server.kit.access import Principal
from server.kit.db import Tx
from server.kit.errors import NotFound
from server.kit.pages import render
from server.kit.text import _
from server.kit.web import Answer, field, is_htmx, page, page_heads, route


async def index(request: Request, tx: Tx, who: Principal) -> Answer:
    """The list alone: a page of its own on phones, beside an invitation to choose elsewhere."""
    rooms = await _list(tx, who)
    context = {**rooms, "room": None, "title": "", "emoji": EMOJI, "manager": False, "may_change": False}
    return await page(request, tx, who, "chat/index.html", heads=await page_heads(tx, who), **context)


async def show(request: Request, tx: Tx, who: Principal) -> Answer:
    room = await get_room(tx, who, request.path_params["id"])
    heads = await page_heads(tx, who, f"room:{room.id}")
    context = {**await _list(tx, who), **await _talk(request, tx, who, room), "root": None}
    if (root_id := parse_before(request.query_params.get("thread"))) is not None:
        context |= await _thread(tx, who, root_id)
    return await page(request, tx, who, "chat/index.html", heads=heads, **context)


async def _list(tx: Tx, who: Principal) -> dict[str, Any]:
    """The list and the topics that keep it up to date."""
    rooms = await queries.list_rooms(tx, who)
    heads = await page_heads(tx, who, *(f"room:{item.room.id}:news" for item in rooms.all))
    return {"list": rooms, "topics": heads, "may_write": who.may_write}


async def _talk(request: Request, tx: Tx, who: Principal, room: Room) -> dict[str, Any]:
    """What is inside the room."""
    await queries.load_record(tx, room)
    messages, older = await queries.page_of_messages(tx, who, room, at=parse_before(request.query_params.get("at")))
    member, read_at, draft, size = await queries.read_state(tx, who, room)
    other = await get_user(tx, who, room.other_than(who.user_id)) if room.kind == "direct" else None
    title = other.name if other else room.record.name if room.record else f"#{room.name}"
    return {
        "room": room,
        "messages": messages,
        "older": older,
        "member": member,
        "read_at": read_at,
        "draft": draft,
        "size": size,
        "other": other,
        "title": title,
        "people": await queries.people_of_messages(tx, messages),
        "emoji": EMOJI,
        "manager": who.is_at_least("manager"),
        "may_write": who.may_write,
        "may_change": may(who, "change", room),
    }


async def _thread(tx: Tx, who: Principal, message_id: int) -> dict[str, Any]:
    message = await get_message(tx, who, message_id)
    root = await get_message(tx, who, message.reply_to_id) if message.reply_to_id else message
    return {"root": root, "replies": await queries.thread_of(tx, who, root)}


async def rooms(request: Request, tx: Tx, who: Principal) -> Answer:
    """The list, fetched again."""
    return render("chat/_rooms.html", **await _list(tx, who))


async def messages(request: Request, tx: Tx, who: Principal) -> Answer:
    """The newest messages after a refresh, or with `before` the older ones, each on its own."""
    room = await get_room(tx, who, request.path_params["id"])
    before = parse_before(request.query_params.get("before"))
    heads = await page_heads(tx, who, f"room:{room.id}")
    found, older = await queries.page_of_messages(tx, who, room, before)
    people = await queries.people_of_messages(tx, found)
    if before is None:
        member, read_at, _draft, _size = await queries.read_state(tx, who, room)
        shown = {"messages": found, "older": older, "people": people, "member": member, "read_at": read_at}
        return render("chat/_list.html", room=room, heads=heads, **shown)
    more = render("chat/_older.html", room=room, before=found[0].id) if older else ""
    return more + "".join(render("chat/_message.html", message=message, people=people) for message in found)


async def thread(request: Request, tx: Tx, who: Principal) -> Answer:
    shown = await _thread(tx, who, request.path_params["id"])
    room = await get_room(tx, who, shown["root"].room_id)
    heads = await page_heads(tx, who, f"room:{room.id}")
    may_write = who.may_write and room.archived_at is None
    return render("chat/_thread.html", room=room, title=room.name, heads=heads, may_write=may_write, **shown)


async def discussion(request: Request, tx: Tx, who: Principal) -> Answer:
    """The panel, fetched again; as a visit, the discussion in chat, or the record while nothing has been said."""
    about = request.path_params["about"]
    record = await get_record(tx, who, about)
    if is_htmx(request):
        return render(
            "chat/_discussion.html",
            about=about,
            heads=await page_heads(tx, who, about),
            **await load_panel(tx, who, about),
        )
    room = await queries.room_about(tx, who, about)
    return RedirectResponse(f"/chat/{room.id}" if room else record.url, 303)


async def load_panel(tx: Tx, who: Principal, about: str) -> dict[str, Any]:
    """The page has checked that its reader may see the record."""
    found, draft = await queries.discussion_and_draft(tx, who, about)
    return {"messages": found, "speakers": queries.speakers(found), "draft": draft, "may_write": who.may_write}


async def save_draft(request: Request, tx: Tx, who: Principal) -> Answer:
    place = request.path_params["place"]
    kind, number = parse_about(place)
    if kind == "room":
        await get_room(tx, who, number)
    elif kind in ("contact", "company"):
        await get_record(tx, who, place)
    else:
        raise NotFound(_("No such room"))
    await keep_draft(tx, who, place, field(request.state.form, "text", DRAFT_LENGTH))
    return ""


routes = [
    route("GET", "/chat", index),
    route("GET", "/chat/rooms", rooms),
    route("GET", "/chat/{id:int}", show),
    route("GET", "/chat/{id:int}/messages", messages),
    route("GET", "/messages/{id:int}/thread", thread),
    route("GET", "/discussions/{about}", discussion),
    route("PUT", "/chat/drafts/{place}", save_draft, personal=True),
]
