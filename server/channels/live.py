"""What other screens see of channels: the settings' list is fetched again."""

from server.kit.db import Tx
from server.kit.events import EventRow
from server.kit.live import Change, Refresh, shows


@shows("channel.opened", "channel.changed", "channel.closed")
async def show_channels(tx: Tx, row: EventRow) -> list[Change]:
    return [Refresh(f"workspace:{row.workspace_id}", ["channels"])]
