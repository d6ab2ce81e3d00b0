"""Databases for tests: copies of a few that were made once, each with what many tests begin with.

"empty" is migrated, "nogal" has Nogal Café with its owner Ana and two departments, "mateo" has her colleague too.
"""

import asyncio
import shutil
import threading
from collections.abc import Callable, Collection, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from os import getpid
from pathlib import Path
from typing import Any

import asyncpg

from server.identity.actions import PersonDraft, WorkspaceDraft, add_user, create_workspace, start_session
from server.identity.models import Workspace
from server.kit.domain import discover
from server.kit.migrate import migrate
from server.main import build_database
from server.settings import Settings
from tests.own_postgres import postgres_server

Copy = Callable[[str], str]  # the name of a scene, or the address of a database that nobody has open → a new address
SECRET_KEY = "a key for the tests"


@dataclass(frozen=True)
class Scenes:
    copy: Copy
    drop: Callable[[str], None]  # an address that copy gave


numbers = count(1)
cookies: dict[int, str] = {}  # user → the token of the session that their scene has
_settings = Settings(_env_file=None, secret_key=SECRET_KEY, base_url="http://test")  # type: ignore[call-arg]


def settings_for(database_url: str, data_dir: Path, redis_url: str = "") -> Settings:
    """Reading the environment takes longer than copying what was read."""
    return _settings.model_copy(update={"database_url": database_url, "redis_url": redis_url, "data_dir": data_dir})


def scene_for(fixtures: Collection[str]) -> str:
    return "mateo" if "mateo" in fixtures else "nogal" if "workspace" in fixtures else "empty"


async def _nogal(url: str) -> None:
    database = build_database(settings_for(url, Path()))
    async with database.transaction() as tx:
        draft = WorkspaceDraft("Nogal Café", "en", "Europe/Madrid", ("Sales", "Support"))
        _place, ana = await create_workspace(tx, draft, PersonDraft("Ana Beltrán", "ana@example.org", "no password"))
        cookies[ana.id] = await start_session(tx, ana, "tests", "127.0.0.1", 30, _settings.secret)
    await database.dispose()


async def _mateo(url: str) -> None:
    database = build_database(settings_for(url, Path()))
    async with database.transaction() as tx:
        place = await tx.get_one(Workspace, 1)
        mateo = await add_user(tx, place, PersonDraft("Mateo Ríos", "mateo@example.org", "no password"), "member")
        cookies[mateo.id] = await start_session(tx, mateo, "tests", "127.0.0.1", 30, _settings.secret)
    await database.dispose()


@contextmanager
def sqlite_scenes(folder: Path) -> Iterator[Scenes]:
    def address(name: str) -> str:
        return f"sqlite+aiosqlite:///{folder}/{name}.db"

    def copy(of: str, to: str = "") -> str:
        name = to or str(next(numbers))
        source = of.rpartition("/")[2].removesuffix(".db")
        shutil.copy(folder / f"{source}.db", folder / f"{name}.db")
        return address(name)

    def drop(address: str) -> None:
        for file in folder.glob(address.rpartition("/")[2] + "*"):  # its log as well
            file.unlink()

    discover()
    asyncio.run(migrate(address("empty")))
    asyncio.run(_nogal(copy("empty", "nogal")))
    asyncio.run(_mateo(copy("nogal", "mateo")))
    yield Scenes(copy, drop)


@contextmanager
def postgres_scenes() -> Iterator[Scenes]:
    with postgres_server() as url, _connected(url) as run:
        mark, base = f"t{getpid()}", url.rpartition("/")[0]

        def copy(of: str, to: str = "") -> str:
            name = f"{mark}_{to or next(numbers)}"
            source = of.rpartition("/")[2].removeprefix(f"{mark}_")
            # Copying files is quicker here than writing a small database's pages to the log.
            run(f"CREATE DATABASE {name} TEMPLATE {mark}_{source} STRATEGY FILE_COPY")
            return f"{base}/{name}"

        def drop(address: str) -> None:
            run(f"DROP DATABASE {address.rpartition('/')[2]} WITH (FORCE)")

        discover()
        run(f"CREATE DATABASE {mark}_empty")
        asyncio.run(migrate(f"{base}/{mark}_empty"))
        asyncio.run(_nogal(copy("empty", "nogal")))
        asyncio.run(_mateo(copy("nogal", "mateo")))
        yield Scenes(copy, drop)


@contextmanager
def _connected(url: str) -> Iterator[Callable[[str], None]]:
    """Runs statements on one connection, whose loop has a thread of its own: fixtures may run inside the test's."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    def wait_for(doing: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(doing, loop).result()

    async def connect() -> "asyncpg.Connection[Any]":
        return await asyncpg.connect(url.replace("+asyncpg", ""))

    connection = wait_for(connect())
    try:
        yield lambda statement: wait_for(connection.execute(statement))
    finally:
        wait_for(connection.close())
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
