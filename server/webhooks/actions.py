"""The verbs on webhooks."""

import secrets
from datetime import timedelta

from sqlalchemy import func, select

from server.channels import events as channel_facts
from server.channels.forms import parse_language, parse_name
from server.channels.models import Channel
from server.kit.access import Principal, system
from server.kit.clock import now
from server.kit.db import Tx
from server.kit.errors import Invalid
from server.kit.events import emit
from server.kit.jobs import enqueue
from server.kit.seal import seal
from server.kit.text import _
from server.webhooks import events as facts
from server.webhooks.forms import EVENTS, MOST, parse_events, parse_url
from server.webhooks.models import Webhook, WebhookDelivery, WebhookDoor

GIVEN_UP = timedelta(days=5)  # without anything arriving


async def add_webhook(tx: Tx, who: Principal, address: str, events: list[str], key: bytes) -> tuple[Webhook, str]:
    """The webhook and its secret, which is told this once. `key`: the installation's."""
    assert who.user_id is not None, "a person makes it: it is told what they may see"
    count = await tx.scalar(select(func.count()).where(Webhook.workspace_id == who.workspace_id)) or 0
    if count >= MOST:
        raise Invalid(address=_("At most %(n)s webhooks") % {"n": MOST})
    secret = f"whsec_{secrets.token_urlsafe(32)}"
    webhook = Webhook(
        workspace_id=who.workspace_id,
        creator_id=who.user_id,
        address=parse_url(address),
        events=parse_events(events, EVENTS),
        sealed=seal(key, secret),
        created_at=now(),
    )
    tx.add(webhook)
    await tx.flush()
    emit(tx, who, facts.WebhookAdded(subject=webhook.subject, address=webhook.address[:500]))
    return webhook, secret


async def change_webhook(tx: Tx, who: Principal, webhook: Webhook, events: list[str], is_on: bool) -> None:
    """All but the address: the secret is for one. Switched on again it is told what happens from now on."""
    old = _state(webhook)
    webhook.events = parse_events(events, EVENTS)
    if is_on != (webhook.disabled_at is None):
        webhook.disabled_at, webhook.failing_since = None if is_on else now(), None
    if _state(webhook) != old:
        emit(tx, who, facts.WebhookChanged(subject=webhook.subject, old=old, new=_state(webhook)))


def _state(webhook: Webhook) -> str:
    return (", ".join(webhook.events) if webhook.disabled_at is None else "-")[:500]


async def remove_webhook(tx: Tx, who: Principal, webhook: Webhook) -> None:
    await tx.delete(webhook)
    emit(tx, who, facts.WebhookRemoved(subject=webhook.subject, address=webhook.address[:500]))


async def send_again(tx: Tx, who: Principal, webhook: Webhook, delivery: WebhookDelivery) -> None:
    if webhook.disabled_at is not None or delivery.state == "waiting":
        raise Invalid(_("It is switched off, or on its way already"))
    delivery.state, delivery.attempts = "waiting", 0
    enqueue(tx, who, "webhooks.deliver", {"delivery": delivery.id})
    tried(tx, who, webhook, delivery)


def tried(tx: Tx, who: Principal, webhook: Webhook, delivery: WebhookDelivery) -> None:
    """The log has changed."""
    emit(tx, who, facts.WebhookTried(subject=webhook.subject, delivery=delivery.id, state=delivery.state))


def arrived(tx: Tx, webhook: Webhook) -> None:
    if webhook.failing_since is not None:
        webhook.failing_since = None
        emit(tx, system(webhook.workspace_id), facts.WebhookRecovered(subject=webhook.subject))


def failed(tx: Tx, webhook: Webhook) -> None:
    """Said once; after days the webhook is switched off and its maker is told."""
    if webhook.failing_since is None:
        webhook.failing_since = now()
        emit(tx, system(webhook.workspace_id), facts.WebhookFailing(subject=webhook.subject))
    elif now() - webhook.failing_since > GIVEN_UP:
        disable(tx, webhook)


def disable(tx: Tx, webhook: Webhook) -> None:
    if webhook.disabled_at is None:
        webhook.disabled_at = now()
        told = facts.WebhookDisabled(subject=webhook.subject, address=webhook.address[:200], owner=webhook.creator_id)
        emit(tx, system(webhook.workspace_id), told)


async def open_door(tx: Tx, who: Principal, name: str, language: str, key: bytes) -> tuple[Channel, str]:
    """A channel by which another messenger writes, and its secret, which is told this once."""
    address, secret = secrets.token_hex(24), f"whsec_{secrets.token_urlsafe(32)}"
    channel = Channel(
        workspace_id=who.workspace_id,
        kind="webhook",
        address=address,
        name=parse_name(name, "Messenger@"),
        language=parse_language(language),
        signature="",
        created_at=now(),
    )
    tx.add(channel)
    await tx.flush()
    tx.add(WebhookDoor(channel_id=channel.id, sealed=seal(key, secret)))
    emit(tx, who, channel_facts.ChannelOpened(subject=channel.subject, address=channel.name))
    return channel, secret
