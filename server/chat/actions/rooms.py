"""Making, changing, entering and leaving rooms, and how far one has read."""

from sqlalchemy import Select, delete, func, insert, select
from sqlalchemy.exc import IntegrityError

from server.chat import events as facts
from server.chat.forms import DRAFT_LENGTH, NAME_LENGTH, TOPIC_LENGTH, RoomDraft
from server.chat.models import ChatDraft, Mention, Message, Room, RoomMember
from server.contacts.models import Contact
from server.identity.access import get_user
from server.kit.access import Principal, Restriction
from server.kit.clock import now
from server.kit.db import Tx
from server.kit.errors import Forbidden, Invalid, NotFound
from server.kit.events import emit
from server.kit.text import _, clean, one_line


async def create_room(tx: Tx, who: Principal, draft: RoomDraft) -> Room:
    """A room by name, or the one conversation that a pair of people has."""
    if draft.kind == "direct":
        return await _direct_room(tx, who, draft.user or 0)
    name = _parse_name(draft.name)
    await check_free(tx, who, name)
    room = _blank(who, "room", name=name, topic=clean(draft.topic, TOPIC_LENGTH), private=draft.private)
    tx.add(room)
    await tx.flush()
    emit(tx, who, facts.RoomCreated(subject=f"room:{room.id}", about=room.fact_about, kind="room", name=name))
    if who.user_id is not None:
        await enter(tx, who, room, who.user_id)
    return room


def _blank(who: Principal, kind: str, **values: object) -> Room:
    base: dict[str, object] = {"name": "", "topic": "", "private": False, "for_all": False, "posted": 0, "version": 1}
    return Room(
        workspace_id=who.workspace_id, kind=kind, creator_id=who.user_id, created_at=now(), **{**base, **values}
    )


def _parse_name(text: str) -> str:
    name = one_line(text.lstrip("# "), NAME_LENGTH)
    if not name:
        raise Invalid(name=_("A name is needed"))
    return name


async def check_free(tx: Tx, who: Principal, name: str) -> None:
    """Only open rooms are asked: nobody learns the name of a private one."""
    taken = select(Room.id).where(
        Room.workspace_id == who.workspace_id,
        Room.kind == "room",
        Room.private.is_(False),
        Room.archived_at.is_(None),
        func.lower(Room.name) == name.lower(),
    )
    if await tx.scalar(taken.limit(1)) is not None:
        raise Invalid(name=_("There is a room with this name"))


async def _direct_room(tx: Tx, who: Principal, other_id: int) -> Room:
    other = await get_user(tx, who, other_id)
    if other.id == who.user_id or who.user_id is None:
        raise Invalid(user=_("Choose somebody else"))
    if not other.active:
        raise Invalid(user=_("This person has left the workspace"))
    pair = ":".join(str(id) for id in sorted((who.user_id, other.id)))
    known = select(Room).where(Room.workspace_id == who.workspace_id, Room.pair == pair)
    room, is_new = await _once(tx, known, _blank(who, "direct", pair=pair))
    if is_new:
        emit(tx, who, facts.RoomCreated(subject=f"room:{room.id}", about=room.fact_about, kind="direct", name=""))
        for user_id in (who.user_id, other.id):
            await enter(tx, who, room, user_id)
    return room


async def record_room(tx: Tx, who: Principal, record: Contact) -> Room:
    """The discussion of a record; it begins with the first message."""
    known = select(Room).where(Room.workspace_id == who.workspace_id, Room.about == record.about).with_for_update()
    room, is_new = await _once(tx, known, _blank(who, "record", about=record.about, record_id=record.id))
    if is_new:
        emit(tx, who, facts.RoomCreated(subject=f"room:{room.id}", about=room.about, kind="record", name=""))
    return room


async def _once(tx: Tx, known: Select[Room], fresh: Room) -> tuple[Room, bool]:
    """The room that is known, or the fresh one; two who begin at the same moment get the same."""
    if (room := await tx.scalar(known)) is not None:
        return room, False
    try:
        async with tx.begin_nested():
            tx.add(fresh)
    except IntegrityError:
        room = await tx.scalar(known)
        assert room is not None
        return room, False
    return fresh, True


async def enter(tx: Tx, who: Principal, room: Room, user_id: int) -> None:
    """Makes a member; what was said before counts as read."""
    if await tx.get(RoomMember, (room.id, user_id)) is not None:
        return
    tx.add(
        RoomMember(
            room_id=room.id,
            user_id=user_id,
            joined_at=now(),
            read_message_id=room.last_message_id or 0,
            read_n=room.posted,
            muted=False,
        )
    )
    if room.is_closed:
        # 0: the room is no record of the customers, whose numbers have locks of their own
        row = {"about": f"room:{room.id}", "who": f"user:{user_id}", "workspace_id": room.workspace_id, "record_id": 0}
        await tx.execute(insert(Restriction), [row])
    await tx.flush()
    emit(tx, who, facts.RoomJoined(subject=f"room:{room.id}", about=room.fact_about, user=user_id))


async def join_room(tx: Tx, who: Principal, room: Room) -> None:
    assert who.user_id is not None
    await enter(tx, who, room, who.user_id)


async def invite_to_room(tx: Tx, who: Principal, room: Room, user_id: int) -> None:
    """Whoever is in a room may bring others."""
    if room.kind != "room":
        raise Forbidden(_("Nobody joins a conversation of two"))
    if await tx.get(RoomMember, (room.id, who.user_id)) is None and not who.is_at_least("manager"):
        raise Forbidden(_("Join the room first"))
    person = await get_user(tx, who, user_id)
    if not person.active:
        raise Invalid(user=_("This person has left the workspace"))
    await enter(tx, who, room, person.id)


async def leave_room(tx: Tx, who: Principal, room: Room) -> None:
    """The last one to leave a private room closes it."""
    if room.kind == "direct":
        raise Forbidden(_("A conversation of two has no door. Mute it instead"))
    member = await tx.get(RoomMember, (room.id, who.user_id))
    if member is None:
        return
    emit(tx, who, facts.RoomLeft(subject=f"room:{room.id}", about=room.fact_about, user=member.user_id))
    await tx.delete(member)
    await tx.execute(delete(Restriction).where(Restriction.about == f"room:{room.id}", Restriction.who == who.key))
    await tx.flush()
    left = await tx.scalar(select(func.count()).where(RoomMember.room_id == room.id))
    if room.private and not left:
        # A lock with nobody on its list would be an open door: the house keeps the key.
        row = {"about": f"room:{room.id}", "who": "user:0", "workspace_id": room.workspace_id, "record_id": 0}
        await tx.execute(insert(Restriction), [row])
        room.archived_at = now()


async def change_room(tx: Tx, who: Principal, room: Room, name: str, topic: str) -> Room:
    name, topic = _parse_name(name), clean(topic, TOPIC_LENGTH)
    if name.lower() != room.name.lower() and not room.private:
        await check_free(tx, who, name)
    for part, new in (("name", name), ("topic", topic)):
        old: str = getattr(room, part)
        if old == new:
            continue
        setattr(room, part, new)
        room.version += 1
        emit(tx, who, facts.RoomChanged(subject=f"room:{room.id}", about=room.fact_about, field=part, old=old, new=new))
    return room


async def archive_room(tx: Tx, who: Principal, room: Room) -> None:
    if room.for_all:
        raise Invalid(_("Everybody is in this room; it stays"))
    if room.archived_at is None:
        room.archived_at = now()
        room.version += 1
        emit(tx, who, facts.RoomArchived(subject=f"room:{room.id}", about=room.fact_about))


async def reopen_room(tx: Tx, who: Principal, room: Room) -> None:
    if room.archived_at is None:
        return
    if not room.private:
        await check_free(tx, who, room.name)
    room.archived_at = None
    room.version += 1
    fact = facts.RoomChanged(subject=f"room:{room.id}", about=room.fact_about, field="archived", old="yes", new="")
    emit(tx, who, fact)


async def mute_room(tx: Tx, who: Principal, room: Room, muted: bool) -> None:
    member = await _own_place(tx, who, room)
    if member.muted != muted:
        member.muted = muted
        emit(
            tx,
            who,
            facts.RoomMuted(subject=f"room:{room.id}", about=own_about(room), user=member.user_id, muted=muted),
        )


async def mark_read(tx: Tx, who: Principal, room: Room, message_id: int) -> None:
    """Up to this message; never backwards."""
    member = await _own_place(tx, who, room)
    message = await tx.get(Message, message_id)
    if message is None or message.room_id != room.id:
        raise NotFound(_("No such message"))
    if message.n <= member.read_n:
        return
    mentioned = select(func.count()).where(
        Mention.user_id == who.user_id, Mention.room_id == room.id, Mention.message_id > member.read_message_id
    )
    counted = room.kind == "direct" or bool(await tx.scalar(mentioned))
    move_mark(member, message)
    fact = facts.RoomRead(
        subject=f"room:{room.id}", about=own_about(room), user=member.user_id, message=message.id, counted=counted
    )
    emit(tx, who, fact)


def own_about(room: Room) -> str | None:
    """How far one has read is no news about the customer."""
    return room.fact_about if room.is_closed else None


def move_mark(member: RoomMember, message: Message) -> None:
    member.read_message_id, member.read_n = message.id, message.n


async def _own_place(tx: Tx, who: Principal, room: Room) -> RoomMember:
    member = await tx.get(RoomMember, (room.id, who.user_id))
    if member is None:
        raise Forbidden(_("Join the room first"))
    return member


async def keep_draft(tx: Tx, who: Principal, place: str, text: str) -> None:
    """What is being written, so that no device and no closed tab loses it; empty forgets it."""
    assert who.user_id is not None
    draft = await tx.get(ChatDraft, (who.user_id, place))
    if not text:
        if draft is not None:
            await tx.delete(draft)
    elif draft is None:
        tx.add(ChatDraft(user_id=who.user_id, place=place, text=text[:DRAFT_LENGTH]))
    else:
        draft.text = text[:DRAFT_LENGTH]
