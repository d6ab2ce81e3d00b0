"""What people write about a record and put beside it, how far each has read, and what they had not sent yet."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from server.identity.models import User
from server.kit.db import Base
from server.kit.files import holds_files


class Note(Base):
    """An internal note, in Markdown. Only the team ever sees it."""

    __tablename__ = "note"

    id: Mapped[int] = mapped_column(primary_key=True)
    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspace.id"))
    about: Mapped[str]
    author_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    body: Mapped[str] = mapped_column(Text)
    pinned_at: Mapped[datetime | None] = mapped_column()
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime]
    edited_at: Mapped[datetime | None]
    removed_at: Mapped[datetime | None]

    author: Mapped[User | None] = relationship(lazy="raise")

    __table_args__ = (
        Index("ix_note_about", "workspace_id", "about", "id"),
        Index(
            "ix_note_pinned",
            "workspace_id",
            "about",
            sqlite_where=pinned_at.is_not(None),
            postgresql_where=pinned_at.is_not(None),
        ),
        {"sqlite_autoincrement": True},  # a number is never given twice: facts and addresses name it
    )

    @property
    def subject(self) -> str:
        return f"note:{self.id}"

    @property
    def url(self) -> str:
        return f"/notes/{self.id}"


class NoteVersion(Base):
    """Every text of a note that was edited, the first and the newest too: facts keep an excerpt only."""

    __tablename__ = "note_version"

    note_id: Mapped[int] = mapped_column(ForeignKey("note.id", ondelete="CASCADE"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    body: Mapped[str] = mapped_column(Text)
    editor_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    at: Mapped[datetime]

    editor: Mapped[User | None] = relationship(lazy="raise")


class File(Base):
    """A file of a record. `key` names its bytes in the folder of files."""

    __tablename__ = "file"

    id: Mapped[int] = mapped_column(primary_key=True)
    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspace.id"))
    about: Mapped[str]
    name: Mapped[str]
    type: Mapped[str]
    size: Mapped[int]
    key: Mapped[str]
    creator_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    created_at: Mapped[datetime]
    removed_at: Mapped[datetime | None]

    __table_args__ = (Index("ix_file_about", "workspace_id", "about", "id"), {"sqlite_autoincrement": True})

    @property
    def subject(self) -> str:
        return f"file:{self.id}"

    @property
    def url(self) -> str:
        return f"/files/{self.id}"

    @property
    def ending(self) -> str:
        return self.name.rpartition(".")[2][:4].upper() if "." in self.name else ""

    @property
    def is_picture(self) -> bool:
        return self.type.startswith("image/")


class Draft(Base):
    """What somebody began to write to a record, so that it is there on their other screens too."""

    __tablename__ = "draft"

    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), primary_key=True)
    about: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)  # "note"; replies to customers have their own
    body: Mapped[str] = mapped_column(Text)
    updated_at: Mapped[datetime]


class ReadMark(Base):
    """How far a person has read a record's stream."""

    __tablename__ = "read_mark"

    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), primary_key=True)
    about: Mapped[str] = mapped_column(primary_key=True)
    position: Mapped[int]
    at: Mapped[datetime]


holds_files(File.key)
