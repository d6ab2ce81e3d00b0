"""`channel add` and `mail-in` of the command line: addresses, and letters that a mail server pipes in."""

from server.cases.delivery import deliver
from server.cases.intake import Taken
from server.channels.actions import open_channel
from server.channels.forms import ChannelDraft
from server.identity.queries import get_workspace
from server.kit.files import Files
from server.offline import first_owner, opened
from server.settings import Settings

NOTHING, UNKNOWN = 65, 67  # sysexits.h: EX_DATAERR, EX_NOUSER
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
