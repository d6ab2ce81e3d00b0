"""Tries are counted in Redis, and in the process itself while Redis is away: people must be able to sign in."""

import signal

import pytest

from server.identity.throttle import Throttle
from server.kit.errors import TooMany
from tests import needs
from tests.own_redis import own_redis


@pytest.mark.skipif(needs.redis_binary() is None, reason="left out: no redis-server")
@pytest.mark.parametrize("how", [signal.SIGSTOP, signal.SIGKILL])
async def test_redis_away_locks_nobody_out_and_still_counts(how: signal.Signals, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("server.identity.throttle.PATIENCE", 0.05)
    with own_redis() as redis:
        await redis.ready()
        throttle = Throttle(redis.url)
        assert await throttle.hit("ana@example.org", "127.0.0.1") == 9
        redis.send(how)
        lefts = [await throttle.hit("ana@example.org", "127.0.0.1") for _ in range(10)]
        assert lefts == list(range(9, -1, -1))
        with pytest.raises(TooMany):
            await throttle.hit("ana@example.org", "127.0.0.1")
        await throttle.forgive("ana@example.org")
        assert await throttle.hit("ana@example.org", "127.0.0.1") == 9
        await throttle.close()
