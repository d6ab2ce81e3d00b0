"""Takes letters out of a mailbox, some at a time; how far we are is written with what became of them."""

import hashlib
from collections.abc import Iterator, Sequence
from typing import Any, Protocol

from sqlalchemy import delete, select

from server.channels import events as facts
from server.channels.inbox import AT_ONCE, Inbox
from server.channels.leases import Held, Lost, own_inbox
from server.channels.models import Channel, LetterAside, MailInbox
from server.kit.access import system
from server.kit.clock import now
from server.kit.db import Database, Tx, is_busy, is_full
from server.kit.events import emit
from server.kit.logging import log

LARGEST = 50 * 1024 * 1024
TOGETHER = 10  # letters in one transaction: others who write wait for it
BYTES = 8 * 1024 * 1024  # in memory at once, unless one letter alone is larger


class Post(Protocol):
    """What becomes of letters."""

    async def open(self, raw: bytes, spare_id: str = "") -> Any:
        """Reads it and puts its files on the disk, outside any transaction. `spare_id` names a letter without an id of
        its own."""

    async def take(self, tx: Tx, channel: Channel, opened: Any, to: str = "") -> object:
        """`to`: the address that it was brought to, where the one who brings it says so."""


async def take_news(database: Database, name: str, held: Held, validity: int, inbox: Inbox, post: Post) -> bool:
    """Everything that came since; True when there is more."""
    async with database.transaction(read=True) as tx:
        last = await tx.scalar(select(MailInbox.last_uid).where(MailInbox.channel_id == held.channel_id)) or 0
        wanted = select(LetterAside.uid, LetterAside.size).where(
            LetterAside.channel_id == held.channel_id, LetterAside.again
        )
        again = [(uid, size) for uid, size in await tx.execute(wanted)]
    taking = Taking(database, name, held, validity, inbox, post)
    fresh = await inbox.after(last)
    for batch in batches([*again, *fresh]):
        await taking.take(batch)
    return len(fresh) >= AT_ONCE


def batches(letters: Sequence[tuple[int, int]]) -> Iterator[list[tuple[int, int]]]:
    batch: list[tuple[int, int]] = []
    for uid, size in letters:
        if batch and (len(batch) >= TOGETHER or sum(one for _uid, one in batch) + size > BYTES):
            yield batch
            batch = []
        batch.append((uid, size))
    if batch:
        yield batch


class Taking:
    """One look's worth of letters."""

    def __init__(self, database: Database, name: str, held: Held, validity: int, inbox: Inbox, post: Post) -> None:
        self._database, self._name, self._held = database, name, held
        self._validity, self._inbox, self._post = validity, inbox, post

    async def take(self, batch: list[tuple[int, int]]) -> None:
        fitting = [uid for uid, size in batch if size <= LARGEST]
        raw = await self._inbox.fetch(fitting) if fitting else {}
        for uid, size in batch:
            if size > LARGEST:
                await self._set_aside(uid, size, "large")
        await self._take_together([(uid, size) for uid, size in batch if size <= LARGEST], raw)

    async def _take_together(self, batch: list[tuple[int, int]], raw: dict[int, bytes]) -> None:
        """All in one transaction; when that fails each by itself, so that a bad one stops nothing but itself."""
        if not batch:
            return
        try:
            opened = {uid: await self._post.open(raw[uid], spare_id(raw[uid])) for uid, _size in batch if uid in raw}
            await self._write(batch, opened)
        except Exception as error:
            if is_busy(error) or is_full(error) or isinstance(error, (OSError, Lost)):
                raise  # nothing to do with the letter: all of them are taken later
            if len(batch) == 1:
                uid, size = batch[0]
                log.error("mail.letter_failed", channel=self._held.channel_id, uid=uid, error=repr(error))
                return await self._set_aside(uid, size, "failed")
            for one in batch:
                await self._take_together([one], raw)

    async def _write(self, batch: list[tuple[int, int]], opened: dict[int, Any]) -> None:
        async with self._database.transaction() as tx:
            box, channel = await own_inbox(tx, self._name, self._held.channel_id)
            for uid, _size in batch:
                if uid in opened:
                    await self._post.take(tx, channel, opened[uid])
                box.last_uid = max(box.last_uid or 0, uid)
            if batch[-1][0] <= box.old_until:
                await _hush(tx, channel)
            await self._forget(tx, channel, [uid for uid, _size in batch])

    async def _forget(self, tx: Tx, channel: Channel, uids: list[int]) -> None:
        """Those that were set aside and went well this time."""
        mine = LetterAside.channel_id == channel.id, LetterAside.uid.in_(uids)
        if await tx.scalar(select(LetterAside.id).where(*mine).limit(1)):
            await tx.execute(delete(LetterAside).where(*mine))
            emit(tx, system(channel.workspace_id, "mail"), facts.ChannelSetAside(subject=channel.subject))

    async def _set_aside(self, uid: int, size: int, reason: str) -> None:
        async with self._database.transaction() as tx:
            box, channel = await own_inbox(tx, self._name, self._held.channel_id)
            box.last_uid = max(box.last_uid or 0, uid)
            await tx.execute(delete(LetterAside).where(LetterAside.channel_id == channel.id, LetterAside.uid == uid))
            values = {"validity": self._validity, "uid": uid, "size": size, "reason": reason, "again": False}
            tx.add(LetterAside(channel_id=channel.id, at=now(), **values))
            emit(tx, system(channel.workspace_id, "mail"), facts.ChannelSetAside(subject=channel.subject))


async def _hush(tx: Tx, channel: Channel) -> None:
    """Letters that were there before us are bulk work: their facts stand in the timelines and change no screen one by
    one, nor do they start what is done for a letter that has just come."""
    await tx.flush()
    for row in tx.info.get("emitted", ()):
        row.quiet = True
    emit(tx, system(channel.workspace_id, "mail"), facts.ChannelFilled(subject=channel.subject))


def spare_id(raw: bytes) -> str:
    """For a letter without a Message-ID: read twice it is still the same letter."""
    return f"<{hashlib.sha256(raw).hexdigest()[:40]}@letter.invalid>"
