"""Ways by which customers write, and the mail accounts behind addresses: mail, forms and chats, other messengers."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, UniqueConstraint
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
    sites: Mapped[list[Any]] = mapped_column(default=list)  # origins, such as "https://nogal.example"
    seal: Mapped[str] = mapped_column(default="")  # what a chat's secret is made from, with the installation's key
    options: Mapped[dict[str, Any]] = mapped_column(default=dict)  # of a form or a chat: see server/portal/forms.py
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


class MailAccount(Base):
    """`way`: in (IMAP) | out (SMTP). `security`: tls | starttls | none. The password is sealed (kit/seal.py) and is in
    no page, fact, log or answer."""

    __tablename__ = "mail_account"

    channel_id: Mapped[int] = mapped_column(ForeignKey("channel.id", ondelete="CASCADE"), primary_key=True)
    way: Mapped[str] = mapped_column(primary_key=True)
    host: Mapped[str]
    port: Mapped[int]
    security: Mapped[str]
    username: Mapped[str]
    sealed: Mapped[str]
    folder: Mapped[str] = mapped_column(default="INBOX")
    version: Mapped[int] = mapped_column(default=1)

    @property
    def shown(self) -> str:
        """For facts and people, without the secret."""
        return f"{self.username or '-'} · {self.host}:{self.port} · {self.security}"


class MailInbox(Base):
    """How far an IMAP account has been read, and by which process. `validity`: the server's UIDVALIDITY; with another
    one the numbers mean other letters. `owner` reads until `leased_until`, so that of several processes one does."""

    __tablename__ = "mail_inbox"

    channel_id: Mapped[int] = mapped_column(ForeignKey("channel.id", ondelete="CASCADE"), primary_key=True)
    validity: Mapped[int] = mapped_column(default=0)
    last_uid: Mapped[int | None]  # None: begin with what comes from now on
    old_until: Mapped[int] = mapped_column(default=0)  # letters up to here were there before the account
    owner: Mapped[str] = mapped_column(default="")
    leased_until: Mapped[datetime | None]
    since: Mapped[datetime | None]  # connected, or in trouble
    is_connected: Mapped[bool] = mapped_column(default=False)
    pushes: Mapped[bool] = mapped_column(default=True)  # False: the server cannot IDLE and is asked again and again
    trouble: Mapped[str] = mapped_column(default="")  # a word of kit/outbound.py


class LetterAside(Base):
    """A letter that could not be taken. It stays in its mailbox; `again`: try it once more."""

    __tablename__ = "letter_aside"

    id: Mapped[int] = mapped_column(primary_key=True)
    channel_id: Mapped[int] = mapped_column(ForeignKey("channel.id", ondelete="CASCADE"))
    validity: Mapped[int]
    uid: Mapped[int]
    size: Mapped[int]
    reason: Mapped[str]  # large | failed
    again: Mapped[bool] = mapped_column(default=False)
    at: Mapped[datetime]

    __table_args__ = (UniqueConstraint("channel_id", "validity", "uid"), {"sqlite_autoincrement": True})


class KnownHandle(Base):
    """Who somebody is at another messenger: what its bridge calls them, and whose record they are. `handle` is folded,
    `shown` as it came last."""

    __tablename__ = "known_handle"

    channel_id: Mapped[int] = mapped_column(ForeignKey("channel.id", ondelete="CASCADE"), primary_key=True)
    handle: Mapped[str] = mapped_column(primary_key=True)
    shown: Mapped[str]
    contact_id: Mapped[int] = mapped_column(ForeignKey("contact.id", ondelete="CASCADE"), index=True)
