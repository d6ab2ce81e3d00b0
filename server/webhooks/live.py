"""What other screens see of webhooks: the settings' list is fetched again, and an event is a line of its record."""

from server.automation.queries import letters_by_event
from server.kit.about import subject_id
from server.kit.access import Principal
from server.kit.db import Tx
from server.kit.events import EventRow
from server.kit.live import Change, Patch, Refresh, fragment, lines, shows
from server.kit.outbound import sentence
from server.kit.pages import dom_id
from server.webhooks.models import Webhook
from server.webhooks.queries import newest_of


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


@shows("webhook.tried")
async def show_log(tx: Tx, row: EventRow) -> list[Change]:
    """Whole, as it ends somewhere: what comes in at its head pushes the last one out."""
    webhook = await tx.get(Webhook, subject_id(row.subject))
    if webhook is None:
        return []
    shown = fragment("webhooks/_log.html", webhook=webhook, log=await newest_of(tx, webhook), sentence=sentence)
    return [Patch(webhook.topic, dom_id("webhook", webhook.id, "log"), "replace", shown)]


@lines("outside.happened", template="webhooks/lines.html")
async def load_events(tx: Tx, who: Principal, rows: list[EventRow]) -> dict[int, dict[str, object]]:
    letters = await letters_by_event(tx, who, {row.subject for row in rows})
    return {row.id: {"letters": letters.get(row.subject, [])} for row in rows}
