"""The only door to webhooks: admins', all of them."""

from sqlalchemy import Select, select

from server.channels.models import Channel
from server.kit.access import Principal
from server.kit.db import Tx
from server.kit.errors import Forbidden, NotFound
from server.kit.text import _
from server.webhooks.models import Webhook, WebhookDelivery, WebhookDoor


def visible_webhooks(who: Principal) -> Select[Webhook]:
    return select(Webhook).where(Webhook.workspace_id == who.workspace_id)


async def may_hear_webhooks(tx: Tx, who: Principal, rests: set[str]) -> set[str]:
    """The log of their own workspace, for admins."""
    return rests & {str(who.workspace_id)} if who.is_at_least("admin") else set()


def must_be_admin(who: Principal) -> None:
    if not who.is_at_least("admin"):
        raise Forbidden(_("Only admins set up webhooks"))


async def get_webhook(tx: Tx, who: Principal, webhook_id: int) -> Webhook:
    must_be_admin(who)
    webhook = await tx.scalar(visible_webhooks(who).where(Webhook.id == webhook_id))
    if webhook is None:
        raise NotFound(_("No such webhook"))
    return webhook


async def door_at(tx: Tx, key: str) -> tuple[Channel, WebhookDoor] | None:
    """By the key in its address, in the whole installation: for what comes in, before anybody is known."""
    open_ones = select(Channel, WebhookDoor).join(WebhookDoor, WebhookDoor.channel_id == Channel.id)
    found = await tx.execute(open_ones.where(Channel.address == key, Channel.closed_at.is_(None)))
    row = found.one_or_none()
    return (row[0], row[1]) if row else None


async def get_delivery(tx: Tx, who: Principal, webhook: Webhook, delivery_id: int) -> WebhookDelivery:
    own = select(WebhookDelivery).where(WebhookDelivery.webhook_id == webhook.id, WebhookDelivery.id == delivery_id)
    delivery: WebhookDelivery | None = await tx.scalar(own)
    if delivery is None:
        raise NotFound(_("No such delivery"))
    return delivery
