"""Deliveries: the same signed bytes until the address says yes, later and later; and their log."""

import json
from datetime import timedelta

from sqlalchemy import delete, func, select

from server.apidocs.queries import visible_facts
from server.cases.access import visible_messages
from server.cases.api import message_shape
from server.cases.models import CaseMessage
from server.identity.access import by_user_id
from server.identity.models import Workspace
from server.kit.access import system
from server.kit.clock import now
from server.kit.db import Tx
from server.kit.events import EventRow
from server.kit.jobs import Work, job
from server.kit.live import event_json
from server.kit.outbound import Unreachable
from server.kit.seal import unseal
from server.webhooks.actions import arrived, disable, failed, tried
from server.webhooks.forms import signature
from server.webhooks.models import Webhook, WebhookDelivery

BRING_A_MESSAGE = ("case.received", "case.scheduled", "case.held", "case.answered", "case.noted")
TRIES = 10  # five seconds after the first, then twice as long each time: three quarters of an hour in all
KEPT = timedelta(days=14)  # of the log


class NotTaken(Exception):
    """The address did not say yes; it is tried again."""


@job("webhooks.deliver", attempts=TRIES + 1)
async def deliver(work: Work) -> None:
    async with work.database.transaction() as tx:
        found = await _prepare(tx, work.args["delivery"])
    if found is None:
        return
    webhook, delivery = found
    status, problem = await _post(work, webhook, delivery)
    is_taken = status is not None and 200 <= status < 300
    async with work.database.transaction() as tx:
        again = await _settle(tx, delivery.id, status, problem, is_taken)
    if again:
        raise NotTaken(problem or status)


async def _prepare(tx: Tx, delivery_id: int) -> tuple[Webhook, WebhookDelivery] | None:
    """The body is made once: what is sent again is the same, with the same id."""
    delivery = await tx.get(WebhookDelivery, delivery_id)
    webhook = await tx.get(Webhook, delivery.webhook_id) if delivery else None
    if delivery is None or webhook is None or delivery.state != "waiting":
        return None
    if webhook.disabled_at is None and not delivery.body:
        delivery.body = await _body(tx, webhook, delivery)
    if webhook.disabled_at is not None or not delivery.body:
        delivery.state = "left"
        tried(tx, system(webhook.workspace_id), webhook, delivery)
        return None
    return webhook, delivery


async def _body(tx: Tx, webhook: Webhook, delivery: WebhookDelivery) -> str:
    """Empty when its maker may not see it (any more), or when there is nothing left to tell."""
    who = await by_user_id(tx, webhook.creator_id)
    if who is None:
        disable(tx, webhook)
        return ""
    row = await tx.scalar(visible_facts(who).where(EventRow.id == delivery.event_id))
    if row is None:
        return ""
    place = await tx.get_one(Workspace, webhook.workspace_id)
    told = {"id": f"evt_{row.id}", "event": row.name, "time": row.at.isoformat(), "workspace": place.name}
    body: dict[str, object] = told | {"data": event_json(row)}
    if row.name in BRING_A_MESSAGE:
        message = await tx.scalar(visible_messages(who).where(CaseMessage.id == row.data["message"]))
        if message is None or message.state == "withdrawn":
            return ""
        body["message"] = message_shape(message).model_dump(mode="json") | {"to": message.address}
    return json.dumps(body, ensure_ascii=False)


async def _post(work: Work, webhook: Webhook, delivery: WebhookDelivery) -> tuple[int | None, str]:
    secret, moment = unseal(work.services.settings.secret, webhook.sealed), str(int(now().timestamp()))
    body = delivery.body.encode()
    headers = {
        "Content-Type": "application/json",
        "Tertulia-Delivery": str(delivery.id),
        "Tertulia-Event": delivery.name,
        "Tertulia-Timestamp": moment,
        "Tertulia-Signature": f"sha256={signature(secret, moment, body)}",
    }
    try:
        return (await work.services.outbound.post(webhook.address, body, headers)).status, ""
    except Unreachable as error:
        return None, error.why


async def _settle(tx: Tx, delivery_id: int, status: int | None, problem: str, is_taken: bool) -> bool:
    """Whether it is to be tried again."""
    delivery = await tx.get(WebhookDelivery, delivery_id)
    webhook = await tx.get(Webhook, delivery.webhook_id) if delivery else None
    if delivery is None or webhook is None:
        return False
    delivery.attempts, delivery.at = delivery.attempts + 1, now()
    delivery.status, delivery.problem = status, problem
    if is_taken:
        delivery.state = "done"
        arrived(tx, webhook)
    else:
        failed(tx, webhook)
        if delivery.attempts >= TRIES or webhook.disabled_at is not None:
            delivery.state = "failed"
    tried(tx, system(webhook.workspace_id), webhook, delivery)
    return delivery.state == "waiting"


@job("webhooks.prune", every=timedelta(hours=6))
async def prune(work: Work) -> None:
    async with work.database.transaction() as tx:
        old = WebhookDelivery.at < now() - KEPT, WebhookDelivery.state != "waiting"
        if await tx.scalar(select(func.count()).where(*old)):
            await tx.execute(delete(WebhookDelivery).where(*old))
