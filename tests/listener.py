"""A careful program on the wire: it keeps the last number of each topic, notices holes, and comes back after a cut."""

import asyncio
import contextlib
import json
import random
import time
from collections.abc import Callable
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidHandshake, WebSocketException

PATIENCE = 60.0
AWAY = (OSError, WebSocketException, InvalidHandshake, TimeoutError, EOFError)
LONGEST_PAUSE = 0.3


class Listener:
    """What it was told, by topic: `numbers` as they were taken, `facts` the facts they brought; `gaps` that it must
    reload; `drops` when it was told to leave; `trespasses` what it was told after that; `asked` how often it found a
    hole by itself. `address` is asked for at every connecting."""

    def __init__(self, address: Callable[[], str], token: str, topics: list[str]) -> None:
        self._address, self._headers = address, {"Authorization": f"Bearer {token}"}
        self.last = dict.fromkeys(topics, 0)
        self.numbers: dict[str, list[int]] = {topic: [] for topic in topics}
        self.facts: dict[str, list[dict[str, Any]]] = {topic: [] for topic in topics}
        self.gaps: list[str] = []
        self.byes: list[dict[str, Any]] = []
        self.drops: dict[str, float] = {}
        self.trespasses: list[dict[str, Any]] = []
        self.bus: list[tuple[float, bool]] = []  # when it was said that the bus is away, or back
        self.codes: list[int | None] = []
        self.asked = self.connected = 0
        self.settled = asyncio.Event()  # every topic was answered since the last connecting
        self._moved = asyncio.Event()
        self._pending: set[str] = set()
        self._socket: ClientConnection | None = None
        self._reading = asyncio.Event()
        self._reading.set()

    async def run(self) -> None:
        """Until it is cancelled."""
        while True:
            with contextlib.suppress(*AWAY):
                async with connect(
                    self._address().replace("http", "ws", 1) + "/live",
                    additional_headers=self._headers, proxy=None, open_timeout=5, close_timeout=0.1,
                ) as socket:  # fmt: skip
                    self._socket = socket
                    self.connected += 1
                    try:
                        await self._say(socket, dict(self.last))
                        async for text in socket:
                            await self._take(socket, json.loads(text))
                            await self._reading.wait()
                    finally:
                        self._socket = None
                        self.settled.clear()
                        self.codes.append(socket.close_code)
                        self._moved.set()
            await asyncio.sleep(random.uniform(0, LONGEST_PAUSE))  # as every client should

    def cut(self) -> None:
        """The line breaks without a goodbye."""
        if self._socket is not None:
            self._socket.transport.abort()

    def stop_reading(self) -> None:
        self._reading.clear()

    def read_on(self) -> None:
        self._reading.set()

    async def reached(self, heads: dict[str, int]) -> None:
        """Wait until all these numbers were told."""
        await self._until(lambda: all(self.last[topic] >= head for topic, head in heads.items()))

    async def bus_is(self, up: bool) -> float:
        """Wait until it is said; when that was."""
        await self._until(lambda: bool(self.bus) and self.bus[-1][1] is up)
        return self.bus[-1][0]

    async def closed(self, code: int) -> None:
        """Wait until a connection was ended with this code."""
        await self._until(lambda: code in self.codes)

    async def cut_off(self, times: int) -> None:
        """Wait until so many connections came to an end."""
        await self._until(lambda: len(self.codes) >= times)

    async def dropped(self, topic: str) -> float:
        """Wait until the topic was taken away; when that was."""
        await self._until(lambda: topic in self.drops)
        return self.drops[topic]

    async def _until(self, true: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE):
            while not true():
                self._moved.clear()
                await self._moved.wait()

    async def _say(self, socket: ClientConnection, topics: dict[str, int]) -> None:
        self._pending |= topics.keys()
        await socket.send(json.dumps({"t": "sub", "topics": topics}))

    async def _take(self, socket: ClientConnection, said: dict[str, Any]) -> None:
        match said["t"]:
            case "p" | "r":
                await self._numbered(socket, said)
            case "ok":
                self._pending -= said["topics"].keys()
                if not self._pending:
                    self.settled.set()
            case "gap":
                self.gaps.append(said["topic"])
                self.last[said["topic"]] = said["n"]
                self._pending.discard(said["topic"])
            case "drop" | "no":
                self.drops[said["topic"]] = time.monotonic()
                self.last.pop(said["topic"], None)
            case "hb":
                behind = {t: self.last[t] for t, n in said["n"].items() if t in self.last and n != self.last[t]}
                if behind:
                    self.asked += 1
                    await self._say(socket, behind)
            case "bus":
                self.bus.append((time.monotonic(), said["up"]))
            case "bye":
                self.byes.append(said)
        self._moved.set()

    async def _numbered(self, socket: ClientConnection, said: dict[str, Any]) -> None:
        topic, n = said["topic"], said["n"]
        if topic in self.drops:
            self.trespasses.append(said)
        if topic not in self.last or n <= self.last[topic]:
            return
        if n > self.last[topic] + 1:
            if topic not in self._pending:
                self.asked += 1
                await self._say(socket, {topic: self.last[topic]})
            return
        self.last[topic] = n
        self.numbers[topic].append(n)
        if "event" in said:
            self.facts[topic].append(said["event"])


@contextlib.asynccontextmanager
async def listening(*listeners: Listener) -> Any:
    """They run inside, and everything they asked for was answered once."""
    tasks = [asyncio.create_task(listener.run()) for listener in listeners]
    try:
        async with asyncio.timeout(PATIENCE):
            await asyncio.gather(*(listener.settled.wait() for listener in listeners))
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
