"""Brings a database to the newest schema. Safe to run twice, and after a cut."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine

import server

LOCK = 7_342_002


def config(connection: Connection) -> Config:
    made = Config()
    made.set_main_option("script_location", str(Path(server.__file__).parent / "migrations"))
    made.attributes["connection"] = connection
    return made


def _upgrade(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
        connection.execute(text("CREATE EXTENSION IF NOT EXISTS pg_trgm"))
    command.upgrade(config(connection), "head")
    if connection.dialect.name == "sqlite":  # without statistics the planner walks whole lists
        connection.execute(text("PRAGMA analysis_limit=1000"))
        connection.execute(text("PRAGMA optimize=0x10002"))


async def migrate(url: str) -> None:
    engine = create_async_engine(url)
    try:
        async with engine.begin() as connection:
            await connection.run_sync(_upgrade)
    finally:
        await engine.dispose()
