"""The only door to rooms and messages. A closed room is not there for people who are not in it."""

from typing import Literal

from sqlalchemy import ColumnElement, Select, and_, bindparam, or_, select, true
from sqlalchemy.orm import aliased, joinedload, selectinload

from server.chat.models import Message, Room, RoomMember
from server.contacts.access import visible_contacts
from server.contacts.models import Contact
from server.kit.access import Principal, prepared
from server.kit.db import Tx
from server.kit.errors import Forbidden, Invalid, NotFound
from server.kit.text import _

RoomVerb = Literal["see", "write", "change"]
MessageVerb = Literal["see", "react", "edit", "remove"]


def is_mine(who: Principal) -> ColumnElement[bool]:
    """Whether this person is a member of the room."""
    own = aliased(RoomMember)
    return select(own.room_id).where(own.room_id == Room.id, own.user_id == who.user_id).correlate(Room).exists()


def may_see_room(who: Principal) -> ColumnElement[bool]:
    """Open rooms, discussions of records one sees, and closed rooms one is in."""
    seen = visible_contacts(who).where(Contact.id == Room.record_id).exists()
    own = true() if who.kind == "system" else is_mine(who)
    return or_(
        and_(Room.kind == "room", or_(Room.private.is_(False), own)),
        and_(Room.kind == "direct", own),
        and_(Room.kind == "record", seen),
    )


def visible_rooms(who: Principal) -> Select[Room]:
    return select(Room).where(Room.workspace_id == who.workspace_id, may_see_room(who))


def may(who: Principal, verb: RoomVerb, room: Room) -> bool:
    match verb:
        case "see":
            return True
        case "write":
            return who.may_write
        case "change":
            return (
                who.may_write and room.kind == "room" and (who.is_at_least("manager") or room.creator_id == who.user_id)
            )


@prepared
def _one_room(who: Principal, *, lock: bool) -> Select[Room]:
    one = visible_rooms(who).where(Room.id == bindparam("room_id"))
    return one.with_for_update(of=Room) if lock else one


async def get_room(tx: Tx, who: Principal, room_id: int, to: RoomVerb = "see") -> Room:
    """To write or change, the row is locked until the transaction ends: messages of a room come one by one."""
    statement = _one_room(who, lock=to != "see" and not tx.info.get("read"))
    room = await tx.scalar(statement, {"room_id": room_id, **who.params})
    if room is None:
        raise NotFound(_("No such room"))
    if not may(who, to, room):
        raise Forbidden(_("You may not do this in the room"))
    if to == "write" and room.archived_at is not None:
        raise Invalid(_("This room is in the archive"))
    return room


def visible_messages(who: Principal) -> Select[Message]:
    """With author and reactions; removed ones too, which show that something stood there."""
    seen = visible_rooms(who).where(Room.id == Message.room_id).exists()
    whole = (joinedload(Message.author), selectinload(Message.reactions))
    return select(Message).where(Message.workspace_id == who.workspace_id, seen).options(*whole)


def may_touch(who: Principal, verb: MessageVerb, message: Message) -> bool:
    match verb:
        case "see":
            return True
        case "react":
            return who.may_write and message.removed_at is None
        case "edit":
            mine = message.author_id == who.user_id and not message.is_call
            return who.may_write and mine and message.removed_at is None
        case "remove":
            mine = message.author_id == who.user_id or who.is_at_least("manager")
            return who.may_write and mine and not message.is_call


async def get_message(tx: Tx, who: Principal, message_id: int, to: MessageVerb = "see") -> Message:
    statement = visible_messages(who).where(Message.id == message_id)
    if to != "see" and not tx.info.get("read"):
        statement = statement.with_for_update(of=Message)
    message = await tx.scalar(statement.execution_options(populate_existing=True))
    if message is None:
        raise NotFound(_("No such message"))
    if not may_touch(who, to, message):
        raise Forbidden(_("You may not do this to the message"))
    return message


async def may_hear_room(tx: Tx, who: Principal, rests: set[str]) -> set[str]:
    """room:<id> and room:<id>:news, one query for all."""
    ids = {rest: rest.removesuffix(":news") for rest in rests}
    wanted = {int(id) for id in ids.values() if id.isascii() and id.isdigit() and len(id) < 18}
    found = {
        str(id) for id in await tx.scalars(visible_rooms(who).with_only_columns(Room.id).where(Room.id.in_(wanted)))
    }
    return {rest for rest, id in ids.items() if id in found}
