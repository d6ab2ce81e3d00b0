"""`channel add` and `mail-in` of the command line: addresses, and letters that a mail server pipes in."""

from server.cases.intake import Taken, take_letter
from server.cases.models import CaseFile
from server.channels.access import channel_at
from server.channels.actions import open_channel
from server.channels.forms import ChannelDraft
from server.channels.incoming import Letter, read_letter
from server.identity.queries import get_workspace
from server.kit.db import Database
from server.kit.files import Files, sniff
from server.offline import first_owner, opened
from server.settings import Settings

UNKNOWN, LATER = 67, 75  # sysexits.h: EX_NOUSER, EX_TEMPFAIL
LARGEST = 50 * 1024 * 1024


async def add_address(settings: Settings, address: str, workspace: str, name: str) -> str:
    async with opened(settings) as database, database.transaction() as tx:
        who = await first_owner(tx, workspace)
        place = await get_workspace(tx, who)
        draft = ChannelDraft(address, name or place.name, place.language)
        channel = await open_channel(tx, who, draft)
        return f"{channel.address} takes mail for “{place.name}”"


async def mail_in(settings: Settings, address: str, raw: bytes) -> Taken | None:
    """None: nobody here has this address, and nothing was kept."""
    async with opened(settings) as database:
        return await deliver(database, Files(settings.data_dir / "files"), address, raw)


async def deliver(database: Database, files: Files, address: str, raw: bytes) -> Taken | None:
    """Attachments are on the disk before the transaction; what it does not keep is swept."""
    async with database.transaction(read=True) as tx:
        if await channel_at(tx, address) is None:
            return None
    letter = read_letter(raw)
    stored = await store(files, letter)
    async with database.transaction() as tx:
        channel = await channel_at(tx, address)
        return await take_letter(tx, channel, letter, stored) if channel is not None else None


async def store(files: Files, letter: Letter) -> list[CaseFile]:
    kept = []
    for one in letter.attachments[:50]:

        async def chunks(content: bytes = one.content):  # type: ignore[no-untyped-def]
            yield content

        key, size, _kind = await files.write(chunks())
        kept.append(CaseFile(name=one.name, size=size, type=sniff(one.content[:512]), key=key))
    return kept
