"""What waits for one person: somebody called them, gave them something, or wrote to them."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from server.identity.models import User
from server.kit.db import Base


class Notice(Base):
    """`kind`: mention | assigned | handed | direct | note | missed and more. `actor` is who did it; `url` is where one
    answers."""

    __tablename__ = "notice"
    __table_args__ = (
        Index("ix_notice_unread", "user_id", "read_at", "id"),
        Index("ix_notice_about", "workspace_id", "about"),
        Index("ix_notice_subject", "subject"),
        Index("ix_notice_place", "user_id", "place"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspace.id"))
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"))
    kind: Mapped[str]
    event_id: Mapped[int]
    subject: Mapped[str]
    about: Mapped[str | None]
    place: Mapped[str] = mapped_column(default="")  # "room:3": reading there reads this too
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    text: Mapped[str]
    url: Mapped[str]
    created_at: Mapped[datetime]
    read_at: Mapped[datetime | None]

    actor: Mapped[User | None] = relationship(lazy="raise", foreign_keys=[actor_id])
