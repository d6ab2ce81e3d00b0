"""What happened is noted down for those who want to hear of it, in the same transaction."""

from datetime import datetime, timedelta

from sqlalchemy import select

from server.cases.models import Case, CaseMessage
from server.channels.models import KnownHandle
from server.kit.about import subject_id
from server.kit.access import system
from server.kit.clock import now
from server.kit.db import Tx
from server.kit.events import EventRow, reacts
from server.kit.jobs import enqueue
from server.kit.text import fold
from server.webhooks.forms import EVENTS
from server.webhooks.models import Webhook, WebhookDelivery

LEFT = timedelta(seconds=1)  # after its moment a reply can no longer be taken back


@reacts(*EVENTS)
async def note_down(tx: Tx, row: EventRow) -> None:
    if row.quiet:  # bulk work: letters from before, an import
        return
    for webhook in await _listening(tx, row.workspace_id):
        if row.name not in webhook.events:
            continue
        delivery = WebhookDelivery(webhook_id=webhook.id, event_id=row.id, name=row.name, state="waiting", at=now())
        tx.add(delivery)
        await tx.flush()
        run_at = await _leaves_at(tx, row) if row.name == "case.answered" else None
        enqueue(tx, system(row.workspace_id), "webhooks.deliver", {"delivery": delivery.id}, run_at=run_at)


@reacts("case.moved")
async def move_handle(tx: Tx, row: EventRow) -> None:
    """A wrong match was mended: whoever wrote is known as this person from now on."""
    case = await tx.get_one(Case, subject_id(row.subject))
    theirs = KnownHandle.channel_id == case.channel_id, KnownHandle.contact_id == subject_id(row.data["old"])
    handles = list(await tx.scalars(select(KnownHandle).where(*theirs)))
    for one in handles:
        if len(handles) == 1 or one.handle == fold(case.address):
            one.contact_id = case.contact_id


@reacts("contact.erased")
async def forget_what_was_told(tx: Tx, row: EventRow) -> None:
    """The log keeps that something was told, and nothing of what; it cannot be sent again."""
    theirs = select(EventRow.id).where(EventRow.workspace_id == row.workspace_id, EventRow.about == row.subject)
    kept = select(WebhookDelivery).where(WebhookDelivery.event_id.in_(theirs), WebhookDelivery.body != "")
    for delivery in await tx.scalars(kept):
        delivery.body = ""
        delivery.state = "left" if delivery.state == "waiting" else delivery.state


async def _leaves_at(tx: Tx, row: EventRow) -> datetime:
    """Who bridges a messenger sends what they are told of: not before the writer wants it to leave."""
    message = await tx.get_one(CaseMessage, row.data["message"])
    return (message.send_at or now()) + LEFT


async def _listening(tx: Tx, workspace_id: int) -> list[Webhook]:
    """Asked once in a transaction, however much happens in it."""
    known: dict[int, list[Webhook]] = tx.info.setdefault("webhooks", {})
    if workspace_id not in known:
        on = select(Webhook).where(Webhook.workspace_id == workspace_id, Webhook.disabled_at.is_(None))
        known[workspace_id] = list(await tx.scalars(on))
    return known[workspace_id]
