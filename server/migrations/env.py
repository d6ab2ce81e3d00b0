"""Alembic's entry: run by `python -m server migrate` with the connection it opened."""

from typing import Literal

from alembic import context

from server.kit import idempotency, index, jobs, passes, patches  # noqa: F401  kit's own tables
from server.kit.db import Base, UtcDateTime
from server.kit.domain import discover

discover()


def include_object(item: object, name: str | None, kind: str, reflected: bool, compare_to: object) -> bool:
    """FTS5's own tables are made by hand (0002)."""
    return not (kind == "table" and name is not None and name.startswith("search_fts"))


def render_item(kind: str, item: object, autogen_context: object) -> str | Literal[False]:
    """Migrations stand alone: our own column types are written as what they are in the database."""
    return "sa.DateTime(timezone=True)" if kind == "type" and isinstance(item, UtcDateTime) else False


connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=Base.metadata,
    render_as_batch=True,
    include_object=include_object,
    render_item=render_item,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
