"""Hashing and tokens. Hashing is slow on purpose: it runs in a bounded thread, outside any transaction."""

import hashlib
import hmac
import secrets
from functools import cached_property

import anyio
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from server.kit.errors import Invalid
from server.kit.text import _

MIN_LENGTH = 10
MAX_LENGTH = 200


class Passwords:
    """m = 19 MiB, t = 2, p = 1: OWASP's second choice for argon2id; at most four at once."""

    def __init__(self) -> None:
        self._hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
        self._limiter = anyio.CapacityLimiter(4)

    @cached_property
    def _nobody(self) -> str:
        return self._hasher.hash(secrets.token_hex())

    async def hash(self, password: str) -> str:
        return await anyio.to_thread.run_sync(self._hasher.hash, password, limiter=self._limiter)

    async def is_right(self, stored: str, password: str) -> bool:
        """Takes as long for nobody as for somebody."""

        def verify() -> bool:
            try:
                return self._hasher.verify(stored or self._nobody, password) and bool(stored)
            except (VerificationError, InvalidHashError):
                return False

        return await anyio.to_thread.run_sync(verify, limiter=self._limiter)


def check_password(password: str) -> str:
    if not MIN_LENGTH <= len(password) <= MAX_LENGTH:
        raise Invalid(password=_("At least %(n)s characters") % {"n": MIN_LENGTH})
    return password


def new_token() -> str:
    return secrets.token_urlsafe(32)


def hash_token(secret: bytes, token: str) -> str:
    """Stored in place of a 256-bit token; of no use without the installation's secret."""
    return hmac.new(secret, token.encode("utf-8", "ignore"), hashlib.sha256).hexdigest()
