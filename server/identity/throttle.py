"""How often somebody may try to sign in: by account and by address."""

from typing import Any

from limits import parse
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import MovingWindowRateLimiter
from limits.storage import storage_from_string

from server.kit.errors import TooMany
from server.kit.text import _

ACCOUNT = parse("10 per 15 minutes")
ADDRESS = parse("60 per 15 minutes")


class Throttle:
    """Counts in this process, or in Redis when there is one."""

    def __init__(self, redis_url: str = "") -> None:
        self._storage: Any = (
            storage_from_string(f"async+{redis_url}", implementation="redispy") if redis_url else MemoryStorage()
        )
        self._limiter = MovingWindowRateLimiter(self._storage)

    async def close(self) -> None:
        """Lets go of the connection to Redis, which the library keeps behind its bridge."""
        if not isinstance(self._storage, MemoryStorage):
            await self._storage.bridge.get_connection().aclose()

    async def hit(self, account: str, address: str) -> int:
        """Tries left for the account after this one. Raises TooMany when it or the address has none left."""
        by_account = await self._limiter.hit(ACCOUNT, "account", account)
        by_address = await self._limiter.hit(ADDRESS, "address", address)
        if not (by_account and by_address):
            raise TooMany(_("Too many tries. Wait fifteen minutes, or set a new password"))
        return int((await self._limiter.get_window_stats(ACCOUNT, "account", account)).remaining)

    async def forgive(self, account: str) -> None:
        """After a right password."""
        await self._limiter.clear(ACCOUNT, "account", account)
