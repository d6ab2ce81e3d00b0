"""What other screens see of webhooks: the settings' list is fetched again."""

from server.kit.db import Tx
from server.kit.events import EventRow
from server.kit.live import Change, Refresh, shows


@shows(
    "webhook.added",
    "webhook.changed",
    "webhook.removed",
    "webhook.failing",
    "webhook.recovered",
    "webhook.disabled",
)
async def show_webhooks(tx: Tx, row: EventRow) -> list[Change]:
    return [Refresh(f"workspace:{row.workspace_id}", ["webhooks"])]
