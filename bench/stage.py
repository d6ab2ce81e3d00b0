"""Where the engine is measured: one process on SQLite, or two on PostgreSQL with Redis between them. Loopback only."""

import contextlib
import os
import resource
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import psutil

from server.kit.db import Database
from server.kit.migrate import migrate
from server.settings import Settings
from tests import needs
from tests.own_postgres import postgres_server
from tests.own_redis import Redis, own_redis
from tests.server import Server, servers


@dataclass
class Stage:
    servers: list[Server]
    database: Database
    redis: Redis
    settings: Settings
    name: str

    def megabytes(self) -> float:
        """Resident memory of all processes."""
        pids = [server.process.pid for server in self.servers if server.process]
        return sum(psutil.Process(pid).memory_info().rss for pid in pids) / 2**20


@contextlib.asynccontextmanager
async def stage(processes: int = 1, *, bus: bool = False) -> AsyncIterator[Stage]:
    """`bus`: with Redis also when there is one process. Nothing is started yet but the databases."""
    raise_limit()
    async with contextlib.AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tertulia-bench-")))
        redis = stack.enter_context(own_redis())
        url = stack.enter_context(postgres_server()) if processes > 1 else f"sqlite+aiosqlite:///{folder}/db"
        settings = Settings(
            _env_file=None,  # type: ignore[call-arg]
            data_dir=folder, database_url=url, redis_url=redis.url if bus or processes > 1 else "",
            secret_key="a key for figures",
        )  # fmt: skip
        await migrate(settings.database)
        made = await stack.enter_async_context(servers(settings, processes, fresh=True))
        database = Database(settings.database)
        stack.push_async_callback(database.dispose)
        name = "two processes, PostgreSQL and Redis" if processes > 1 else "one process, SQLite"
        yield Stage(made, database, redis, settings, name)


def raise_limit() -> None:
    """Thousands of sockets need as many open files; what we start inherits it."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def has_second_engine() -> bool:
    return needs.find("postgres") is not None and os.environ.get("BENCH_ENGINE") != "sqlite"
