"""Reads for the settings page of webhooks."""

from sqlalchemy import select

from server.channels.access import visible_channels
from server.channels.models import Channel
from server.kit.access import Principal
from server.kit.db import Tx
from server.webhooks.access import visible_webhooks
from server.webhooks.models import Webhook, WebhookDelivery

SHOWN = 20  # of the log of each


async def list_webhooks(tx: Tx, who: Principal) -> list[tuple[Webhook, list[WebhookDelivery]]]:
    """Each with its newest deliveries."""
    found = list(await tx.scalars(visible_webhooks(who).order_by(Webhook.id)))
    newest = [await newest_of(tx, webhook) for webhook in found]
    return list(zip(found, newest, strict=True))


async def newest_of(tx: Tx, webhook: Webhook) -> list[WebhookDelivery]:
    mine = select(WebhookDelivery).where(WebhookDelivery.webhook_id == webhook.id)
    return list(await tx.scalars(mine.order_by(WebhookDelivery.id.desc()).limit(SHOWN)))


async def list_doors(tx: Tx, who: Principal) -> list[Channel]:
    return list(await tx.scalars(visible_channels(who, "webhook").order_by(Channel.id)))
