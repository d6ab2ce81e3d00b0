"""Rooms, who is in them, what was said there, and the little signs under it."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from server.contacts.models import Contact
from server.identity.models import User
from server.kit.db import Base


class Room(Base):
    """`kind`: room | direct (two people, `pair` "2:5") | record (the discussion of `about`).

    `posted` counts its messages ever: unread is `posted` minus a member's `read_n`, without counting rows.
    """

    __tablename__ = "room"

    id: Mapped[int] = mapped_column(primary_key=True)
    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspace.id"))
    kind: Mapped[str]
    name: Mapped[str] = mapped_column(default="")
    topic: Mapped[str] = mapped_column(Text, default="")
    private: Mapped[bool] = mapped_column(default=False)
    for_all: Mapped[bool] = mapped_column(default=False)  # whoever comes to the workspace is in it
    about: Mapped[str | None]
    record_id: Mapped[int | None] = mapped_column(ForeignKey("contact.id", ondelete="CASCADE"))
    pair: Mapped[str | None]
    creator_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    created_at: Mapped[datetime]
    archived_at: Mapped[datetime | None]
    posted: Mapped[int] = mapped_column(default=0)
    last_message_id: Mapped[int | None]
    last_author_id: Mapped[int | None]
    last_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)

    record: Mapped[Contact | None] = relationship(lazy="raise")

    __table_args__ = (
        UniqueConstraint("workspace_id", "about"),
        UniqueConstraint("workspace_id", "pair"),
        Index("ix_room_by_name", "workspace_id", "kind", "name"),
        Index("ix_room_record_id", "record_id"),
        {"sqlite_autoincrement": True},  # a number is never given twice: facts and topics name it
    )

    @property
    def is_closed(self) -> bool:
        """For its members alone."""
        return self.kind == "direct" or self.private

    @property
    def fact_about(self) -> str | None:
        """What its facts and its findable texts belong to: the record, or the closed room whose members alone
        may know of them."""
        return f"room:{self.id}" if self.is_closed else self.about

    def other_than(self, user_id: int | None) -> int:
        """The other one of a pair."""
        first, second = (int(part) for part in (self.pair or "0:0").split(":"))
        return second if first == user_id else first


class RoomMember(Base):
    __tablename__ = "room_member"

    room_id: Mapped[int] = mapped_column(ForeignKey("room.id", ondelete="CASCADE"), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), primary_key=True, index=True)
    joined_at: Mapped[datetime]
    read_message_id: Mapped[int] = mapped_column(default=0)
    read_n: Mapped[int] = mapped_column(default=0)
    muted: Mapped[bool] = mapped_column(default=False)


class Message(Base):
    """`n` counts the messages of the room. What a thread shows under its first message is kept with that one.

    The line of a call has no words but `call_id` and `call`: {"kind": audio | video, "state": going | missed | over,
    "met": whether anybody else came, "seconds"}.
    """

    __tablename__ = "message"

    id: Mapped[int] = mapped_column(primary_key=True)
    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspace.id"))
    room_id: Mapped[int] = mapped_column(ForeignKey("room.id", ondelete="CASCADE"))
    n: Mapped[int]
    author_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    body: Mapped[str] = mapped_column(Text)  # Markdown
    call_id: Mapped[int | None] = mapped_column(index=True)
    call: Mapped[dict[str, Any] | None]
    reply_to_id: Mapped[int | None] = mapped_column(ForeignKey("message.id", ondelete="CASCADE"))
    replies: Mapped[int] = mapped_column(default=0)
    replied_at: Mapped[datetime | None]
    repliers: Mapped[list[Any]]  # ids, the last three
    created_at: Mapped[datetime]
    edited_at: Mapped[datetime | None]
    removed_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)
    worded_v: Mapped[int] = mapped_column(default=1)  # the version that wrote `body`: signs and answers make later ones

    author: Mapped[User] = relationship(lazy="raise")
    reactions: Mapped[list["Reaction"]] = relationship(lazy="raise", order_by="Reaction.at", viewonly=True)

    __table_args__ = (
        Index("ix_message_room", "room_id", "reply_to_id", "id"),
        Index("ix_message_all", "room_id", "id"),
        Index("ix_message_reply_to_id", "reply_to_id", "id"),
        {"sqlite_autoincrement": True},
    )

    @property
    def is_call(self) -> bool:
        """Nobody wrote it, so nobody edits or removes it."""
        return self.call_id is not None

    @property
    def signs(self) -> dict[str, list[int]]:
        """emoji → who put it there, in the order they came."""
        found: dict[str, list[int]] = {}
        for reaction in self.reactions:
            found.setdefault(reaction.emoji, []).append(reaction.user_id)
        return found


class Reaction(Base):
    __tablename__ = "reaction"

    message_id: Mapped[int] = mapped_column(ForeignKey("message.id", ondelete="CASCADE"), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), primary_key=True)
    emoji: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime]


class Mention(Base):
    """Who was called by name where, teams resolved: for the number beside a room."""

    __tablename__ = "mention"

    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), primary_key=True)
    message_id: Mapped[int] = mapped_column(ForeignKey("message.id", ondelete="CASCADE"), primary_key=True, index=True)
    room_id: Mapped[int] = mapped_column(ForeignKey("room.id", ondelete="CASCADE"))

    __table_args__ = (Index("ix_mention_room", "user_id", "room_id", "message_id"),)


class ChatDraft(Base):
    """What somebody has begun to write in a room ("room:3") or beside a record ("contact:7")."""

    __tablename__ = "chat_draft"

    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), primary_key=True)
    place: Mapped[str] = mapped_column(primary_key=True)
    text: Mapped[str] = mapped_column(Text)
