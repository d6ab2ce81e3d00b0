"""Which variants anybody reads, in whatever process, so that nothing is rendered for nobody."""

import asyncio
from collections.abc import Callable, Collection

from redis.asyncio.client import Redis
from redis.exceptions import RedisError

from realtime.bus import BusDown
from realtime.redis_ear import Ear

Failure = (RedisError, OSError, TimeoutError, BusDown)


class Reading:
    """Each process subscribes a channel for each variant that its listeners read, and Redis counts them.

    `known` is up to `every` seconds old, and None when it is not known: then all are rendered. A message says what it
    was rendered for, so whoever has begun to read another variant since takes it from the database.
    """

    def __init__(
        self, redis: Redis, ear: Ear, prefix: str, variants: Collection[str], read: Callable[[], Collection[str]]
    ) -> None:
        self._redis, self._ear, self._read = redis, ear, read
        self._channels = {variant: prefix + variant for variant in variants}
        self._told: set[str] = set()
        self.known: frozenset[str] | None = None

    async def run(self, every: float, limit: float) -> None:
        """Until it is cancelled; `limit` is the number of seconds that Redis has for one answer."""
        while self._channels:
            try:
                await self.look(limit)
            except Failure:
                self.known = None
            await asyncio.sleep(every)

    async def look(self, limit: float) -> None:
        mine = {variant for variant in self._read() if variant in self._channels}
        if new := mine - self._told:
            self._told |= new  # kept, and made good on return, even when Redis is away
            await self._ear.subscribe([self._channels[variant] for variant in sorted(new)], limit)
        if gone := self._told - mine:
            self._told -= gone
            await self._ear.unsubscribe([self._channels[variant] for variant in sorted(gone)])
        async with asyncio.timeout(limit):
            counts = await self._redis.pubsub_numsub(*self._channels.values())
        answers = zip(self._channels, counts, strict=True)  # in the order in which they were asked
        self.known = frozenset(variant for variant, (_channel, count) in answers if count)
