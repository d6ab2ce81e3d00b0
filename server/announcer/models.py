"""A workspace's public line, its menus, who has called by it, and the numbers that customers prove themselves by."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from server.calls.models import Call
from server.kit.db import Base
from server.kit.files import holds_files


class Line(Base):
    """One for each workspace. `key` stands in its public address; `fields`: what of their record customers may hear."""

    __tablename__ = "line"

    id: Mapped[int] = mapped_column(primary_key=True)
    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspace.id"), unique=True)
    key: Mapped[str] = mapped_column(unique=True)
    is_on: Mapped[bool] = mapped_column(default=False)
    wait: Mapped[int] = mapped_column(default=30)  # seconds it rings before a message is taken
    records: Mapped[bool] = mapped_column(default=False)
    team_id: Mapped[int | None] = mapped_column(ForeignKey("team.id", ondelete="SET NULL"))  # for messages of nobody's
    fields: Mapped[list[Any]]

    menus: Mapped[list["LineMenu"]] = relationship(lazy="raise", order_by="LineMenu.id", viewonly=True)


class LineMenu(Base):
    """The first menu of a line is where callers begin. Texts are {"en": …, "es": …}; `language` "": the caller's."""

    __tablename__ = "line_menu"

    id: Mapped[int] = mapped_column(primary_key=True)
    line_id: Mapped[int] = mapped_column(ForeignKey("line.id", ondelete="CASCADE"), index=True)
    name: Mapped[str]
    language: Mapped[str] = mapped_column(default="")
    voice: Mapped[str] = mapped_column(default="")
    greeting: Mapped[dict[str, Any]]
    closed: Mapped[dict[str, Any]]
    file: Mapped[str] = mapped_column(default="")  # a file key: played in place of the greeting
    hours: Mapped[list[Any]]  # see kit/hours.py
    zone: Mapped[str]

    options: Mapped[list["LineOption"]] = relationship(lazy="raise", order_by="LineOption.digit", viewonly=True)


class LineOption(Base):
    """`kind`: script.KINDS. `target_id`: the team, person or menu of that kind; `skill`: of kind skill."""

    __tablename__ = "line_option"

    id: Mapped[int] = mapped_column(primary_key=True)
    menu_id: Mapped[int] = mapped_column(ForeignKey("line_menu.id", ondelete="CASCADE"))
    digit: Mapped[str]
    kind: Mapped[str]
    label: Mapped[dict[str, Any]]
    target_id: Mapped[int | None]
    text: Mapped[dict[str, Any]]
    file: Mapped[str] = mapped_column(default="")
    skill: Mapped[str] = mapped_column(default="")

    __table_args__ = (UniqueConstraint("menu_id", "digit"),)


class LineCall(Base):
    """What is known of a call that came by the line. `proof`: "" (nothing: a typed name proves nothing) | link | pin.

    `wants`: what was chosen ("team:2", "user:5", "skill:steam"), `chosen` the label of the choice.
    """

    __tablename__ = "line_call"

    call_id: Mapped[int] = mapped_column(ForeignKey("call.id", ondelete="CASCADE"), primary_key=True)
    line_id: Mapped[int] = mapped_column(ForeignKey("line.id", ondelete="CASCADE"))
    participant_id: Mapped[int]
    language: Mapped[str]
    said_name: Mapped[str] = mapped_column(Text, default="")
    proof: Mapped[str] = mapped_column(default="")
    wants: Mapped[str] = mapped_column(default="")
    chosen: Mapped[str] = mapped_column(default="")
    wrong: Mapped[int] = mapped_column(default=0)  # how often number and PIN did not belong together
    attended_at: Mapped[datetime | None]  # since when the announcer talks with them
    queued_at: Mapped[datetime | None]
    message_at: Mapped[datetime | None]  # since when a message is recorded

    call: Mapped[Call] = relationship(lazy="raise")

    __table_args__ = (Index("ix_line_call_queue", "line_id", "wants", "queued_at"),)


class CustomerNumber(Base):
    """What a customer types. The PIN is stored hashed. `wrong`: when wrong PINs came, of the last hour."""

    __tablename__ = "customer_number"

    contact_id: Mapped[int] = mapped_column(ForeignKey("contact.id", ondelete="CASCADE"), primary_key=True)
    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspace.id"))
    number: Mapped[str]
    pin_hash: Mapped[str]
    set_at: Mapped[datetime]
    wrong: Mapped[list[Any]]
    locked_until: Mapped[datetime | None]

    __table_args__ = (UniqueConstraint("workspace_id", "number"),)


holds_files(LineMenu.file)
holds_files(LineOption.file)
