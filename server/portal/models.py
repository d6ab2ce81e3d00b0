"""The customers' side of cases: how far both have read, where they came from, what they thought of it."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from server.kit.db import Base


class CaseSide(Base):
    """One a case that has come to a customer's page, a form or a chat. Numbers are those of its messages; what is said
    in one that was split off, or that goes on from a closed one, is shown in the case `told_in_id` too. `page` is where
    on the channel's site the visitor was last; `source` to `referrer` say how they found us."""

    __tablename__ = "case_side"

    case_id: Mapped[int] = mapped_column(ForeignKey("case.id", ondelete="CASCADE"), primary_key=True)
    workspace_id: Mapped[int]
    told_in_id: Mapped[int | None] = mapped_column(ForeignKey("case.id", ondelete="SET NULL"), index=True)
    customer_n: Mapped[int] = mapped_column(default=0)
    customer_at: Mapped[datetime | None]
    customer_last: Mapped[int] = mapped_column(default=0)  # id of that message, which it keeps when the case is split
    team_n: Mapped[int] = mapped_column(default=0)
    page: Mapped[str] = mapped_column(default="")
    page_title: Mapped[str] = mapped_column(default="")
    page_at: Mapped[datetime | None]
    source: Mapped[str] = mapped_column(default="")  # utm_source
    medium: Mapped[str] = mapped_column(default="")
    campaign: Mapped[str] = mapped_column(default="")
    referrer: Mapped[str] = mapped_column(default="")  # a host

    __table_args__ = (Index("ix_case_side_campaign", "workspace_id", "source", "campaign"),)

    @property
    def is_attributed(self) -> bool:
        return bool(self.source or self.medium or self.campaign or self.referrer)


class CaseRating(Base):
    """What the customer thought when it was solved: one to five stars and words. The newest counts."""

    __tablename__ = "case_rating"

    case_id: Mapped[int] = mapped_column(ForeignKey("case.id", ondelete="CASCADE"), primary_key=True)
    workspace_id: Mapped[int]
    stars: Mapped[int]
    words: Mapped[str] = mapped_column(Text, default="")
    at: Mapped[datetime]

    __table_args__ = (Index("ix_case_rating_workspace", "workspace_id", "at"),)


class KnownVisitor(Base):
    """Whom a site has vouched for before: its own name for them, and whose record they are."""

    __tablename__ = "known_visitor"

    channel_id: Mapped[int] = mapped_column(ForeignKey("channel.id", ondelete="CASCADE"), primary_key=True)
    sub: Mapped[str] = mapped_column(primary_key=True)
    contact_id: Mapped[int] = mapped_column(ForeignKey("contact.id", ondelete="CASCADE"), index=True)


class PublicAct(Base):
    """Writes that came with a key, so that a second try makes no second message. `scope`: "channel:3" or "case:9"."""

    __tablename__ = "public_act"

    scope: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case.id", ondelete="CASCADE"))
    at: Mapped[datetime] = mapped_column(index=True)
