"""A real Tertulia in a process of its own, which may be killed, stopped and started again on the same data."""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2 as httpx

from server.identity.actions import PersonDraft, add_user, create_token
from server.identity.passwords import Passwords
from server.offline import find_person, make_owner, make_token, opened
from server.settings import Settings
from tests import needs
from tests.processes import Process, fork, launch

OWNER, PASSWORD = "ana@example.org", "three good words"
PATIENCE = 60.0


class Server:
    """One process on the settings' database. `before` of `start` is Python that the process runs first: a fault at
    an exact place, which no signal from outside would hit. `fresh`: nothing is loaded when it starts, as on a machine."""

    def __init__(self, settings: Settings, token: str, log: Path, fresh: bool = False) -> None:
        self.port, self.token, self._fresh = needs.free_port(), token, fresh
        self.url = f"http://127.0.0.1:{self.port}"
        self._log = log
        self.env = os.environ | {
            "DATABASE_URL": settings.database_url,
            "REDIS_URL": settings.redis_url,
            "DATA_DIR": str(settings.data_dir),
            "SECRET_KEY": settings.secret_key,
            "PORT": str(self.port),
            "BASE_URL": self.url,
            "LOG_LEVEL": "WARNING",
        }
        self.process: Process | None = None

    async def start(self, before: str = "") -> None:
        self.process = self.run("serve", before)
        async with asyncio.timeout(PATIENCE), httpx.AsyncClient(base_url=self.url) as client:
            while self.process.exitcode is None:
                with contextlib.suppress(httpx.TransportError):
                    if (await client.get("/ready")).status_code == 200:
                        return
                await asyncio.sleep(0.02)  # a process that starts has no event to wait for
        raise RuntimeError(self.log)

    def run(self, command: str, before: str = "") -> Process:
        """A process of the product with this server's settings."""
        if before or self._fresh:
            return launch([command], self.env, self._log, before)
        return fork([command], self.env, self._log)

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    async def kill(self) -> None:
        """As a power cut does it: nothing of the process runs any more."""
        if self.process is not None:
            self.process.kill()
        await self.gone()

    async def stop(self) -> int:
        """As a deploy does it; the exit code."""
        if self.process is not None:
            self.process.terminate()
        return await self.gone()

    async def gone(self) -> int:
        """Wait for its end, whoever caused it."""
        assert self.process is not None
        return await asyncio.to_thread(self.process.wait)

    @property
    def log(self) -> str:
        return self._log.read_text(errors="replace")

    def program(self) -> httpx.AsyncClient:
        """A client of the API, as the owner."""
        headers = {"authorization": f"Bearer {self.token}"}
        return httpx.AsyncClient(base_url=f"{self.url}/api/v1", headers=headers, timeout=PATIENCE)

    @contextlib.asynccontextmanager
    async def browser(self, email: str = OWNER) -> AsyncIterator[httpx.AsyncClient]:
        """Signed in like a person."""
        headers = {"sec-fetch-site": "same-origin"}
        async with httpx.AsyncClient(base_url=self.url, headers=headers, timeout=PATIENCE) as client:
            answer = await client.post("/signin", data={"email": email, "password": PASSWORD})
            assert answer.status_code == 303, answer.text
            yield client


async def add_colleague(settings: Settings, email: str, name: str) -> str:
    """A member of the workspace, with the same password; a token of theirs."""
    hashed = await Passwords().hash(PASSWORD)
    async with opened(settings) as database, database.transaction() as tx:
        _owner, place = await find_person(tx, OWNER)
        user = await add_user(tx, place, PersonDraft(name, email, hashed), "member")
        return await create_token(tx, user, "tests", settings.secret)


@contextlib.asynccontextmanager
async def servers(settings: Settings, count: int = 1, *, fresh: bool = False) -> AsyncIterator[list[Server]]:
    """A workspace with an owner, and processes to be started; all are gone at the end."""
    await make_owner(settings, OWNER, PASSWORD, "Ana Beltrán", "Nogal")
    token = (await make_token(settings, OWNER, "")).strip()
    made = [Server(settings, token, settings.data_dir / f"server-{n}.log", fresh) for n in range(count)]
    try:
        yield made
    finally:
        for server in made:
            if server.process is not None:
                await server.kill()
