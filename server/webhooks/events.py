"""What happens to webhooks."""

from dataclasses import dataclass

from server.kit.events import Event, event


@event("webhook.added")
@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookAdded(Event):
    address: str


@event("webhook.changed")
@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookChanged(Event):
    """Its events, or whether it is on."""

    old: str
    new: str


@event("webhook.removed")
@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookRemoved(Event):
    address: str


@event("webhook.failing")
@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookFailing(Event):
    """Nothing arrives there for now; said once until something does."""


@event("webhook.tried")
@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookTried(Event):
    """The address was told, or asked in vain, or there was nothing left to tell; `state` as in the log."""

    delivery: int
    state: str


@event("webhook.recovered")
@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookRecovered(Event):
    """Something arrived again."""


@event("webhook.disabled")
@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookDisabled(Event):
    """Nothing arrived for days, or its maker is gone. `owner` is told."""

    address: str
    owner: int


@event("outside.happened")
@dataclass(frozen=True, slots=True, kw_only=True)
class OutsideHappened(Event):
    """A shop or another program says what happened to a customer, such as "order.shipped". `words`: what it brings;
    `address`: an e-mail address that it gave; `language`: in which the customer is written to."""

    event: str
    words: dict[str, str]
    address: str
    language: str
    channel: int
    door: str  # its name
