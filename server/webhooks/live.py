"""What other screens see of webhooks: the settings' list is fetched again, and an event is a line of its record."""

from server.automation.forms import problem
from server.automation.queries import letters_by_event
from server.kit.access import Principal
from server.kit.db import Tx
from server.kit.events import EventRow
from server.kit.live import Change, Refresh, lines, shows


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


@lines("outside.happened", template="webhooks/lines.html")
async def load_events(tx: Tx, who: Principal, rows: list[EventRow]) -> dict[int, dict[str, object]]:
    letters = await letters_by_event(tx, who, {row.subject for row in rows})
    return {row.id: {"letters": letters.get(row.subject, []), "problem": problem} for row in rows}
