"""Ways by which customers write: an address for mail, a form or a chat on somebody's site."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from server.identity.models import Team
from server.kit.db import Base


class Channel(Base):
    """`kind`: email | form | chat. An address belongs to exactly one workspace of the installation, so that no header
    decides where a letter goes; the address of a form or a chat is its public key. `sites` may show it in a frame."""

    __tablename__ = "channel"

    id: Mapped[int] = mapped_column(primary_key=True)
    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspace.id"), index=True)
    kind: Mapped[str] = mapped_column(default="email")
    name: Mapped[str]
    address: Mapped[str] = mapped_column(unique=True)  # lower case
    team_id: Mapped[int | None] = mapped_column(ForeignKey("team.id", ondelete="SET NULL"))
    language: Mapped[str] = mapped_column(default="en")  # of what the house itself writes to customers there
    signature: Mapped[str] = mapped_column(default="")
    sites: Mapped[list[Any]]  # origins, such as "https://nogal.example"
    seal: Mapped[str] = mapped_column(default="")  # what a chat's secret is made from, with the installation's key
    options: Mapped[dict[str, Any]]  # of a form or a chat: see server/portal/forms.py
    created_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]

    team: Mapped[Team | None] = relationship(lazy="raise")

    __table_args__ = ({"sqlite_autoincrement": True},)  # a number is never given twice: facts and topics name it

    @property
    def subject(self) -> str:
        return f"channel:{self.id}"

    @property
    def label(self) -> str:
        """What people know it by: the address of a form or a chat is a key that nobody reads."""
        return self.address if self.kind == "email" else self.name

    @property
    def url(self) -> str:
        return f"/settings/channels/{self.id}"
