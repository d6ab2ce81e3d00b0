"""What the house promises its customers: by when they are answered and helped, counted in open hours."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from server.identity.models import Team
from server.kit.db import Base
from server.kit.hours import Calendar

KINDS = ("first", "next", "solution")  # answers and the end of the case


class SlaCalendar(Base):
    """Opening hours by the clock of `zone`, see kit/hours.py. `holidays`: {"date": "2026-12-25", "name": …}."""

    __tablename__ = "sla_calendar"

    id: Mapped[int] = mapped_column(primary_key=True)
    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspace.id"), index=True)
    name: Mapped[str]
    hours: Mapped[list[Any]]
    zone: Mapped[str]
    holidays: Mapped[list[Any]]

    __table_args__ = ({"sqlite_autoincrement": True},)

    @property
    def subject(self) -> str:
        return f"sla_calendar:{self.id}"

    @property
    def calendar(self) -> Calendar:
        days = frozenset(date.fromisoformat(one["date"]) for one in self.holidays)
        return Calendar(self.hours, self.zone, days)


class SlaPolicy(Base):
    """Of several that fit a case the first by `place` counts. `tag`: only customers who carry it, or whose company
    does. `targets`: {priority: {kind: minutes}}; a kind that is left out is not promised. `warn`: minutes before."""

    __tablename__ = "sla_policy"

    id: Mapped[int] = mapped_column(primary_key=True)
    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspace.id"), index=True)
    name: Mapped[str]
    place: Mapped[int]
    calendar_id: Mapped[int] = mapped_column(ForeignKey("sla_calendar.id"))
    tag: Mapped[str] = mapped_column(default="")
    team_id: Mapped[int | None] = mapped_column(ForeignKey("team.id", ondelete="SET NULL"))
    targets: Mapped[dict[str, Any]]
    warn: Mapped[int] = mapped_column(default=30)
    escalate_team_id: Mapped[int | None] = mapped_column(ForeignKey("team.id", ondelete="SET NULL"))
    raises: Mapped[bool] = mapped_column(default=False)  # the priority, when a promise is not kept

    calendar: Mapped[SlaCalendar] = relationship(lazy="joined", innerjoin=True)
    team: Mapped[Team | None] = relationship(lazy="raise", foreign_keys=[team_id])
    escalate_team: Mapped[Team | None] = relationship(lazy="raise", foreign_keys=[escalate_team_id])

    __table_args__ = ({"sqlite_autoincrement": True},)

    @property
    def subject(self) -> str:
        return f"sla_policy:{self.id}"


class SlaClock(Base):
    """One promise of one case. It runs from `resumed_at`, having used `used` seconds of open time before; while it
    stands still both it and `due_at` are empty. Kept when done, for the figures."""

    __tablename__ = "sla_clock"

    id: Mapped[int] = mapped_column(primary_key=True)
    workspace_id: Mapped[int]
    case_id: Mapped[int] = mapped_column(ForeignKey("case.id", ondelete="CASCADE"), index=True)
    policy_id: Mapped[int | None] = mapped_column(ForeignKey("sla_policy.id", ondelete="SET NULL"))
    kind: Mapped[str]
    target: Mapped[int]  # minutes
    started_at: Mapped[datetime]
    resumed_at: Mapped[datetime | None]
    used: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[datetime | None]
    warn_at: Mapped[datetime | None]
    done_at: Mapped[datetime | None]
    warned_at: Mapped[datetime | None]
    breached_at: Mapped[datetime | None]

    __table_args__ = (
        Index(
            "ix_sla_clock_due", "due_at", sqlite_where=text("done_at IS NULL"),
            postgresql_where=text("done_at IS NULL"),
        ),
        Index(
            "ix_sla_clock_warn", "warn_at", sqlite_where=text("warned_at IS NULL"),
            postgresql_where=text("warned_at IS NULL"),
        ),
    )  # fmt: skip

    @property
    def is_kept(self) -> bool:
        return self.breached_at is None
