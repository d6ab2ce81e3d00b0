"""The room that everybody is in, and the lines of calls in their rooms."""

from sqlalchemy import select

from server.chat.actions import (
    change_call_line,
    create_room,
    join_room,
    meet_in_call,
    post_call_line,
    read_call_line,
)
from server.chat.forms import RoomDraft
from server.chat.models import Room
from server.identity.access import by_user_id
from server.kit.about import subject_id
from server.kit.access import Principal, system
from server.kit.db import Tx
from server.kit.events import EventRow, reacts


@reacts("workspace.created")
async def open_general(tx: Tx, row: EventRow) -> None:
    room = await create_room(tx, system(row.workspace_id), RoomDraft(name="general"))
    room.for_all = True


@reacts("user.joined", "user.reactivated")
async def bring_in(tx: Tx, row: EventRow) -> None:
    who = await by_user_id(tx, subject_id(row.subject), via="automation")
    rooms = select(Room).where(Room.workspace_id == row.workspace_id, Room.for_all, Room.archived_at.is_(None))
    if who is not None:
        for room in await tx.scalars(rooms):
            await join_room(tx, who, room)


def _room_of(row: EventRow) -> int | None:
    """The room that a call belongs to."""
    return subject_id(row.about) if row.about is not None and row.about.startswith("room:") else None


@reacts("call.started")
async def begin_call_line(tx: Tx, row: EventRow) -> None:
    room_id = _room_of(row)
    who = await by_user_id(tx, row.actor_id) if room_id is not None and row.actor_id is not None else None
    if who is not None:
        await post_call_line(tx, who, await tx.get_one(Room, room_id), subject_id(row.subject), row.data["kind"])


@reacts("call.joined", "call.missed", "call.ended")
async def go_on_with_call_line(tx: Tx, row: EventRow) -> None:
    if (room_id := _room_of(row)) is None:
        return
    who, call_id = Principal(row.actor_id, row.workspace_id, via=row.via), subject_id(row.subject)
    match row.name:
        case "call.joined":
            await read_call_line(tx, who, room_id, call_id)
            await meet_in_call(tx, who, room_id, call_id)
        case "call.missed":
            await change_call_line(tx, who, room_id, call_id, state="missed")
        case "call.ended":
            await change_call_line(tx, who, room_id, call_id, state="over", seconds=row.data["seconds"])
