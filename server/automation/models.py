"""What happens to cases by itself: rules for what comes in, who gets it, and the care of cases that lie still."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Text
from sqlalchemy.orm import Mapped, mapped_column

from server.kit.db import Base

MOMENTS = ("opened", "received", "happened")  # a new case; each message of a customer; a program tells of an event
METHODS = ("", "round_robin", "least_busy")


class Rule(Base):
    """`when`: channel, team (numbers), language, words (any of them, with commas), tag (of the customer or their
    company), territory (words of an address), calendar and hours ("open" or "closed"); all that are there must hold.
    `acts`: tags, type, priority, team, method, skill, answer ({"en": …, "es": …}). Rules are asked in their order; one
    that `stops` is the last. A rule for events asks their names (`events`) too, knows the words that they bring
    (`brings`) and has a `letter` ({"subject": {"en": …}, "text": {"en": …}}) and the channel that is its `sender`, or
    nothing."""

    __tablename__ = "automation_rule"

    id: Mapped[int] = mapped_column(primary_key=True)
    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspace.id"), index=True)
    name: Mapped[str]
    place: Mapped[int]
    moment: Mapped[str]
    when: Mapped[dict[str, Any]]
    acts: Mapped[dict[str, Any]]
    stops: Mapped[bool] = mapped_column(default=False)
    fired: Mapped[int] = mapped_column(default=0)

    __table_args__ = ({"sqlite_autoincrement": True},)

    @property
    def subject(self) -> str:
        return f"rule:{self.id}"


class Agent(Base):
    """How somebody takes cases: at most `most` open ones at once (0: as many as come), with these skills (folded)."""

    __tablename__ = "agent"

    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), primary_key=True)
    workspace_id: Mapped[int]
    most: Mapped[int] = mapped_column(default=0)
    skills: Mapped[list[Any]] = mapped_column(default=list)
    is_away: Mapped[bool] = mapped_column(default=False)
    given_at: Mapped[datetime | None]  # when a rule gave them a case last


class Care(Base):
    """What a workspace does with cases that lie still; 0 days: nothing. Texts in both languages."""

    __tablename__ = "case_care"

    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspace.id"), primary_key=True)
    ask_after: Mapped[int] = mapped_column(default=0)  # days that a case waits before the customer is asked again
    ask_text: Mapped[dict[str, Any]] = mapped_column(default=dict)
    solve_after: Mapped[int] = mapped_column(default=0)  # days after that until it counts as solved
    rate_after: Mapped[int] = mapped_column(
        default=0
    )  # hours after it is solved until the customer is asked how it was
    rate_text: Mapped[dict[str, Any]] = mapped_column(default=dict)
    close_after: Mapped[int] = mapped_column(default=0)  # days until a solved case is closed: answers open a new one


class Answered(Base):
    """To whom something went by itself on a day: at most once a day, so that two machines never talk for long."""

    __tablename__ = "automatic_answer"

    workspace_id: Mapped[int] = mapped_column(primary_key=True)
    address: Mapped[str] = mapped_column(primary_key=True)
    day: Mapped[str] = mapped_column(primary_key=True)


class EventLetter(Base):
    """A letter that a rule sent because of an event; it belongs to no case. `state`: sending | sent | failed."""

    __tablename__ = "event_letter"

    id: Mapped[int] = mapped_column(primary_key=True)
    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspace.id"))
    about: Mapped[str] = mapped_column(index=True)
    happening: Mapped[str] = mapped_column(index=True)  # the subject of the fact that it answers
    channel_id: Mapped[int | None] = mapped_column(ForeignKey("channel.id"))
    name: Mapped[str]
    address: Mapped[str]
    subject: Mapped[str]
    body: Mapped[str] = mapped_column(Text)
    language: Mapped[str]
    message_id: Mapped[str]
    state: Mapped[str] = mapped_column(default="sending")
    attempts: Mapped[int] = mapped_column(default=0)
    problem: Mapped[str] = mapped_column(default="")  # see kit/unsent.py
