"""The one place that knows the time, so that tests can set it, and reads days and moments that are typed."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime, timedelta, tzinfo


def _real() -> datetime:
    return datetime.now(UTC)


_source: ContextVar[Callable[[], datetime]] = ContextVar("clock", default=_real)


def now() -> datetime:
    """The time, in UTC."""
    return _source.get()()


DAY = r"\d{4}-\d\d-\d\d"
MOMENT = re.compile(DAY + r"[T ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:\d\d)?", re.ASCII)


def read_day(text: str) -> date:
    """ "2026-12-02", as it is typed; ValueError for anything else. Python takes weeks and days of the year too."""
    if not re.fullmatch(DAY, text, re.ASCII):
        raise ValueError(text)
    return date.fromisoformat(text)


def read_moment(text: str, zone: tzinfo) -> datetime:
    """ "2026-12-02T14:00", in `zone` unless it names one."""
    if not MOMENT.fullmatch(text):
        raise ValueError(text)
    at = datetime.fromisoformat(text)
    return at if at.tzinfo else at.replace(tzinfo=zone)


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
