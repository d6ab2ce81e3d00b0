"""A room is closed to all but its members, or opened to everybody. What was said there goes the same way."""

from sqlalchemy import String, cast, delete, insert, literal, or_, select, update

from server.chat import events as facts
from server.chat.actions.rooms import check_free
from server.chat.models import Message, Room, RoomMember
from server.kit.access import Principal, Restriction
from server.kit.db import Tx
from server.kit.errors import Invalid
from server.kit.events import EventRow, emit
from server.kit.index import SearchRow
from server.kit.text import _


async def close_room(tx: Tx, who: Principal, room: Room) -> None:
    """For those who are in it from now on; facts and words of before are theirs alone too."""
    if room.for_all:
        raise Invalid(_("Everybody is in this room; it stays"))
    if room.private or room.kind != "room":
        return
    members = set(await tx.scalars(select(RoomMember.user_id).where(RoomMember.room_id == room.id)))
    if who.user_id not in members:
        raise Invalid(_("Join the room first, or you would close it behind yourself"))
    place = f"room:{room.id}"
    room.private, room.version = True, room.version + 1
    inside = {"about": place, "workspace_id": room.workspace_id, "record_id": 0}
    await tx.execute(insert(Restriction), [{**inside, "who": f"user:{id}"} for id in sorted(members)])
    said = select(literal("message:") + cast(Message.id, String)).where(Message.room_id == room.id)
    past = update(EventRow).where(EventRow.workspace_id == room.workspace_id)
    past = past.where(or_(EventRow.subject == place, EventRow.subject.in_(said))).values(about=place)
    await tx.execute(past.execution_options(synchronize_session=False))
    found = update(SearchRow).where(SearchRow.doc.in_(said)).values(about=place)
    await tx.execute(found.execution_options(synchronize_session=False))
    emit(tx, who, facts.RoomChanged(subject=place, about=place, field="private", old="", new="yes"))


async def open_room(tx: Tx, who: Principal, room: Room) -> None:
    """For everybody from now on, with all that was said."""
    if not room.private or room.kind != "room":
        return
    await check_free(tx, who, room.name)
    place = f"room:{room.id}"
    room.private, room.version = False, room.version + 1
    await tx.execute(delete(Restriction).where(Restriction.about == place))
    emit(tx, who, facts.RoomChanged(subject=place, about=None, field="private", old="yes", new=""))
