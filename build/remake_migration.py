"""Writes server/migrations/versions/0001_start.py anew from the models; used until the first release."""

import asyncio
from pathlib import Path

from alembic import command
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import create_async_engine

from server.kit.migrate import config

VERSIONS = Path("server/migrations/versions")


def autogenerate(connection: Connection) -> None:
    command.revision(config(connection), "The first schema", autogenerate=True, rev_id="0001", head="base")


async def main() -> None:
    later = VERSIONS / "0002_search.py"
    kept = later.read_text()
    later.unlink()
    for old in VERSIONS.glob("0001_*.py"):
        old.unlink()
    try:
        engine = create_async_engine("sqlite+aiosqlite://")
        async with engine.begin() as connection:
            await connection.run_sync(autogenerate)
        await engine.dispose()
        made = next(VERSIONS.glob("0001_*.py"))
        (VERSIONS / "0001_start.py").write_text(made.read_text().replace(", astext_type=Text()", ""))
        made.unlink()
    finally:
        later.write_text(kept)


asyncio.run(main())
