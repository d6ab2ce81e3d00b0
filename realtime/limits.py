"""How much one connection may ask for."""

from collections.abc import Callable

FRAME_SIZE = 32 * 1024  # bytes of an ordinary client frame
CALL_SIZE = 96 * 1024  # bytes of a call frame: a session description is long
TOPICS = 500  # topics per connection
MALFORMED = 5  # unreadable frames before the connection is closed


class Credits:
    """A bucket that refills by `rate` a second up to `burst`; every client frame costs some."""

    __slots__ = ("_burst", "_clock", "_left", "_rate", "_seen")

    def __init__(self, clock: Callable[[], float], rate: float = 20, burst: float = 200) -> None:
        self._clock, self._rate, self._burst = clock, rate, burst
        self._left, self._seen = burst, clock()

    def spend(self, cost: float = 1) -> bool:
        """Take `cost` credits; False when there are not enough, which ends the connection."""
        now = self._clock()
        self._left = min(self._burst, self._left + (now - self._seen) * self._rate)
        self._seen = now
        if self._left < cost:
            return False
        self._left -= cost
        return True
