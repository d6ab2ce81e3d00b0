"""Reads for the list of rooms, a room's page, threads and the discussion beside a record."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, Select, and_, bindparam, case, func, literal, or_, select
from sqlalchemy.orm import aliased, joinedload, selectinload

from server.chat.access import may_see_room, visible_messages, visible_rooms
from server.chat.models import ChatDraft, Mention, Message, Room, RoomMember
from server.identity.access import visible_users
from server.identity.models import User
from server.kit.access import Principal, prepared
from server.kit.db import Tx

ROOMS = 60
PEOPLE = 40
PAGE = 50
AT_MOST = 300
DOCK = 40
OPEN = 50


@dataclass(frozen=True, slots=True)
class RoomItem:
    """A line of the list as its reader sees it. `count` is what waits for them by name; `unread` is all that is new."""

    room: Room
    unread: int
    mentions: int
    muted: bool
    person: User | None = None

    @property
    def count(self) -> int:
        return self.unread if self.room.kind == "direct" else self.mentions


@dataclass(frozen=True, slots=True)
class RoomList:
    rooms: list[RoomItem] = field(default_factory=list)
    records: list[RoomItem] = field(default_factory=list)
    talks: list[RoomItem] = field(default_factory=list)
    others: list[User] = field(default_factory=list)  # colleagues one has not written with yet

    @property
    def all(self) -> list[RoomItem]:
        return [*self.rooms, *self.records, *self.talks]


def _mentions(who: Principal) -> ScalarSelect[int]:
    """Unread mentions in a room of the list."""
    return (
        select(func.count())
        .where(
            Mention.user_id == who.user_id,
            Mention.room_id == RoomMember.room_id,
            Mention.message_id > RoomMember.read_message_id,
        )
        .correlate(RoomMember)
        .scalar_subquery()
    )


async def list_rooms(tx: Tx, who: Principal, only: int | None = None) -> RoomList:
    """The rooms one is in, with what is unread, and the people one may write to: two statements."""
    mine = (
        visible_rooms(who)
        .join(RoomMember, and_(RoomMember.room_id == Room.id, RoomMember.user_id == who.user_id))
        .where(Room.archived_at.is_(None))
        .add_columns(RoomMember.read_n, RoomMember.muted, _mentions(who))
        .options(joinedload(Room.record))
        .order_by(Room.last_at.desc().nulls_last(), Room.id)
        .limit(3 * ROOMS)
    )
    if only is not None:
        mine = mine.where(Room.id == only)
    rows = (await tx.execute(mine)).all()
    pairs = {room.other_than(who.user_id) for room, *_ in rows if room.kind == "direct"}
    people = await _people(tx, who, pairs, only is None)
    known = {person.id: person for person in people}
    items = [
        RoomItem(room, max(0, room.posted - read_n), mentions, muted, known.get(room.other_than(who.user_id)))
        for room, read_n, muted, mentions in rows
    ]
    talks = [item for item in items if item.room.kind == "direct" and item.person]
    return RoomList(
        rooms=sorted((i for i in items if i.room.kind == "room"), key=lambda i: i.room.name.casefold())[:ROOMS],
        records=[item for item in items if item.room.kind == "record"][:ROOMS],
        talks=talks[:ROOMS],
        others=[person for person in people if person.id not in pairs and person.id != who.user_id and person.active],
    )


async def _people(tx: Tx, who: Principal, pairs: set[int], others: bool) -> list[User]:
    if not pairs and not others:
        return []
    wanted: ColumnElement[bool] = User.id.in_(pairs)
    statement = visible_users(who).where(or_(wanted, User.active) if others else wanted)
    return list(await tx.scalars(statement.order_by(wanted.desc(), User.name, User.id).limit(PEOPLE + len(pairs))))


async def room_item(tx: Tx, who: Principal, room_id: int) -> RoomItem | None:
    return next(iter((await list_rooms(tx, who, room_id)).all), None)


@prepared
def unread_badge(who: Principal) -> ScalarSelect[Any]:
    """What waits for the reader: unread direct messages and unread mentions in rooms they are in and still see."""
    waiting = case((Room.kind == "direct", Room.posted - RoomMember.read_n), else_=_mentions(who))
    return (
        select(func.coalesce(func.sum(waiting), 0))
        .select_from(RoomMember)
        .join(Room, Room.id == RoomMember.room_id)
        .where(
            RoomMember.user_id == who.user_id,
            RoomMember.muted.is_(False),
            Room.archived_at.is_(None),
            may_see_room(who),
        )
        .scalar_subquery()
    )


async def open_rooms(tx: Tx, who: Principal, query: str = "") -> list[tuple[Room, int, bool]]:
    """Open rooms by name, how many are in each, and whether the reader is."""
    size = select(func.count()).where(RoomMember.room_id == Room.id).correlate(Room).scalar_subquery()
    own = aliased(RoomMember)
    mine = select(own.room_id).where(own.room_id == Room.id, own.user_id == who.user_id).correlate(Room).exists()
    found = visible_rooms(who).where(Room.kind == "room", Room.private.is_(False), Room.archived_at.is_(None))
    if query:
        found = found.where(Room.name.icontains(query, autoescape=True))
    rows = await tx.execute(found.add_columns(size, mine).order_by(func.lower(Room.name), Room.id).limit(OPEN))
    return [(room, count, bool(is_in)) for room, count, is_in in rows]


async def page_of_messages(
    tx: Tx, who: Principal, room: Room, before: int | None = None, at: int | None = None
) -> tuple[list[Message], bool]:
    """The newest messages in the order they were said, or those before one; and whether there are older ones.
    `at`: far enough back to show this one."""
    limit = PAGE
    if at is not None and (n := await tx.scalar(select(Message.n).where(Message.id == at, Message.room_id == room.id))):
        limit = min(AT_MOST, max(PAGE, room.posted - n + 10))
    statement = visible_messages(who).where(Message.room_id == room.id, Message.reply_to_id.is_(None))
    if before is not None:
        statement = statement.where(Message.id < before)
    found = list(await tx.scalars(statement.order_by(Message.id.desc()).limit(limit + 1)))
    return found[:limit][::-1], len(found) > limit


async def read_state(tx: Tx, who: Principal, room: Room) -> tuple[RoomMember | None, datetime | None, str, int]:
    """The reader's place in the room, since when things are new to them, their draft, and how many are in it."""
    read = select(Message.created_at).where(Message.id == RoomMember.read_message_id).correlate(RoomMember)
    draft = select(ChatDraft.text).where(
        ChatDraft.user_id == who.user_id, ChatDraft.place == (room.about or f"room:{room.id}")
    )
    everybody = aliased(RoomMember)
    size = select(func.count()).select_from(everybody).where(everybody.room_id == room.id)
    row = (
        await tx.execute(
            select(
                RoomMember,
                read.scalar_subquery(),
                draft.scalar_subquery(),
                size.scalar_subquery(),
            )
            .select_from(select(literal(1).label("one")).subquery())
            .outerjoin(RoomMember, and_(RoomMember.room_id == room.id, RoomMember.user_id == who.user_id))
        )
    ).one()
    member, read_at, text, count = row
    return member, read_at or (member.joined_at if member else None), text or "", count


async def people_of_messages(tx: Tx, messages: Iterable[Message]) -> dict[int, User]:
    """Faces for the threads under these messages."""
    wanted = {id for message in messages for id in message.repliers}
    if not wanted:
        return {}
    return {user.id: user for user in await tx.scalars(select(User).where(User.id.in_(wanted)))}


async def thread_of(tx: Tx, who: Principal, root: Message) -> list[Message]:
    statement = visible_messages(who).where(Message.reply_to_id == root.id)
    return list(await tx.scalars(statement.order_by(Message.id.desc()).limit(AT_MOST)))[::-1]


async def members_of_room(tx: Tx, who: Principal, room: Room) -> list[User]:
    people = visible_users(who).join(RoomMember, RoomMember.user_id == User.id).where(RoomMember.room_id == room.id)
    return list(await tx.scalars(people.order_by(User.name, User.id).limit(AT_MOST)))


async def room_about(tx: Tx, who: Principal, about: str) -> Room | None:
    return await tx.scalar(visible_rooms(who).where(Room.about == about))


def _newest(who: Principal) -> Select[Any]:
    """Numbers of the newest messages of a record's discussion, answers among them."""
    inside = select(Message.id).join(Room, Room.id == Message.room_id)
    inside = inside.where(Room.workspace_id == who.workspace_id, Room.about == bindparam("about"))
    return inside.order_by(Message.id.desc()).limit(DOCK)


WITH_PEOPLE = (joinedload(Message.author), selectinload(Message.reactions))


async def discussion(tx: Tx, who: Principal, about: str) -> list[Message]:
    found = select(Message).where(Message.id.in_(_newest(who))).options(*WITH_PEOPLE)
    return list(await tx.scalars(found.order_by(Message.id), {"about": about}))


@prepared
def _discussion_and_draft(who: Principal) -> Select[Any]:
    draft = select(ChatDraft.text).where(ChatDraft.user_id == who.user_id, ChatDraft.place == bindparam("about"))
    newest = _newest(who).subquery()
    return (
        select(draft.scalar_subquery(), Message)
        .select_from(select(literal(1).label("one")).subquery())
        .outerjoin(newest, newest.c.id.is_not(None))
        .outerjoin(Message, Message.id == newest.c.id)
        .options(*WITH_PEOPLE)
        .order_by(Message.id)
    )


async def discussion_and_draft(tx: Tx, who: Principal, about: str) -> tuple[list[Message], str]:
    """The same and what the reader has begun to write there, in one statement: a record's page asks so much anyhow."""
    found = (await tx.execute(_discussion_and_draft(who), {"about": about, **who.params})).all()
    return [row[1] for row in found if row[1] is not None], found[0][0] or ""


def speakers(messages: Sequence[Message]) -> list[User]:
    """Who spoke last, at most three."""
    seen = {message.author.id: message.author for message in reversed(messages) if message.removed_at is None}
    return list(seen.values())[:3]


async def room_size(tx: Tx, room: Room) -> int:
    return await tx.scalar(select(func.count()).where(RoomMember.room_id == room.id)) or 0


async def load_record(tx: Tx, room: Room) -> None:
    """The record of a discussion, for its name."""
    await tx.refresh(room, ["record"])


async def reload_message(tx: Tx, who: Principal, message_id: int) -> Message:
    """As it stands now in this transaction, with author and reactions."""
    await tx.flush()
    statement = visible_messages(who).where(Message.id == message_id).execution_options(populate_existing=True)
    return (await tx.scalars(statement)).one()


async def rooms_after(tx: Tx, who: Principal, kind: str, after: int, limit: int) -> list[Room]:
    """For clients: the rooms one may see, by number; one more than `limit` when there is another page."""
    found = visible_rooms(who).where(Room.id > after, Room.archived_at.is_(None))
    found = found.where(Room.kind == kind) if kind else found
    return list(await tx.scalars(found.order_by(Room.id).limit(limit + 1)))


async def messages_before(tx: Tx, who: Principal, room: Room, before: int, limit: int) -> list[Message]:
    """For clients: the newest first, answers among them, before this one (0: from the newest)."""
    found = visible_messages(who).where(Message.room_id == room.id)
    found = found.where(Message.id < before) if before else found
    return list(await tx.scalars(found.order_by(Message.id.desc()).limit(limit + 1)))


async def messages_after(tx: Tx, who: Principal, room: Room, after: int, limit: int) -> list[Message]:
    """For clients that follow a room: in the order they were said."""
    found = visible_messages(who).where(Message.room_id == room.id, Message.id > after)
    return list(await tx.scalars(found.order_by(Message.id).limit(limit + 1)))
