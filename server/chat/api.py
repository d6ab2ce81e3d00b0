"""The API of rooms and messages."""

from datetime import datetime
from typing import Literal

from pydantic import Field
from starlette.requests import Request

from server.chat import actions
from server.chat.access import get_message, get_room
from server.chat.forms import BODY_LENGTH, NAME_LENGTH, TOPIC_LENGTH, RoomDraft
from server.chat.models import Message, Room
from server.chat.queries import messages_after, messages_before, room_about, rooms_after
from server.contacts.access import get_record
from server.kit.access import Principal
from server.kit.api import PREFIX, ApiRoute, Body, Listing, Number, Page, Shape, api, fields_named, linked, page_of
from server.kit.db import Tx
from server.kit.errors import Conflict, Invalid
from server.kit.text import _

RoomKind = Literal["room", "direct", "record"]


class NewRoom(Body):
    """A room has a name; the conversation of two has the other's number as `user`."""

    name: str = Field("", max_length=NAME_LENGTH)
    topic: str = Field("", max_length=TOPIC_LENGTH)
    private: bool = False
    kind: Literal["room", "direct"] = "room"
    user: Number | None = None


class NewMessage(Body):
    body: str = Field(min_length=1, max_length=BODY_LENGTH, description="Markdown; @[Ana](user:1) calls somebody")
    reply_to: Number | None = None


class MessageChanges(Body):
    """With `version` a message that was changed since then is answered with 409 and its words."""

    body: str = Field(min_length=1, max_length=BODY_LENGTH)
    version: int | None = Field(None, ge=0, lt=10**12)


class Saying(Body):
    body: str = Field(min_length=1, max_length=BODY_LENGTH, description="Markdown; @[Ana](user:1) calls somebody")


class RoomShape(Shape):
    """`about` is the record of a discussion, `people` are the two of a conversation."""

    id: int
    kind: RoomKind
    name: str
    topic: str
    private: bool
    about: str | None
    people: list[int]
    archived: bool
    messages: int
    last_at: datetime | None
    version: int
    created_at: datetime
    url: str
    home = "rooms"


class MessageShape(Shape):
    """A removed message has no words any more. `reactions`: sign → who put it there. The line of a call has its number
    as `call`, and no words."""

    id: int
    room: int
    author: int
    body: str
    call: int | None
    reply_to: int | None
    reactions: dict[str, list[int]]
    removed: bool
    version: int
    created_at: datetime
    edited_at: datetime | None
    url: str
    home = "messages"


class RoomListing(Listing):
    kind: RoomKind | None = None


class MessageListing(Listing):
    """Without `after` the newest come first, and `cursor` goes back."""

    after_id: int | None = Field(None, alias="after", ge=0, lt=10**18, description="Those after this one, oldest first")


def room_shape(room: Room) -> RoomShape:
    return RoomShape.model_validate(
        {
            "id": room.id,
            "kind": room.kind,
            "name": room.name,
            "topic": room.topic,
            "private": room.is_closed,
            "about": room.about,
            "people": [int(part) for part in room.pair.split(":")] if room.pair else [],
            "archived": room.archived_at is not None,
            "messages": room.posted,
            "last_at": room.last_at,
            "version": room.version,
            "created_at": room.created_at,
            "url": f"/chat/{room.id}",
        }
    )


def message_shape(message: Message, signs: dict[str, list[int]] | None = None) -> MessageShape:
    removed = message.removed_at is not None
    return MessageShape(
        id=message.id,
        room=message.room_id,
        author=message.author_id,
        body="" if removed else message.body,
        call=message.call_id,
        reply_to=message.reply_to_id,
        reactions=message.signs if signs is None else signs,
        removed=removed,
        version=message.version,
        created_at=message.created_at,
        edited_at=message.edited_at,
        url=f"/messages/{message.id}",
    )


async def index(request: Request, tx: Tx, who: Principal) -> Page[RoomShape]:
    asked: RoomListing = request.state.query
    rows = await rooms_after(tx, who, asked.kind or "", asked.after, asked.limit)
    return page_of(rows, asked.limit, room_shape, lambda room: room.id)


async def create(request: Request, tx: Tx, who: Principal) -> RoomShape:
    body: NewRoom = request.state.body
    if body.kind == "direct" and body.user is None:
        raise Invalid(user=_("This is needed"))
    with linked("user"):
        draft = RoomDraft(body.name, body.topic, body.private, body.kind, body.user)
        return room_shape(await actions.create_room(tx, who, draft))


async def show(request: Request, tx: Tx, who: Principal) -> RoomShape:
    return room_shape(await get_room(tx, who, request.path_params["id"]))


async def messages(request: Request, tx: Tx, who: Principal) -> Page[MessageShape]:
    room = await get_room(tx, who, request.path_params["id"])
    asked: MessageListing = request.state.query
    if asked.after_id is not None:
        rows = await messages_after(tx, who, room, max(asked.after_id, asked.after), asked.limit)
    else:
        rows = await messages_before(tx, who, room, asked.after, asked.limit)
    return page_of(rows, asked.limit, message_shape, lambda message: message.id)


async def post(request: Request, tx: Tx, who: Principal) -> MessageShape:
    room = await get_room(tx, who, request.path_params["id"], to="write")
    body: NewMessage = request.state.body
    with fields_named(text="body"):
        with linked("reply_to"):
            reply_to = await get_message(tx, who, body.reply_to) if body.reply_to else None
        message = await actions.post_message(tx, who, room, body.body, reply_to)
    return message_shape(message, {})


def _about(request: Request) -> str:
    kind = "company" if request.url.path.startswith(f"{PREFIX}/companies") else "contact"
    return f"{kind}:{request.path_params['id']}"


async def discussion(request: Request, tx: Tx, who: Principal) -> Page[MessageShape]:
    """Nothing before it began."""
    record = await get_record(tx, who, _about(request))
    if (room := await room_about(tx, who, record.about)) is None:
        return Page(items=[], next=None)
    asked: Listing = request.state.query
    rows = await messages_before(tx, who, room, asked.after, asked.limit)
    return page_of(rows, asked.limit, message_shape, lambda message: message.id)


async def discuss(request: Request, tx: Tx, who: Principal) -> MessageShape:
    """The discussion begins with its first message."""
    record = await get_record(tx, who, _about(request))
    with fields_named(text="body"):
        return message_shape(await actions.post_to_record(tx, who, record, request.state.body.body), {})


async def change_message(request: Request, tx: Tx, who: Principal) -> MessageShape:
    """One's own words."""
    message = await get_message(tx, who, request.path_params["id"], "edit")
    room = await get_room(tx, who, message.room_id, "write")
    body: MessageChanges = request.state.body
    if body.version is not None and message.worded_v > body.version and body.body != message.body:
        theirs: dict[str, object] = {"value": message.body, "version": message.version}
        raise Conflict(_("Somebody changed this message meanwhile"), theirs, body=message.body[:500])
    signs = message.signs
    with fields_named(text="body"):
        await actions.edit_message(tx, who, room, message, body.body)
    return message_shape(message, signs)


async def remove_message(request: Request, tx: Tx, who: Principal) -> None:
    """One's own, and for managers everybody's. Its words are gone, its place stays."""
    message = await get_message(tx, who, request.path_params["id"], "remove")
    await actions.remove_message(tx, who, await get_room(tx, who, message.room_id), message)


async def show_message(request: Request, tx: Tx, who: Principal) -> MessageShape:
    return message_shape(await get_message(tx, who, request.path_params["id"]))


def _of_records(home: str, one: str) -> list[ApiRoute]:
    path, gives = f"/{home}/{{id:int}}/messages", Page[MessageShape]
    return [
        api("GET", path, discussion, f"Read the discussion of a {one}", gives=gives, asks=Listing),
        api("POST", path, discuss, f"Say something about a {one}, team only", gives=MessageShape, takes=Saying),
    ]


PATH = "/rooms/{id:int}"
MESSAGE = "/messages/{id:int}"
routes = [
    api("GET", "/rooms", index, "List the rooms you may see", gives=Page[RoomShape], asks=RoomListing),
    api("POST", "/rooms", create, "Open a room, or a conversation of two", gives=RoomShape, takes=NewRoom),
    api("GET", PATH, show, "Read a room", gives=RoomShape),
    api("GET", f"{PATH}/messages", messages, "Read messages", gives=Page[MessageShape], asks=MessageListing),
    api("POST", f"{PATH}/messages", post, "Say something in a room", gives=MessageShape, takes=NewMessage),
    api("GET", MESSAGE, show_message, "Read a message", gives=MessageShape),
    api("PATCH", MESSAGE, change_message, "Change a message of yours", gives=MessageShape, takes=MessageChanges),
    api("DELETE", MESSAGE, remove_message, "Remove a message"),
    *_of_records("contacts", "contact"),
    *_of_records("companies", "company"),
]
