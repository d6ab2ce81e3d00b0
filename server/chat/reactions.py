"""The room that everybody is in, and what goes with a record that is erased."""

from sqlalchemy import select

from server.chat.actions import create_room, join_room
from server.chat.forms import RoomDraft
from server.chat.models import Room
from server.identity.access import by_user_id
from server.kit.about import subject_id
from server.kit.access import system
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
