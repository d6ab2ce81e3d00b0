"""The customer record: people and companies in one table, with fields that workspaces add themselves."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint, exists, text
from sqlalchemy.orm import Mapped, column_property, mapped_column, relationship

from server.identity.models import Team, User
from server.kit.access import Restriction
from server.kit.db import Base


def _where(condition: str) -> dict[str, Any]:
    return {"sqlite_where": text(condition), "postgresql_where": text(condition)}


class Contact(Base):
    """`kind` is "contact" (a person) or "company". Points are lists of {"value", "label"}, the first is the main one.

    `version` counts changes of the record, `field_versions` says at which of them a field changed last.
    """

    __tablename__ = "contact"

    id: Mapped[int] = mapped_column(primary_key=True)
    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspace.id"))
    kind: Mapped[str] = mapped_column(default="contact")
    name: Mapped[str]
    sort_name: Mapped[str]  # folded
    title: Mapped[str] = mapped_column(default="")
    company_id: Mapped[int | None] = mapped_column(ForeignKey("contact.id", ondelete="SET NULL"), index=True)
    emails: Mapped[list[Any]]
    phones: Mapped[list[Any]]
    addresses: Mapped[list[Any]]
    language: Mapped[str] = mapped_column(default="")
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    team_id: Mapped[int | None] = mapped_column(ForeignKey("team.id", ondelete="SET NULL"))
    tags: Mapped[list[Any]]
    custom: Mapped[dict[str, Any]]
    version: Mapped[int] = mapped_column(default=1)
    field_versions: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
    active_at: Mapped[datetime]  # the newest fact about it
    trashed_at: Mapped[datetime | None]

    is_restricted: Mapped[bool] = column_property(
        exists().where(Restriction.record_id == id, Restriction.workspace_id == workspace_id),
        deferred=True,
        raiseload=True,
    )
    company: Mapped["Contact | None"] = relationship(remote_side=[id], lazy="raise")
    owner: Mapped[User | None] = relationship(lazy="raise")
    team: Mapped[Team | None] = relationship(lazy="raise")

    __table_args__ = (
        # Partial: PostgreSQL walks no index in order past a column that is only known to be NULL.
        Index("ix_contact_by_name", "workspace_id", "kind", "sort_name", "id", **_where("trashed_at IS NULL")),
        Index("ix_contact_by_activity", "workspace_id", "kind", "active_at", "id", **_where("trashed_at IS NULL")),
        Index("ix_contact_by_age", "workspace_id", "kind", "created_at", "id", **_where("trashed_at IS NULL")),
        Index("ix_contact_by_owner", "workspace_id", "owner_id", "trashed_at"),
        Index("ix_contact_trash", "workspace_id", "kind", "sort_name", "id", **_where("trashed_at IS NOT NULL")),
        {"sqlite_autoincrement": True},  # a number is never given twice: facts and topics name it
    )

    @property
    def about(self) -> str:
        return f"{self.kind}:{self.id}"

    @property
    def url(self) -> str:
        return f"/{'companies' if self.kind == 'company' else 'contacts'}/{self.id}"

    @property
    def open_company(self) -> "Contact | None":
        """Its company where everybody may read the name; a closed one stands in the record's own facts alone."""
        return None if self.company is None or self.company.is_restricted else self.company

    @property
    def email(self) -> str:
        return self.emails[0]["value"] if self.emails else ""

    @property
    def phone(self) -> str:
        return self.phones[0]["value"] if self.phones else ""


class ContactKey(Base):
    """What a record is found by, exactly: its mails (lower case), phones (E.164 or digits) and tags (folded)."""

    __tablename__ = "contact_key"

    contact_id: Mapped[int] = mapped_column(ForeignKey("contact.id", ondelete="CASCADE"), primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)  # email | phone | tag
    value: Mapped[str] = mapped_column(primary_key=True)
    workspace_id: Mapped[int]

    __table_args__ = (Index("ix_contact_key_value", "workspace_id", "kind", "value", "contact_id"),)


class CustomField(Base):
    """A field the workspace added. `kind`: text | number | date | choice | yes_no."""

    __tablename__ = "custom_field"
    __table_args__ = (UniqueConstraint("workspace_id", "key"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspace.id"))
    key: Mapped[str]
    label: Mapped[str]
    kind: Mapped[str]
    choices: Mapped[list[Any]]
    order: Mapped[int] = mapped_column(default=0)


class SavedView(Base):
    """A filter of a list under a name, for one person or for everybody. `place`: contacts | cases."""

    __tablename__ = "saved_view"

    id: Mapped[int] = mapped_column(primary_key=True)
    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspace.id"), index=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    place: Mapped[str] = mapped_column(default="contacts")
    name: Mapped[str]
    query: Mapped[str]
