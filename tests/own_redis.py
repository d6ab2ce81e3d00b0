"""A Redis of our own that a test may kill, stop and start again on the same port."""

import asyncio
import contextlib
import pathlib
import signal
import subprocess
from collections.abc import Iterator

from tests import needs


class Redis:
    """Starts empty every time."""

    def __init__(self, binary: str, folder: pathlib.Path) -> None:
        self._binary, self._folder = binary, folder
        self.port = needs.free_port()
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


@contextlib.contextmanager
def own_redis() -> Iterator[Redis]:
    """Started and listening."""
    binary = needs.redis_binary()
    assert binary is not None
    with needs.scratch("redis") as folder:
        server = Redis(binary, folder)
        server.start()
        try:
            needs.wait_until(lambda: needs.answers(server.port))
            yield server
        finally:
            server.kill()
