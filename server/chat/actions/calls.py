"""The line that a call has in its room: one for each, which says how it stands."""

from typing import Any

from sqlalchemy import select

from server.chat import events as facts
from server.chat.actions.messages import put_message
from server.chat.actions.rooms import move_mark, own_about
from server.chat.models import Message, Room, RoomMember
from server.kit.access import Principal
from server.kit.db import Tx
from server.kit.events import emit


async def post_call_line(tx: Tx, who: Principal, room: Room, call_id: int, kind: str) -> Message:
    """Nobody gets a notice of it: it rings for them, and what they missed is counted as unread."""
    call = {"kind": kind, "state": "going", "met": False, "seconds": 0}
    message = await put_message(tx, who, room, "", call_id=call_id, call=call)
    member = await tx.get(RoomMember, (room.id, message.author_id))
    if member is not None:
        move_mark(member, message)
    subject, about = f"message:{message.id}", room.fact_about
    said = facts.MessagePosted(subject=subject, about=about, room=room.id, author=message.author_id, excerpt="")
    emit(tx, who, said)
    return message


async def call_line(tx: Tx, room_id: int, call_id: int) -> Message | None:
    return await tx.scalar(select(Message).where(Message.room_id == room_id, Message.call_id == call_id))


async def meet_in_call(tx: Tx, who: Principal, room_id: int, call_id: int) -> None:
    """Somebody is in it: a guest, or a member who did not start it."""
    message = await call_line(tx, room_id, call_id)
    if message is not None and message.author_id != who.user_id:
        await change_call_line(tx, who, room_id, call_id, met=True)


async def change_call_line(tx: Tx, who: Principal, room_id: int, call_id: int, **changes: Any) -> None:
    """When it is over and nobody met there, it was missed."""
    message = await call_line(tx, room_id, call_id)
    if message is None or message.call is None:
        return
    call = {**message.call, **changes}
    if call["state"] == "missed" and call["met"]:
        call["state"] = "going"
    if call["state"] == "over" and not call["met"]:
        call["state"] = "missed"
    if call == message.call:
        return
    message.call, message.version = call, message.version + 1
    subject, about = f"message:{message.id}", (await tx.get_one(Room, room_id)).fact_about
    fact = facts.MessageCallChanged(
        subject=subject, about=about, room=room_id, author=message.author_id, state=call["state"]
    )
    emit(tx, who, fact)


async def read_call_line(tx: Tx, who: Principal, room_id: int, call_id: int) -> None:
    """Whoever came has seen that it rang, when they had read all before it."""
    message = await call_line(tx, room_id, call_id)
    member = await tx.get(RoomMember, (room_id, who.user_id))
    if message is None or member is None or member.read_n != message.n - 1:
        return
    move_mark(member, message)
    room = await tx.get_one(Room, room_id)
    subject, counted = f"room:{room.id}", room.kind == "direct"
    emit(
        tx,
        who,
        facts.RoomRead(
            subject=subject, about=own_about(room), user=member.user_id, message=message.id, counted=counted
        ),
    )
