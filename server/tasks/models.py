"""A task: what somebody, or a team, has to do, mostly about a customer record."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import Date, ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from server.identity.models import Team, User
from server.kit.db import Base

PRIORITIES = ("low", "normal", "high", "urgent")


class Task(Base):
    """`due_at` stands when a time was given too; `due_on` is then its day where it was typed.

    `handed_*` is a hand-over that waits: nothing else changes until it is taken.
    """

    __tablename__ = "task"

    id: Mapped[int] = mapped_column(primary_key=True)
    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspace.id"))
    title: Mapped[str]
    notes: Mapped[str] = mapped_column(Text, default="")
    about: Mapped[str | None]
    due_on: Mapped[date | None] = mapped_column(Date)
    due_at: Mapped[datetime | None]
    priority: Mapped[str] = mapped_column(default="normal")
    checklist: Mapped[list[Any]]  # [{"id": 1, "text": "…", "done": false}]
    creator_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    assignee_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    team_id: Mapped[int | None] = mapped_column(ForeignKey("team.id", ondelete="SET NULL"))
    handed_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    handed_user_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    handed_team_id: Mapped[int | None] = mapped_column(ForeignKey("team.id", ondelete="SET NULL"))
    handed_note: Mapped[str] = mapped_column(default="")
    done_at: Mapped[datetime | None]
    removed_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)
    field_versions: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]

    assignee: Mapped[User | None] = relationship(foreign_keys=[assignee_id], lazy="raise")
    team: Mapped[Team | None] = relationship(foreign_keys=[team_id], lazy="raise")
    handed_by: Mapped[User | None] = relationship(foreign_keys=[handed_by_id], lazy="raise")
    handed_user: Mapped[User | None] = relationship(foreign_keys=[handed_user_id], lazy="raise")
    handed_team: Mapped[Team | None] = relationship(foreign_keys=[handed_team_id], lazy="raise")

    __table_args__ = (
        Index("ix_task_assignee", "workspace_id", "assignee_id", "done_at", "due_on", "id"),
        Index("ix_task_team", "workspace_id", "team_id", "done_at", "due_on", "id"),
        Index("ix_task_creator", "workspace_id", "creator_id", "done_at", "due_on", "id"),
        Index("ix_task_about", "workspace_id", "about", "done_at"),
        Index(
            "ix_task_handed",
            "workspace_id",
            "handed_user_id",
            sqlite_where=handed_by_id.is_not(None),
            postgresql_where=handed_by_id.is_not(None),
        ),
        {"sqlite_autoincrement": True},  # a number is never given twice: facts and topics name it
    )

    @property
    def subject(self) -> str:
        return f"task:{self.id}"

    @property
    def url(self) -> str:
        return f"/tasks/{self.id}"

    @property
    def due(self) -> str:
        """As facts keep it and <time datetime> takes it: a moment, a day or nothing."""
        return self.due_at.isoformat() if self.due_at else self.due_on.isoformat() if self.due_on else ""

    def changed(self, *parts: str) -> int:
        """The version at which any of these parts changed last."""
        return max(int(self.field_versions.get(part, 0)) for part in parts)

    @property
    def ticked(self) -> int:
        return sum(1 for item in self.checklist if item["done"])

    @property
    def is_handed(self) -> bool:
        return self.handed_by_id is not None
