"""The one place that knows the time, so that tests can set it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta


def _real() -> datetime:
    return datetime.now(UTC)


_source: ContextVar[Callable[[], datetime]] = ContextVar("clock", default=_real)


def now() -> datetime:
    """The time, in UTC."""
    return _source.get()()


class FakeClock:
    """A clock that stands still until told to move."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at

    def forward(self, **delta: float) -> None:
        self.at += timedelta(**delta)


@contextmanager
def frozen(at: datetime | None = None) -> Iterator[FakeClock]:
    fake = FakeClock(at or _real())
    token = _source.set(fake)
    try:
        yield fake
    finally:
        _source.reset(token)
