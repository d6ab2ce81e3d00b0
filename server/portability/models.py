"""An import: the file and what its columns mean, the records it touched, the rows that did not get in."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from server.kit.db import Base
from server.kit.files import holds_files


class ImportBatch(Base):
    """`state`: mapping | running | paused | done | undoing | undone. `survey` is what was found in the file,
    `options` what the person chose. `position` rows are read, so that a cut run goes on where it stopped."""

    __tablename__ = "import_batch"
    __table_args__ = (Index("ix_import_batch_workspace", "workspace_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspace.id"))
    creator_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    file_key: Mapped[str] = mapped_column(default="")  # empty: the command line read it in place
    name: Mapped[str]
    survey: Mapped[dict[str, Any]]
    options: Mapped[dict[str, Any]]
    job_id: Mapped[int | None] = mapped_column(ForeignKey("job.id", ondelete="SET NULL"))
    state: Mapped[str] = mapped_column(default="mapping")
    total: Mapped[int] = mapped_column(default=0)
    position: Mapped[int] = mapped_column(default=0)
    created: Mapped[int] = mapped_column(default=0)
    updated: Mapped[int] = mapped_column(default=0)
    skipped: Mapped[int] = mapped_column(default=0)
    failed: Mapped[int] = mapped_column(default=0)
    flawed: Mapped[int] = mapped_column(default=0)  # rows that are in without one of their cells
    undone: Mapped[int] = mapped_column(default=0)
    left: Mapped[int] = mapped_column(default=0)  # changed by somebody since, so undo left them
    created_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    started_from: Mapped[int] = mapped_column(default=0)  # the position at started_at, for the speed
    finished_at: Mapped[datetime | None]


class ImportRow(Base):
    """A record that the import made or changed. `action`: created | updated | left (undo found it changed since)."""

    __tablename__ = "import_row"

    batch_id: Mapped[int] = mapped_column(ForeignKey("import_batch.id", ondelete="CASCADE"), primary_key=True)
    contact_id: Mapped[int] = mapped_column(ForeignKey("contact.id", ondelete="CASCADE"), primary_key=True, index=True)
    kind: Mapped[str]  # contact | company: undo takes people first
    action: Mapped[str]
    before: Mapped[dict[str, Any]]  # field → the value it had
    version_after: Mapped[int]


class ImportFailure(Base):
    """A row that did not get in, or with `contact_id` a record that came without the cell of `column`. The cells are
    kept so that they can be mended."""

    __tablename__ = "import_failure"
    __table_args__ = (Index("ix_import_failure_batch", "batch_id", "line"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    batch_id: Mapped[int] = mapped_column(ForeignKey("import_batch.id", ondelete="CASCADE"))
    line: Mapped[int]
    column: Mapped[str] = mapped_column(default="")
    reason: Mapped[str] = mapped_column(Text)
    several: Mapped[bool] = mapped_column(default=False)  # it means more than one record, and somebody has to choose
    cells: Mapped[list[Any]]
    contact_id: Mapped[int | None] = mapped_column(ForeignKey("contact.id", ondelete="CASCADE"), index=True)


holds_files(ImportBatch.file_key)
