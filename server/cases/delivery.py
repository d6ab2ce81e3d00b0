"""From the bytes of a letter to its case: what every way in has in common."""

from dataclasses import dataclass, replace

import anyio.to_thread

from server.cases.intake import Taken, take_letter
from server.cases.models import CaseFile
from server.channels.access import channel_at
from server.channels.incoming import Letter, read_letter
from server.channels.markup import harmless
from server.channels.models import Channel
from server.channels.taking import spare_id
from server.kit.db import Database, Tx
from server.kit.files import Files, sniff

FILES = 50  # of one letter


@dataclass(frozen=True, slots=True)
class Opened:
    letter: Letter
    files: list[CaseFile]


class Deliveries:
    """Attachments are on the disk before the transaction; what it does not keep is swept."""

    def __init__(self, files: Files) -> None:
        self._files = files

    async def open(self, raw: bytes, spare_id: str = "") -> Opened:
        letter = await anyio.to_thread.run_sync(_read, raw)
        letter = letter if letter.message_id or not spare_id else replace(letter, message_id=spare_id)
        return Opened(letter, await self._store(letter))

    async def take(self, tx: Tx, channel: Channel, opened: Opened, to: str = "") -> Taken:
        return await take_letter(tx, channel, opened.letter, opened.files, to)

    async def _store(self, letter: Letter) -> list[CaseFile]:
        kept = []
        for one in letter.attachments[:FILES]:

            async def chunks(content: bytes = one.content):  # type: ignore[no-untyped-def]
                yield content

            key, size, _kind = await self._files.write(chunks())
            kept.append(CaseFile(name=one.name, size=size, type=sniff(one.content[:512]), key=key, cid=one.cid))
        return kept


def _read(raw: bytes) -> Letter:
    """In a thread: a long letter takes its time, which is nobody else's."""
    letter = read_letter(raw)
    return replace(letter, html=harmless(letter.html)) if letter.html else letter


async def deliver(database: Database, files: Files, address: str, raw: bytes) -> Taken | None:
    """None: nobody here has this address, and nothing was kept."""
    async with database.transaction(read=True) as tx:
        if await channel_at(tx, address) is None:
            return None
    deliveries = Deliveries(files)
    opened = await deliveries.open(raw, spare_id(raw))
    async with database.transaction() as tx:
        channel = await channel_at(tx, address)
        return await deliveries.take(tx, channel, opened, address) if channel is not None else None
