"""What screens see of chat. Messages go to their room (and to the record they are about), news to lists of rooms."""

from sqlalchemy import select

from server.chat.access import visible_messages
from server.chat.models import Mention, Message, Room, RoomMember
from server.chat.queries import discussion, people_of_messages, room_item, room_size, speakers
from server.identity.access import by_user_id
from server.kit.about import subject_id
from server.kit.access import system
from server.kit.db import Tx
from server.kit.events import EventRow
from server.kit.live import Change, Patch, Recheck, Refresh, fragment, shows
from server.kit.pages import about_id, dom_id

SIDE = ["nav", "tabbar"]


async def _message(tx: Tx, row: EventRow) -> Message | None:
    return await tx.scalar(
        visible_messages(system(row.workspace_id))
        .where(Message.id == subject_id(row.subject))
        .execution_options(populate_existing=True)
    )


@shows("message.posted")
async def show_message(tx: Tx, row: EventRow) -> list[Change]:
    message, room = await _message(tx, row), await tx.get(Room, row.data["room"])
    if message is None or room is None:
        return []
    topic = f"room:{room.id}"
    changes: list[Change] = []
    if message.reply_to_id is None:
        shown = fragment("chat/_message.html", message=message, people=await people_of_messages(tx, [message]))
        changes.append(Patch(topic, dom_id("room", room.id, "messages"), "append", shown))
    else:
        shown = fragment("chat/_reply.html", message=message)
        changes.append(Patch(topic, dom_id("thread", message.reply_to_id, "replies"), "append", shown))
        changes += await _root_again(tx, row, message.reply_to_id, topic)
    if room.about is not None:
        changes.append(Patch(room.about, "talk", "append", fragment("chat/_say.html", message=message)))
        changes.append(await _speakers(tx, row, room.about))
    changes.append(
        Patch(f"{topic}:news", dom_id("room", room.id, "news"), "replace", fragment("chat/_news.html", room=room))
    )
    return changes + await _count_again(tx, row, room, message)


async def _count_again(tx: Tx, row: EventRow, room: Room, message: Message) -> list[Change]:
    """Those for whom it waits by name fetch their counts; a first message brings the conversation into the list."""
    if room.kind == "direct":
        other = room.other_than(message.author_id)
        return [Refresh(f"user:{other}", [*SIDE, "rooms"] if message.n == 1 else SIDE)]
    called = select(Mention.user_id).where(Mention.message_id == message.id).order_by(Mention.user_id)
    return [Refresh(f"user:{id}", [*SIDE, "rooms"]) for id in await tx.scalars(called)]


async def _speakers(tx: Tx, row: EventRow, about: str) -> Change:
    people = speakers(await discussion(tx, system(row.workspace_id), about))
    return Patch(
        about, about_id(about, "speakers"), "replace", fragment("chat/_speakers.html", about=about, people=people)
    )


async def _root_again(tx: Tx, row: EventRow, root_id: int, topic: str) -> list[Change]:
    """The first message of a thread shows how many answers it has."""
    visible = visible_messages(system(row.workspace_id)).where(Message.id == root_id)
    root = await tx.scalar(visible.execution_options(populate_existing=True))
    if root is None:
        return []
    people = await people_of_messages(tx, [root])
    return [
        Patch(
            topic, dom_id("message", root.id), "replace", fragment("chat/_message.html", message=root, people=people)
        ),
        Patch(topic, dom_id("root", root.id), "replace", fragment("chat/_root.html", message=root)),
    ]


@shows("message.edited", "message.removed", "message.restored", "message.call_changed")
@shows("reaction.added", "reaction.removed")
async def show_message_again(tx: Tx, row: EventRow) -> list[Change]:
    message, room = await _message(tx, row), await tx.get(Room, row.data["room"])
    if message is None or room is None:
        return []
    topic = f"room:{room.id}"
    if message.reply_to_id is None:
        changes = await _root_again(tx, row, message.id, topic)
    else:
        again = fragment("chat/_reply.html", message=message)
        changes = [Patch(topic, dom_id("message", message.id), "replace", again)]
        if row.name in ("message.removed", "message.restored"):
            changes += await _root_again(tx, row, message.reply_to_id, topic)
    if room.about is not None:
        changes.append(
            Patch(room.about, dom_id("say", message.id), "replace", fragment("chat/_say.html", message=message))
        )
        if row.name in ("message.removed", "message.restored"):
            changes.append(await _speakers(tx, row, room.about))
    return changes


@shows("room.joined", "room.left")
async def show_membership(tx: Tx, row: EventRow) -> list[Change]:
    """The one it is about gets a new list; who left a closed room hears nothing more of it."""
    topic = row.subject
    changes: list[Change] = [Refresh(f"user:{row.data['user']}", [*SIDE, "rooms"]), *await _head(tx, row)]
    changes.append(Refresh(topic, ["members"]))
    return [*changes, Recheck(topic), Recheck(f"{topic}:news")] if row.name == "room.left" else changes


async def _head(tx: Tx, row: EventRow) -> list[Change]:
    room = await tx.get(Room, subject_id(row.subject))
    if room is None or room.kind != "room":
        return []
    head = fragment("chat/_head.html", room=room, size=await room_size(tx, room))
    return [Patch(row.subject, dom_id("room", room.id, "head"), "replace", head)]


@shows("room.created")
async def show_room(tx: Tx, row: EventRow) -> list[Change]:
    """Lists of rooms change with those who join; a record's page begins to follow its discussion."""
    return []


@shows("room.changed", "room.archived")
async def show_room_again(tx: Tx, row: EventRow) -> list[Change]:
    """The archive closes the composer, so the page's own reader fetches it; lists take the room in or out."""
    changes = await _head(tx, row)
    if row.name != "room.archived" and row.data["field"] not in ("archived", "private"):
        return [*changes, Refresh(f"{row.subject}:news", ["rooms"])]
    asked = [Recheck(row.subject), Recheck(f"{row.subject}:news")] if row.data.get("field") == "private" else []
    return [*changes, *asked, Refresh(row.subject, ["talk-page"]), *await _lists(tx, row)]


async def _lists(tx: Tx, row: EventRow) -> list[Change]:
    """Lists from which a room went, or into which it came back: of a closed room, its members' alone."""
    if row.about is None:
        return [Refresh(f"workspace:{row.workspace_id}", ["rooms"])]
    members = select(RoomMember.user_id).where(RoomMember.room_id == subject_id(row.subject))
    return [Refresh(f"user:{id}", [*SIDE, "rooms"]) for id in await tx.scalars(members)]


@shows("room.read", "room.muted")
async def show_own_place(tx: Tx, row: EventRow) -> list[Change]:
    """For the reader's own screens alone."""
    topic = f"user:{row.data['user']}"
    if row.name == "room.muted":
        return [Refresh(topic, [*SIDE, "rooms"])]
    who = await by_user_id(tx, row.data["user"])
    item = await room_item(tx, who, subject_id(row.subject)) if who else None
    changes: list[Change] = [Refresh(topic, SIDE)] if row.data["counted"] else []
    if item is not None:
        shown = fragment("chat/_item.html", item=item)
        changes.append(Patch(topic, dom_id("room", item.room.id, "item"), "replace", shown))
    return changes


@shows("contact.restricted", "contact.trashed", "contact.restored")
async def show_record_rights(tx: Tx, row: EventRow) -> list[Change]:
    """Whoever may no longer see the record hears its discussion no more, and it goes from their list."""
    about = select(Room.id).where(Room.workspace_id == row.workspace_id, Room.about == row.about)
    room_id = await tx.scalar(about)
    if room_id is None:
        return []
    members = await tx.scalars(select(RoomMember.user_id).where(RoomMember.room_id == room_id))
    lists: list[Change] = [Refresh(f"user:{id}", [*SIDE, "rooms"]) for id in members]
    return [Recheck(f"room:{room_id}"), Recheck(f"room:{room_id}:news"), *lists]
