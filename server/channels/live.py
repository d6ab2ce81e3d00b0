"""What other screens see of channels: the settings' list and a channel's own page are fetched again."""

from server.kit.about import subject_id
from server.kit.db import Tx
from server.kit.events import EventRow
from server.kit.live import Change, Refresh, shows


@shows("channel.opened", "channel.changed", "channel.closed", "channel.connected", "channel.troubled")
async def show_channels(tx: Tx, row: EventRow) -> list[Change]:
    id = subject_id(row.subject)
    return [Refresh(f"workspace:{row.workspace_id}", ["channels", f"mail-of-{id}", f"answers-of-{id}"])]


@shows("channel.set_aside")
async def show_letters_aside(tx: Tx, row: EventRow) -> list[Change]:
    return [Refresh(f"workspace:{row.workspace_id}", [f"aside-of-{subject_id(row.subject)}"])]
