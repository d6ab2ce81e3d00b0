"""Webhooks: addresses that are told of facts, what was told them, and doors by which other programs tell us."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from server.kit.db import Base


class Webhook(Base):
    """It is told what its maker may see. `failing_since`: nothing has arrived there since then."""

    __tablename__ = "webhook"

    id: Mapped[int] = mapped_column(primary_key=True)
    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspace.id"), index=True)
    creator_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    address: Mapped[str]
    events: Mapped[list[Any]]  # names of facts
    sealed: Mapped[str]  # the secret, see kit/seal.py
    failing_since: Mapped[datetime | None]
    disabled_at: Mapped[datetime | None]
    created_at: Mapped[datetime]

    deliveries: Mapped[list["WebhookDelivery"]] = relationship(lazy="raise", viewonly=True)

    __table_args__ = ({"sqlite_autoincrement": True},)  # a number is never given twice: facts name it

    @property
    def subject(self) -> str:
        return f"webhook:{self.id}"

    @property
    def topic(self) -> str:
        """Of the workspace's log, for admins who look at it."""
        return f"webhooks:{self.workspace_id}"

    @property
    def url(self) -> str:
        return f"/settings/webhooks/{self.id}"


class WebhookDelivery(Base):
    """One fact on its way to one address. `state`: waiting | done | failed | left (nothing to tell any more)."""

    __tablename__ = "webhook_delivery"

    id: Mapped[int] = mapped_column(primary_key=True)
    webhook_id: Mapped[int] = mapped_column(ForeignKey("webhook.id", ondelete="CASCADE"))
    event_id: Mapped[int]
    name: Mapped[str]
    state: Mapped[str] = mapped_column(default="waiting")
    attempts: Mapped[int] = mapped_column(default=0)
    status: Mapped[int | None]  # what the address answered last
    problem: Mapped[str] = mapped_column(default="")  # a word of kit/outbound.py, when it did not answer
    body: Mapped[str] = mapped_column(Text, default="")  # the same bytes at each attempt
    at: Mapped[datetime]

    __table_args__ = (Index("ix_webhook_delivery_log", "webhook_id", "id"), {"sqlite_autoincrement": True})


class WebhookDoor(Base):
    """The secret of a channel of kind "webhook": who knows it may speak for the customers of another messenger."""

    __tablename__ = "webhook_door"

    channel_id: Mapped[int] = mapped_column(ForeignKey("channel.id", ondelete="CASCADE"), primary_key=True)
    sealed: Mapped[str]


class Happening(Base):
    """An event that a program told us of, by the id that it gave it: each counts once. What it says is its fact."""

    __tablename__ = "happening"

    id: Mapped[int] = mapped_column(primary_key=True)
    channel_id: Mapped[int] = mapped_column(ForeignKey("channel.id", ondelete="CASCADE"))
    key: Mapped[str]
    at: Mapped[datetime]

    __table_args__ = (UniqueConstraint("channel_id", "key"), {"sqlite_autoincrement": True})

    @property
    def subject(self) -> str:
        return f"happening:{self.id}"
