"""How often somebody may try to sign in: by account and by address."""

import asyncio
from typing import Any

from limits import RateLimitItem, parse
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import MovingWindowRateLimiter
from limits.errors import StorageError
from limits.storage import storage_from_string

from server.kit.errors import TooMany
from server.kit.logging import log
from server.kit.text import _

ACCOUNT = parse("10 per 15 minutes")
COMING = parse("30 per 15 minutes")
ADDRESS = parse("60 per 15 minutes")
PATIENCE = 1.0  # seconds Redis may take; then this process counts alone, for people must be able to sign in


class Throttle:
    """Counts in this process, or in Redis when there is one and it answers."""

    def __init__(self, redis_url: str = "") -> None:
        self._own = MovingWindowRateLimiter(MemoryStorage())
        self._storage: Any = (
            storage_from_string(f"async+{redis_url}", implementation="redispy", wrap_exceptions=True)
            if redis_url
            else None
        )
        self._shared = MovingWindowRateLimiter(self._storage) if self._storage is not None else None

    async def close(self) -> None:
        """Lets go of the connection to Redis, which the library keeps behind its bridge."""
        if self._storage is not None:
            await self._storage.bridge.get_connection().aclose()

    async def hit(self, account: str, address: str) -> int:
        """Tries left for the account after this one. Raises TooMany when it or the address has none left."""
        by_account, left = await self._hit(ACCOUNT, "account", account)
        by_address, _left = await self._hit(ADDRESS, "address", address)
        if not (by_account and by_address):
            raise TooMany(_("Too many tries. Wait fifteen minutes, or set a new password"))
        return left

    async def come(self, address: str) -> None:
        """By a link, without an account."""
        by_address, _left = await self._hit(COMING, "come", address)
        if not by_address:
            raise TooMany(_("Too many tries. Wait fifteen minutes"))

    async def may_call(self, address: str, times: int) -> bool:
        """By a public line, as somebody of whom nothing is known."""
        return (await self._hit(parse(f"{times} per 10 minutes"), "line", address))[0]

    async def may(self, what: str, who: str, rate: str) -> bool:
        """For other doors: `rate` such as "30 per minute"."""
        return (await self._hit(parse(rate), what, who))[0]

    async def forgive(self, account: str) -> None:
        """After a right password."""
        await self._own.clear(ACCOUNT, "account", account)
        if self._shared is not None:
            try:
                async with asyncio.timeout(PATIENCE):
                    await self._shared.clear(ACCOUNT, "account", account)
            except (StorageError, TimeoutError):
                log.warning("throttle.redis_away")

    async def _hit(self, limit: RateLimitItem, *key: str) -> tuple[bool, int]:
        if self._shared is not None:
            try:
                async with asyncio.timeout(PATIENCE):
                    return await self._count(self._shared, limit, *key)
            except (StorageError, TimeoutError):
                log.warning("throttle.redis_away")
        return await self._count(self._own, limit, *key)

    @staticmethod
    async def _count(limiter: MovingWindowRateLimiter, limit: RateLimitItem, *key: str) -> tuple[bool, int]:
        allowed = await limiter.hit(limit, *key)
        return allowed, int((await limiter.get_window_stats(limit, *key)).remaining)
