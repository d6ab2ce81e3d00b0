"""A case: what a customer asks for, the letters about it and the notes of the team beside them."""

import secrets
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from server.channels.models import Channel
from server.contacts.models import Contact
from server.identity.models import Team, User
from server.kit.db import Base
from server.kit.files import holds_files

STATUSES = ("new", "open", "waiting", "snoozed", "solved", "closed")
OURS = ("new", "open")  # it is our turn
OVER = ("solved", "closed")
PRIORITIES = ("low", "normal", "high", "urgent")
TYPES = ("", "question", "problem", "request", "complaint", "praise")


def new_key() -> str:
    """128 bits that nobody guesses, in letters that survive every mail server."""
    return secrets.token_hex(16)


def new_mark() -> str:
    return secrets.token_hex(4)


def _where_set(name: str, *columns: str) -> Index:
    """Over the few rows whose last column holds something."""
    held = text(f"{columns[-1]} IS NOT NULL")
    return Index(name, *columns, sqlite_where=held, postgresql_where=held)


class Case(Base):
    """`number` counts in the workspace and is what people say aloud; the id is for addresses and topics.

    `said_n` is the number of the newest message that the customer sees: a reply is written on it. `asked_at` is when
    the oldest message of the customer came that nobody has answered. A case that was merged into another says which;
    its messages are there. `claimed_until`: until then one person answers, unless somebody takes it over.
    `replies_at`: when the next reply leaves that was written for later. `key` names it in an address for answers.
    """

    __tablename__ = "case"

    id: Mapped[int] = mapped_column(primary_key=True)
    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspace.id"))
    number: Mapped[int]
    key: Mapped[str] = mapped_column(default=new_key, unique=True)
    subject: Mapped[str]
    status: Mapped[str] = mapped_column(default="new")
    priority: Mapped[str] = mapped_column(default="normal")
    type: Mapped[str] = mapped_column(default="")
    tags: Mapped[list[Any]] = mapped_column(default=list)  # as written; folded in case_tag
    language: Mapped[str] = mapped_column(default="")  # of the requester, as far as known
    about: Mapped[str]  # the requester's record
    contact_id: Mapped[int] = mapped_column(ForeignKey("contact.id", ondelete="CASCADE"), index=True)
    address: Mapped[str] = mapped_column(default="")  # where the requester writes from
    channel_id: Mapped[int | None] = mapped_column(ForeignKey("channel.id"))
    team_id: Mapped[int | None] = mapped_column(ForeignKey("team.id", ondelete="SET NULL"))
    assignee_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("case.id", ondelete="SET NULL"), index=True)
    merged_into_id: Mapped[int | None] = mapped_column(ForeignKey("case.id", ondelete="SET NULL"))
    due_at: Mapped[datetime | None]  # the next promise to keep, counted by server/sla
    due_kind: Mapped[str] = mapped_column(default="")  # first | next | solution
    due_from: Mapped[datetime | None]  # since when it runs
    due_plan: Mapped[str] = mapped_column(default="")  # name of the policy
    claimed_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    claimed_until: Mapped[datetime | None]
    via: Mapped[str] = mapped_column(default="email")  # email | form | chat | phone | person | webhook
    is_proved: Mapped[bool] = mapped_column(default=False)  # the site vouched for who writes
    refers_to: Mapped[int | None]  # number of a case that its first letter names without being let in
    follows: Mapped[int | None]  # number of a closed case that its customer goes on from
    messages: Mapped[int] = mapped_column(default=0)
    said_n: Mapped[int] = mapped_column(default=0)
    asked_at: Mapped[datetime | None]
    answered_at: Mapped[datetime | None]  # the first answer of a person
    replies_at: Mapped[datetime | None]
    read_along: Mapped[list[Any]] = mapped_column(default=list)  # of their newest letter, beside ours: get replies too
    named_along: Mapped[list[Any]] = mapped_column(default=list)  # of it too, but nobody knows whether it is theirs
    snoozed_until: Mapped[datetime | None]
    solved_at: Mapped[datetime | None]
    rating_asked_at: Mapped[datetime | None]
    reminded_at: Mapped[datetime | None]  # when the customer was asked again by itself, since they wrote last
    created_at: Mapped[datetime]
    active_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)

    contact: Mapped[Contact] = relationship(lazy="raise")
    channel: Mapped[Channel | None] = relationship(lazy="raise")
    team: Mapped[Team | None] = relationship(lazy="raise")
    assignee: Mapped[User | None] = relationship(lazy="raise", foreign_keys=[assignee_id])
    claimed_by: Mapped[User | None] = relationship(lazy="raise", foreign_keys=[claimed_by_id])

    __table_args__ = (
        UniqueConstraint("workspace_id", "number"),
        Index("ix_case_list", "workspace_id", "status", "active_at", "id"),
        Index("ix_case_assignee", "workspace_id", "assignee_id", "status"),
        Index("ix_case_about", "workspace_id", "about", "id"),
        _where_set("ix_case_snoozed", "snoozed_until"),
        _where_set("ix_case_due", "workspace_id", "due_at"),
        _where_set("ix_case_claimed", "claimed_until"),
        {"sqlite_autoincrement": True},  # a number is never given twice: facts and topics name it
    )

    @property
    def ref(self) -> str:
        return f"case:{self.id}"

    @property
    def topic(self) -> str:
        return f"case:{self.id}:team"

    @property
    def customer_topic(self) -> str:
        """What the customer's own page hears; nothing of the team's is ever written to it."""
        return f"case:{self.id}:customer"

    @property
    def is_chat(self) -> bool:
        """Answered where it is asked, in the chat, and by mail only when nobody reads there."""
        return self.channel is not None and self.channel.kind == "chat"

    @property
    def url(self) -> str:
        return f"/cases/{self.id}"

    @property
    def is_over(self) -> bool:
        return self.status in OVER

    def is_claimed(self, user_id: int | None, at: datetime) -> bool:
        """Whether somebody else has it for themselves at this moment."""
        return self.claimed_until is not None and self.claimed_until > at and self.claimed_by_id != user_id


class CaseMessage(Base):
    """`audience`: customer | team. `state`: in (from the customer), scheduled (for later, no answer yet), paused (one
    that somebody wrote before), sending (may be taken back), leaving (no more), sent, failed, withdrawn; auto (a
    program's answer) and held (of a flood) are quiet; the team's notes are "note". `left_at`: of one for later. `acts`:
    what its macro does when it leaves. `held_for`, of a paused one: said | claimed | trash. `is_proved`: a letter whose
    writer has read what we sent them. `answers`: ids of the messages that a reply answered."""

    __tablename__ = "case_message"

    id: Mapped[int] = mapped_column(primary_key=True)
    workspace_id: Mapped[int]
    case_id: Mapped[int] = mapped_column(ForeignKey("case.id", ondelete="CASCADE"))
    n: Mapped[int]
    audience: Mapped[str]
    state: Mapped[str]
    via: Mapped[str]  # email | note | form | chat | page | phone | person | webhook
    author_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    sender: Mapped[str] = mapped_column(default="")  # of a letter: the name it claims
    address: Mapped[str] = mapped_column(default="")  # of a letter: whom it is from; of a reply: whom it goes to
    reply_to: Mapped[str] = mapped_column(default="")  # a letter's, when it is not where it came from
    copies: Mapped[list[Any]]  # addresses
    subject: Mapped[str] = mapped_column(default="")
    body: Mapped[str] = mapped_column(Text)  # what was written; Markdown when it is ours
    whole: Mapped[str] = mapped_column(Text, default="")  # a letter with quotes and signature, when that is more
    html: Mapped[str] = mapped_column(Text, default="")  # made harmless
    message_id: Mapped[str] = mapped_column(default="")
    problem: Mapped[str] = mapped_column(default="")  # see kit/unsent.py
    attempts: Mapped[int] = mapped_column(default=0)
    send_at: Mapped[datetime | None]
    left_at: Mapped[datetime | None]
    acts: Mapped[dict[str, Any]] = mapped_column(default=dict)
    held_for: Mapped[str] = mapped_column(default="")
    is_proved: Mapped[bool] = mapped_column(default=False)
    answers: Mapped[list[Any]] = mapped_column(default=list)
    created_at: Mapped[datetime]

    author: Mapped[User | None] = relationship(lazy="raise")
    files: Mapped[list["CaseFile"]] = relationship(lazy="raise", order_by="CaseFile.id")

    __table_args__ = (
        UniqueConstraint("case_id", "n"),
        Index("ix_case_message_letter", "workspace_id", "message_id"),
        Index("ix_case_message_sender", "workspace_id", "address", "created_at"),
        {"sqlite_autoincrement": True},
    )

    @property
    def is_ours(self) -> bool:
        return self.state not in ("in", "auto", "held")


class CaseFile(Base):
    """Something attached to a message."""

    __tablename__ = "case_file"

    id: Mapped[int] = mapped_column(primary_key=True)
    message_id: Mapped[int] = mapped_column(ForeignKey("case_message.id", ondelete="CASCADE"), index=True)
    name: Mapped[str]
    size: Mapped[int]
    type: Mapped[str]
    key: Mapped[str]
    cid: Mapped[str] = mapped_column(default="")  # how the letter's own HTML names it

    __table_args__ = ({"sqlite_autoincrement": True},)

    @property
    def ending(self) -> str:
        return self.name.rpartition(".")[2][:4].upper() if "." in self.name else "…"


class CaseTag(Base):
    """What cases are filtered by: a tag, folded."""

    __tablename__ = "case_tag"

    case_id: Mapped[int] = mapped_column(ForeignKey("case.id", ondelete="CASCADE"), primary_key=True)
    value: Mapped[str] = mapped_column(primary_key=True)
    workspace_id: Mapped[int]

    __table_args__ = (Index("ix_case_tag_value", "workspace_id", "value"),)


class CaseFollower(Base):
    """Who is told what happens to a case without having it."""

    __tablename__ = "case_follower"

    case_id: Mapped[int] = mapped_column(ForeignKey("case.id", ondelete="CASCADE"), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), primary_key=True)


class CaseLink(Base):
    """A record that the case also concerns, beside its requester."""

    __tablename__ = "case_link"

    case_id: Mapped[int] = mapped_column(ForeignKey("case.id", ondelete="CASCADE"), primary_key=True)
    contact_id: Mapped[int] = mapped_column(ForeignKey("contact.id", ondelete="CASCADE"), primary_key=True, index=True)


class Macro(Base):
    """A canned answer, acts, or both: `text` may name {name}, {first_name}, {company}, {number}, {subject}, {agent}.
    `acts`: what happens to the case when it is sent: status, snooze (days), priority, type, team, tags."""

    __tablename__ = "macro"

    id: Mapped[int] = mapped_column(primary_key=True)
    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspace.id"), index=True)
    name: Mapped[str]
    language: Mapped[str] = mapped_column(default="")  # of the text; empty: any
    text: Mapped[str] = mapped_column(Text, default="")
    acts: Mapped[dict[str, Any]] = mapped_column(default=dict)
    used: Mapped[int] = mapped_column(default=0)

    __table_args__ = ({"sqlite_autoincrement": True},)

    @property
    def subject(self) -> str:
        return f"macro:{self.id}"


class CaseDraftFile(Base):
    """A file of a reply that somebody has begun to write."""

    __tablename__ = "case_draft_file"

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case.id", ondelete="CASCADE"), index=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"))
    name: Mapped[str]
    size: Mapped[int]
    type: Mapped[str]
    key: Mapped[str]
    at: Mapped[datetime]

    __table_args__ = ({"sqlite_autoincrement": True},)


class CaseDraft(Base):
    """What somebody has begun to write: `kind` reply | note. It belongs to the case and to its writer, whoever the case
    is given to meanwhile. `mark` is another one with each change: who saves names the one they have seen."""

    __tablename__ = "case_draft"

    case_id: Mapped[int] = mapped_column(ForeignKey("case.id", ondelete="CASCADE"), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    text: Mapped[str] = mapped_column(Text)
    mark: Mapped[str] = mapped_column(default=new_mark)
    at: Mapped[datetime]


holds_files(CaseFile.key)
holds_files(CaseDraftFile.key)
