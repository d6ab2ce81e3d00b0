"""Brings a database to the newest schema. Safe to run twice, and after a cut."""

import os
import re
import socket
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import URL, Connection, inspect, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine

import server
from server.kit.errors import Away

if TYPE_CHECKING:
    from alembic.config import Config

LOCK = 7_342_002
MIGRATIONS = Path(server.__file__).parent / "migrations"


def newest() -> str:
    """The revision of the newest migration: the number its file begins with."""
    return max(path.name.partition("_")[0] for path in (MIGRATIONS / "versions").glob("[0-9]*.py"))


def _is_newest(connection: Connection) -> bool:
    known = inspect(connection).has_table("alembic_version")
    found = connection.scalar(text("SELECT version_num FROM alembic_version")) if known else None
    if found is not None and found > newest():
        raise Away(f"The database is of a newer Tertulia: its schema is {found}, this one knows {newest()}")
    return bool(found == newest())


def _upgrade(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
        connection.execute(text("CREATE EXTENSION IF NOT EXISTS pg_trgm"))
    if not _is_newest(connection):
        _run_alembic(connection)
    if connection.dialect.name == "sqlite":  # without statistics the planner walks whole lists
        connection.execute(text("PRAGMA analysis_limit=1000"))
        connection.execute(text("PRAGMA optimize=0x10002"))


def _run_alembic(connection: Connection) -> None:
    from alembic import command  # a tenth of the time of a start, and most starts have nothing to migrate

    command.upgrade(config(connection), "head")


def config(connection: Connection) -> "Config":
    from alembic.config import Config

    made = Config()
    made.set_main_option("script_location", str(MIGRATIONS))
    made.attributes["connection"] = connection
    return made


async def migrate(url: str) -> None:
    """Raises Away, with what the driver says of it, when there is no database to be had or it is not ours to use."""
    engine = create_async_engine(url)
    try:
        try:
            connection = await engine.connect()
        except Exception as error:  # drivers pass on errors of the network, of theirs and of their server's as they are
            raise Away(f"The database cannot be opened: {_out_of_reach(error, engine.url)}") from error
        try:
            async with connection.begin():
                await connection.run_sync(_upgrade)
        except DBAPIError as error:
            if not _is_unfit(error):
                raise
            raise Away(f"The database cannot be used: {_said(error)}") from error
        finally:
            await connection.close()
    finally:
        await engine.dispose()


def _out_of_reach(error: Exception, url: URL) -> str:
    """What the network says of the place; what a server says itself is told as it stands."""
    if not isinstance(error, OSError):
        return _said(error)
    place, number = f"{url.host or 'localhost'}:{url.port or 5432}", re.search(r"\[Errno (\d+)\]", str(error))
    if isinstance(error, socket.gaierror):
        place, said = str(url.host), error.strerror
    else:
        said = os.strerror(int(number[1])) if number else str(error) or "no answer"
    return f"{place}: {said}. Is it running, and is DATABASE_URL right?"


def _said(error: Exception) -> str:
    """The server's own words; around those of PostgreSQL there is the name of a class."""
    said = getattr(error, "orig", None) or error
    return str(said.__cause__ or said) or repr(said)


def _is_unfit(error: DBAPIError) -> bool:
    """Whether the database is not one, or this user may not do in it what we need: no mistake of a migration."""
    if isinstance(error.orig, sqlite3.DatabaseError):
        return any(word in str(error.orig) for word in ("readonly", "not a database", "malformed"))
    return getattr(error.orig, "sqlstate", "") in ("42501", "3F000", "0A000", "58P01")
