"""The bus between processes: Redis pub/sub, one listening connection a process."""

import asyncio
import logging
import secrets
from collections import Counter
from collections.abc import Collection
from typing import Any

from redis.asyncio.client import Redis
from redis.asyncio.connection import AbstractConnection, BlockingConnectionPool, parse_url
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from realtime.bus import BusDown, Deliver, DeliverRaw, Listeners, OnReconnect, Variants
from realtime.message import Message
from realtime.redis_ear import Ear
from realtime.redis_reading import Reading

log = logging.getLogger(__name__)
LIMIT = 1.0  # seconds for any one request to Redis
LOOK = 1.0  # seconds between two looks at what is read anywhere
PUBLISHERS = 4  # connections for publishing; more would only queue in Redis

Failure = (RedisError, OSError, TimeoutError)


class RedisBus:
    """Works with Redis 6.2 and later and with Valkey.

    `prefix` keeps several installations on one server apart. `silence` is the number of seconds after which a
    connection that says nothing, not even to a ping, counts as broken. `variants`: those of which it is asked now and
    then whether anybody reads them; without any, all that there are may be read.
    """

    def __init__(
        self, url: str, prefix: str = "tertulia", silence: float = 2.0, variants: Collection[str] = ()
    ) -> None:
        self._pool = no_retry_pool(url)
        self._redis: Redis = Redis(connection_pool=self._pool)
        self._patches, self._talk = f"{prefix}:p:", f"{prefix}:x:"
        self._probe_channel = f"{prefix}:probe:{secrets.token_hex(8)}"
        self._probes: dict[bytes, asyncio.Future[None]] = {}
        self._listeners = Listeners()
        self._wanted: Counter[str] = Counter()
        self._ear = Ear(self._connection, self._heard, self._listeners.reconnected, silence)
        self._reading = Reading(
            self._redis, self._ear, f"{prefix}:v:", variants, lambda: self._listeners.variants(None)
        )
        self._looking: asyncio.Task[None] | None = None
        self._resting_until = 0.0

    @property
    def up(self) -> bool:
        return self._ear.up and self._now() >= self._resting_until

    async def start(self) -> None:
        """Begin to listen. Redis may be away: the bus then comes up by itself when it returns."""
        await self._ear.start([self._probe_channel])
        self._looking = asyncio.create_task(self._reading.run(LOOK, LIMIT))

    async def stop(self) -> None:
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.wait([self._looking])
        await self._ear.stop()
        await self._redis.aclose()
        await self._pool.disconnect()

    def wanted(self, topic: str) -> bool:
        return True  # other processes may listen

    def variants(self, topic: str) -> Collection[str] | None:
        return self._reading.known

    async def publish(self, message: Message) -> None:
        await self._publish(self._patches + message.topic, message.encode())

    async def publish_raw(self, channel: str, data: bytes) -> None:
        await self._publish(self._talk + channel, data)

    async def subscribe(self, topic: str) -> None:
        self._wanted[topic] += 1
        await self._ear.subscribe(self._channels(topic), LIMIT)

    async def unsubscribe(self, topic: str) -> None:
        self._wanted[topic] -= 1
        if self._wanted[topic] <= 0:
            del self._wanted[topic]
            await self._ear.unsubscribe(self._channels(topic))

    async def listen(
        self, deliver: Deliver, deliver_raw: DeliverRaw, on_reconnect: OnReconnect, variants: Variants
    ) -> None:
        self._listeners.add(deliver, deliver_raw, on_reconnect, variants)

    async def probe(self) -> float:
        loop, token = asyncio.get_running_loop(), secrets.token_hex(8).encode()
        heard = self._probes[token] = loop.create_future()
        begun = loop.time()
        try:
            await self._publish(self._probe_channel, token)
            async with asyncio.timeout(LIMIT):
                await heard
        except TimeoutError as error:
            raise BusDown("published, but not heard back") from error
        finally:
            del self._probes[token]
        return loop.time() - begun

    def _channels(self, topic: str) -> list[str]:
        return [self._patches + topic, self._talk + topic]

    async def _publish(self, channel: str, data: bytes) -> None:
        # After a failure the next callers do not wait again: a hundred patches must not take a hundred seconds.
        if not self.up:
            raise BusDown("Redis is away")
        try:
            async with asyncio.timeout(LIMIT):
                await self._redis.publish(channel, data)
        except Failure as error:
            self._resting_until = self._now() + LIMIT
            raise BusDown("Redis did not take a message") from error

    def _heard(self, channel: str, data: bytes) -> None:
        if channel.startswith(self._patches):
            self._heard_patch(data)
        elif channel.startswith(self._talk):
            self._listeners.raw(channel.removeprefix(self._talk), data)
        elif (probe := self._probes.get(data)) is not None and not probe.done():
            probe.set_result(None)

    def _heard_patch(self, data: bytes) -> None:
        try:
            message = Message.decode(data)
        except ValueError:
            log.warning("something that is not a message came by the bus")
            return
        self._listeners.message(message)

    def _connection(self) -> AbstractConnection:
        # Not out of the pool: this one is kept, and made anew after every break.
        connection: AbstractConnection = self._pool.connection_class(**self._pool.connection_kwargs)
        return connection

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()


def no_retry_pool(url: str) -> BlockingConnectionPool:
    """Connections that never try again by themselves: redis-py would repeat a PUBLISH and hide a break."""
    options: dict[str, Any] = dict(parse_url(url))
    options |= {
        "protocol": 2,
        "retry": Retry(NoBackoff(), 0),
        "socket_connect_timeout": LIMIT,
        "socket_timeout": None,
        "max_connections": PUBLISHERS,
        "timeout": LIMIT,
        "decode_responses": False,
    }
    return BlockingConnectionPool(**options)
