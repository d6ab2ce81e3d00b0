"""Rooms and conversations as homes of calls. A discussion belongs to its record, and so do the calls from there."""

from collections.abc import Collection

from sqlalchemy import select

from server.chat.access import get_room, visible_rooms
from server.chat.models import Room, RoomMember
from server.identity.access import visible_users
from server.identity.models import User
from server.kit.about import parse_about
from server.kit.access import Principal
from server.kit.db import Tx
from server.kit.homes import Home, To, get_home, offers_homes


async def get_room_home(tx: Tx, who: Principal, about: str, to: To) -> Home:
    room = await get_room(tx, who, parse_about(about)[1], "write" if to == "edit" else "see")
    if room.about is not None:
        return await get_home(tx, who, room.about, to)
    members = select(RoomMember.user_id).where(RoomMember.room_id == room.id, RoomMember.muted.is_(False))
    rings = tuple(f"user:{id}" for id in await tx.scalars(members.order_by(RoomMember.user_id)))
    return home_of(who, room, await _people(tx, who, [room]), rings)


async def room_homes(tx: Tx, who: Principal, abouts: Collection[str]) -> dict[str, Home]:
    ids = {int(about.partition(":")[2]) for about in abouts if about.startswith("room:")}
    rooms = list(await tx.scalars(visible_rooms(who).where(Room.id.in_(ids))))
    people = await _people(tx, who, rooms)
    return {f"room:{room.id}": home_of(who, room, people) for room in rooms}


async def _people(tx: Tx, who: Principal, rooms: Collection[Room]) -> dict[int, User]:
    """Those of conversations."""
    ids = {int(id) for room in rooms if room.pair for id in room.pair.split(":")}
    return {one.id: one for one in await tx.scalars(visible_users(who).where(User.id.in_(ids)))} if ids else {}


def home_of(who: Principal, room: Room, people: dict[int, User], rings: tuple[str, ...] = ()) -> Home:
    """A conversation is named after the other one."""
    about, url = f"room:{room.id}", f"/chat/{room.id}"
    if room.kind != "direct":
        return Home(about, room.name, url, rings, icon="lock" if room.private else "hash")
    other = people.get(room.other_than(who.user_id))
    return Home(about, other.name if other else "", url, rings, person=other, tells=True)


offers_homes(["room"], get_room_home, room_homes)
