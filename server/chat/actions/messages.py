"""Writing, mending and taking back what is said, and the signs under it."""

import re
from collections.abc import Sequence

from sqlalchemy import delete, func, insert, select, update

from server.chat import events as facts
from server.chat.actions.rooms import enter, keep_draft, move_mark, record_room
from server.chat.forms import BODY_LENGTH, MENTIONS
from server.chat.models import Mention, Message, Reaction, Room, RoomMember
from server.contacts.models import Contact
from server.identity.models import Team, User
from server.identity.queries import known_names, resolve
from server.kit.access import Principal
from server.kit.clock import now
from server.kit.db import Tx
from server.kit.errors import Invalid
from server.kit.events import emit
from server.kit.forms import parse_text
from server.kit.index import TEXT_LIMIT, Doc, index_docs, unindex
from server.kit.markdown import MENTION, mentioned, plain
from server.kit.text import _

EMOJI = ("👍", "❤️", "😂", "🎉", "👀", "🙏", "✅", "🔥", "👏", "🤔", "😮", "😢")
COUNTED = 200  # people of whom one message keeps that it called them


async def post_message(
    tx: Tx, who: Principal, room: Room, body: str, reply_to: Message | None = None, chosen: Sequence[str] = ()
) -> Message:
    """Says something in a room one may write in. `chosen`: addressees picked while writing, whose names stand in the
    text as "@Ana Beltrán"."""
    assert who.user_id is not None
    text = await _settle(tx, who, body, chosen)
    root = await _root_of(tx, room, reply_to)
    message = await put_message(tx, who, room, text, root)
    if root is not None:
        await _count_replies(tx, root)
    await _after_post(tx, who, room, message)
    return message


async def put_message(
    tx: Tx, who: Principal, room: Room, text: str, root: Message | None = None, **call: object
) -> Message:
    """The next one of the room, by somebody who is in it from now on."""
    assert who.user_id is not None
    await enter(tx, who, room, who.user_id)
    room.posted += 1
    message = Message(
        workspace_id=room.workspace_id,
        room_id=room.id,
        n=room.posted,
        author_id=who.user_id,
        body=text,
        **call,
        reply_to_id=root.id if root else None,
        replies=0,
        repliers=[],
        created_at=now(),
        version=1,
    )
    tx.add(message)
    await tx.flush()
    room.last_message_id, room.last_author_id, room.last_at = message.id, who.user_id, message.created_at
    return message


async def post_to_record(tx: Tx, who: Principal, record: Contact, body: str, chosen: Sequence[str] = ()) -> Message:
    """The record's own discussion, which begins with its first message."""
    return await post_message(tx, who, await record_room(tx, who, record), body, None, chosen)


async def _after_post(tx: Tx, who: Principal, room: Room, message: Message) -> None:
    called = mentioned(message.body)[:MENTIONS]
    await _keep_mentions(tx, room, message, called)
    await _index(tx, room, message)
    member = await tx.get(RoomMember, (room.id, message.author_id))
    if member is not None:
        move_mark(member, message)
    await keep_draft(tx, who, room.about or f"room:{room.id}", "")
    emit(
        tx,
        who,
        facts.MessagePosted(
            subject=f"message:{message.id}",
            about=room.fact_about,
            room=room.id,
            author=message.author_id,
            excerpt=plain(message.body),
            mentions=called,
            reply_to=message.reply_to_id,
            to=room.other_than(message.author_id) if room.kind == "direct" else None,
        ),
    )


async def _root_of(tx: Tx, room: Room, reply_to: Message | None) -> Message | None:
    """Threads are one level deep: an answer to an answer belongs to the first message."""
    if reply_to is None:
        return None
    if reply_to.room_id != room.id:
        raise Invalid(_("An answer stays in its room"))
    if reply_to.reply_to_id is None:
        return reply_to
    return await tx.get(Message, reply_to.reply_to_id)


async def _settle(tx: Tx, who: Principal, body: str, chosen: Sequence[str]) -> str:
    """The text as it is kept: mentions carry the id and the true name, unknown ones are plain text."""
    text = parse_text(body, BODY_LENGTH, _("Write something first"))
    wanted = {name for name in (*mentioned(text), *chosen) if re.fullmatch(r"(user|team):[1-9][0-9]{0,17}", name)}
    names = await _names(tx, who, wanted) if wanted else {}
    text = MENTION.sub(lambda m: f"@[{names[m[2]]}]({m[2]})" if m[2] in names else "@" + m[1], text)
    for key in sorted((key for key in chosen if key in names), key=lambda key: -len(names[key])):
        text = text.replace(f"@{names[key]}", f"@[{names[key]}]({key})", 1)
    return text


async def _names(tx: Tx, who: Principal, wanted: set[str]) -> dict[str, str]:
    known = await known_names(tx, who.workspace_id, wanted)
    found: dict[str, str] = {}
    for kind, model in (("user", User), ("team", Team)):
        ids = [int(key.partition(":")[2]) for key in known if key.startswith(kind)]
        if ids:
            rows = await tx.execute(select(model.id, model.name).where(model.id.in_(ids)))
            found |= {f"{kind}:{id}": re.sub(r"[\[\]\n]", "", name)[:80] for id, name in rows}
    return found


async def _keep_mentions(tx: Tx, room: Room, message: Message, called: Sequence[str]) -> None:
    """For the number beside the room; a conversation of two counts every message anyway."""
    await tx.execute(delete(Mention).where(Mention.message_id == message.id))
    if room.kind == "direct" or not called:
        return
    people = await resolve(tx, room.workspace_id, called) - {message.author_id}
    rows = [{"user_id": id, "message_id": message.id, "room_id": room.id} for id in sorted(people)[:COUNTED]]
    if rows:
        await tx.execute(insert(Mention), rows)


async def _index(tx: Tx, room: Room, message: Message) -> None:
    """What is said in a closed room is found by its members alone: the document is about the room."""
    title, words = plain(message.body, 80), plain(message.body, TEXT_LIMIT)
    doc = Doc(room.workspace_id, f"message:{message.id}", room.fact_about, title, words, is_read=True)
    await index_docs(tx, [doc])


async def _count_replies(tx: Tx, root: Message) -> None:
    mine = (Message.reply_to_id == root.id, Message.removed_at.is_(None))
    count, last = (await tx.execute(select(func.count(), func.max(Message.created_at)).where(*mine))).one()
    newest = func.max(Message.id)
    by = select(Message.author_id).where(*mine).group_by(Message.author_id).order_by(newest.desc()).limit(3)
    root.replies, root.replied_at, root.repliers = count, last, list(await tx.scalars(by))
    root.version += 1


async def edit_message(
    tx: Tx, who: Principal, room: Room, message: Message, body: str, chosen: Sequence[str] = ()
) -> None:
    text = await _settle(tx, who, body, chosen)
    if text == message.body:
        return
    before = set(mentioned(message.body))
    message.body, message.edited_at = text, now()
    message.version += 1
    message.worded_v = message.version
    called = mentioned(text)[:MENTIONS]
    await _keep_mentions(tx, room, message, called)
    await _index(tx, room, message)
    emit(
        tx,
        who,
        facts.MessageEdited(
            subject=f"message:{message.id}",
            about=room.fact_about,
            room=room.id,
            author=message.author_id,
            excerpt=plain(text),
            mentions=[name for name in called if name not in before],
        ),
    )


async def remove_message(tx: Tx, who: Principal, room: Room, message: Message) -> None:
    """Its words go from every screen and from search; a line says that something stood there."""
    if message.removed_at is not None:
        return
    message.removed_at = now()
    message.version += 1
    await tx.flush()
    await unindex(tx, [f"message:{message.id}"])
    await tx.execute(delete(Mention).where(Mention.message_id == message.id))
    await _recount_root(tx, message)
    fact = facts.MessageRemoved(
        subject=f"message:{message.id}", about=room.fact_about, room=room.id, author=message.author_id
    )
    emit(tx, who, fact)


async def restore_message(tx: Tx, who: Principal, room: Room, message: Message) -> None:
    if message.removed_at is None:
        return
    message.removed_at = None
    message.version += 1
    await tx.flush()
    await _index(tx, room, message)
    await _keep_mentions(tx, room, message, mentioned(message.body)[:MENTIONS])
    await _recount_root(tx, message)
    fact = facts.MessageRestored(
        subject=f"message:{message.id}", about=room.fact_about, room=room.id, author=message.author_id
    )
    emit(tx, who, fact)


async def _recount_root(tx: Tx, message: Message) -> None:
    if message.reply_to_id is not None and (root := await tx.get(Message, message.reply_to_id)) is not None:
        await _count_replies(tx, root)


async def react(tx: Tx, who: Principal, room: Room, message: Message, emoji: str) -> None:
    assert who.user_id is not None
    if emoji not in EMOJI:
        raise Invalid(emoji=_("Choose one of the signs"))
    if await tx.get(Reaction, (message.id, who.user_id, emoji)) is not None:
        return
    await tx.execute(
        insert(Reaction), [{"message_id": message.id, "user_id": who.user_id, "emoji": emoji, "at": now()}]
    )
    await _touch(tx, message)
    emit(
        tx,
        who,
        facts.ReactionAdded(subject=f"message:{message.id}", about=room.fact_about, room=room.id, emoji=emoji),
    )


async def unreact(tx: Tx, who: Principal, room: Room, message: Message, emoji: str) -> None:
    mine = await tx.get(Reaction, (message.id, who.user_id, emoji))
    if mine is None:
        return
    await tx.delete(mine)
    await tx.flush()
    await _touch(tx, message)
    emit(
        tx,
        who,
        facts.ReactionRemoved(subject=f"message:{message.id}", about=room.fact_about, room=room.id, emoji=emoji),
    )


async def _touch(tx: Tx, message: Message) -> None:
    """The fragment shows the reactions, so they count as a version of it."""
    await tx.execute(update(Message).where(Message.id == message.id).values(version=Message.version + 1))
    await tx.refresh(message, ["version", "reactions"])
