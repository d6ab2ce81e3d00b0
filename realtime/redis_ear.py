"""The one connection a process listens on: what it wants to hear, what is confirmed, and every break noticed."""

import asyncio
import logging
import math
from collections import defaultdict, deque
from collections.abc import Callable, Collection

from redis.asyncio.connection import AbstractConnection
from redis.exceptions import RedisError

from realtime.bus import BusDown

log = logging.getLogger(__name__)
FIRST_PAUSE, LONGEST_PAUSE = 0.05, 1.0  # seconds between attempts to reconnect
AT_ONCE = 500  # channels in one SUBSCRIBE after a reconnect
Broken = (RedisError, OSError, EOFError, TimeoutError)


class Ear:
    """redis-py's own PubSub reconnects without telling; keeping the connection here makes every break noticed."""

    def __init__(
        self,
        connect: Callable[[], AbstractConnection],
        heard: Callable[[str, bytes], None],
        reconnected: Callable[[], None],
        silence: float,
    ) -> None:
        self._connect, self._heard, self._reconnected = connect, heard, reconnected
        self._silence = silence
        self._wanted: set[str] = set()
        self._waiting: defaultdict[str, deque[asyncio.Future[None]]] = defaultdict(deque)
        self._connection: AbstractConnection | None = None
        self._sending = asyncio.Lock()
        self._last_heard = 0.0
        self._task: asyncio.Task[None] | None = None
        self._stopping = asyncio.Event()
        self.up = False

    async def start(self, channels: Collection[str]) -> None:
        """Returns when the first attempt to connect succeeded or failed."""
        self._wanted.update(channels)
        first = asyncio.Event()
        self._task = asyncio.create_task(self._run(first))
        await first.wait()

    async def stop(self) -> None:
        self._stopping.set()
        if self._connection is not None:
            await self._connection.disconnect(nowait=True)
        if self._task is not None:
            await self._task
        self.up = False

    async def subscribe(self, channels: Collection[str], limit: float) -> None:
        """Wait until Redis confirmed every channel, at most `limit` seconds; else BusDown, and it is kept for later."""
        self._wanted.update(channels)
        if not self.up:
            raise BusDown("Redis is away")
        loop = asyncio.get_running_loop()
        answers = [loop.create_future() for _ in channels]
        for channel, answer in zip(channels, answers, strict=True):
            self._waiting[channel].append(answer)
        try:
            async with asyncio.timeout(limit):
                await self._send("SUBSCRIBE", *channels)
                await asyncio.gather(*answers)
        except Broken as error:
            raise BusDown("Redis did not confirm a subscription") from error

    async def unsubscribe(self, channels: Collection[str]) -> None:
        self._wanted.difference_update(channels)
        if self.up:
            try:
                await self._send("UNSUBSCRIBE", *channels)
            except Broken:
                log.info("the bus went away before an unsubscription; the reconnect leaves the channel out")

    async def _send(self, *words: str) -> None:
        async with self._sending:
            connection = self._connection
            # Sending on a closed connection would make redis-py open it again behind our back.
            if connection is None or not connection.is_connected:
                raise ConnectionError("not connected")
            await connection.send_command(*words, check_health=False)

    async def _run(self, first: asyncio.Event) -> None:
        pause, before = FIRST_PAUSE, False
        while not self._stopping.is_set():
            try:
                await self._open()
                if before:
                    self._reconnected()
                before, pause = True, FIRST_PAUSE
                first.set()
                await self._hear()
            except Broken as error:
                log.info("the bus connection broke: %s", type(error).__name__)
            except Exception:  # a closed connection fails in many ways; none may end the listening
                log.exception("the bus connection broke in a way unheard of")
            finally:
                await self._close()
                first.set()
            before = True  # whatever was missed while we were away must be looked for
            await self._rest(pause)
            pause = min(pause * 2, LONGEST_PAUSE)

    async def _rest(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._stopping.wait()
        except TimeoutError:
            return

    async def _open(self) -> None:
        """Connect and wait until everything wanted is confirmed: only then can it be said what may have been missed."""
        async with asyncio.timeout(self._silence):
            connection = self._connect()
            await connection.connect()  # type: ignore[no-untyped-call]
        self._connection = connection
        wanted = sorted(self._wanted)
        missing = set(wanted)
        for start in range(0, len(wanted), AT_ONCE):
            await self._send("SUBSCRIBE", *wanted[start : start + AT_ONCE])
        async with asyncio.timeout(self._silence):
            while missing:
                missing.discard(self._take(await connection.read_response(timeout=math.inf, disconnect_on_error=False)))
        self.up = True
        # What was asked for meanwhile is told now; what was dropped meanwhile is heard in vain until the next break.
        if late := self._wanted.difference(wanted):
            await self._send("SUBSCRIBE", *late)

    async def _close(self) -> None:
        self.up = False
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.disconnect(nowait=True)
        for answers in self._waiting.values():
            for answer in answers:
                if not answer.done():
                    answer.set_exception(ConnectionError("the connection broke"))
                    answer.exception()  # the caller may have given up: nobody has to fetch it
        self._waiting.clear()

    async def _hear(self) -> None:
        connection, loop = self._connection, asyncio.get_running_loop()
        assert connection is not None
        self._last_heard = loop.time()
        watch = asyncio.create_task(self._watch(connection))
        try:
            while True:
                response = await connection.read_response(timeout=math.inf, disconnect_on_error=False)
                self._last_heard = loop.time()
                self._take(response)
        finally:
            watch.cancel()
            await asyncio.gather(watch, return_exceptions=True)

    async def _watch(self, connection: AbstractConnection) -> None:
        """Ping a quiet connection and cut a dead one: a stopped Redis leaves its sockets open."""
        loop = asyncio.get_running_loop()
        while True:
            asked = loop.time()
            try:
                async with asyncio.timeout(self._silence):
                    await self._send("PING")
            except Broken:
                break
            await asyncio.sleep(self._silence)
            if self._last_heard < asked:
                break
        await connection.disconnect(nowait=True)

    def _take(self, response: object) -> str:
        """Act on one thing Redis said; the answer is the channel a SUBSCRIBE was confirmed for, else ""."""
        if not isinstance(response, list) or len(response) < 3:
            return ""
        kind, channel = response[0], response[1].decode()
        if kind == b"message":
            self._hand_on(channel, response[2])
        elif kind == b"subscribe":
            if answers := self._waiting.get(channel):
                answer = answers.popleft()
                if not answer.done():
                    answer.set_result(None)
                if not answers:
                    del self._waiting[channel]
            return str(channel)
        return ""

    def _hand_on(self, channel: str, data: bytes) -> None:
        try:
            self._heard(channel, data)
        except Exception:
            log.exception("a message from the bus could not be handed on")
