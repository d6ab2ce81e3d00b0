"""Opening hours: as they are typed, whether somebody is there, and time that counts only while somebody is."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

from server.kit.errors import Invalid
from server.kit.text import _

Week = list[list[list[int]]]  # for each day from Monday pairs of minutes; [] = always; see is_open

DAY = 24 * 60
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
SPANS = 4  # a day
FURTHEST = 5 * 366  # days that are looked through; hours that never come are nobody's promise
SPAN = re.compile(r"(\d\d?):(\d\d)\s*[-–]\s*(\d\d?):(\d\d)")


def parse_hours(days: Mapping[str, str]) -> Week:
    """ "09:00-14:00, 16:00-19:00" a day; all empty = always open."""
    found = [_spans(day, days.get(day) or "") for day in DAYS]
    return found if any(found) else []


def _spans(day: str, text: str) -> list[list[int]]:
    spans = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        match = SPAN.fullmatch(part)
        start, end = (int(match[1]) * 60 + int(match[2]), int(match[3]) * 60 + int(match[4])) if match else (-1, -1)
        if not match or not (0 <= start < DAY and 0 <= end <= DAY) or int(match[2]) > 59 or int(match[4]) > 59:
            raise Invalid(**{day: _("Hours such as 09:00-14:00, 16:00-19:00")})
        spans.append([start, end])
    return spans[:SPANS]


def hours_text(hours: Week, day: int) -> str:
    """As it is typed."""
    spans = hours[day] if hours else []
    return ", ".join(f"{s // 60:02}:{s % 60:02}-{e // 60:02}:{e % 60:02}" for s, e in spans)


def parse_zone(text: str) -> str:
    if text not in available_timezones():
        raise Invalid(zone=_("No such time zone"))
    return text


def is_open(hours: Week, zone: str, at: datetime) -> bool:
    """`hours`: for each day from Monday the pairs of minutes between which somebody is there; [] = always. A pair
    that ends where it begins or before goes on past midnight."""
    if not hours:
        return True
    local = at.astimezone(ZoneInfo(zone))
    minute, today = local.hour * 60 + local.minute, local.weekday()
    return any(start <= minute < (end if end > start else end + DAY) for start, end in hours[today]) or any(
        end <= start and minute < end for start, end in hours[today - 1]
    )


@dataclass(frozen=True, slots=True)
class Calendar:
    """Hours by the clock on the wall of `zone`; a span of them is as long as it really lasts, also on the days when the
    clock is put forward or back. On a holiday nobody begins."""

    hours: Week
    zone: str
    holidays: frozenset[date] = frozenset()

    def is_open(self, at: datetime) -> bool:
        return any(begin <= at < end for begin, end in self._spans_around(at))

    def _spans_around(self, at: datetime) -> list[tuple[datetime, datetime]]:
        today = at.astimezone(ZoneInfo(self.zone)).date()
        return [*self._on(today - timedelta(days=1)), *self._on(today)]

    def add(self, start: datetime, span: timedelta) -> datetime | None:
        """The moment when `span` of open time has passed since `start`, in UTC; None when it never comes."""
        left = span
        for begin, end in self._spans_from(start):
            begin = max(begin, start)
            if left <= end - begin:
                return begin + left
            left -= end - begin
        return None

    def between(self, start: datetime, end: datetime) -> timedelta:
        """Open time from `start` to `end`; none when `end` is not after it."""
        passed = timedelta()
        for opens, shuts in self._spans_from(start):
            if opens >= end:
                break
            passed += max(min(shuts, end) - max(opens, start), timedelta())
        return passed

    def _spans_from(self, start: datetime) -> Iterator[tuple[datetime, datetime]]:
        """In their order and apart from each other, those that end after `start`."""
        first = start.astimezone(ZoneInfo(self.zone)).date() - timedelta(days=1)
        last = start
        for n in range(FURTHEST):
            day = first + timedelta(days=n)
            for begin, end in self._on(day):
                if end > last:
                    yield max(begin, last), end
                    last = end

    def _on(self, day: date) -> list[tuple[datetime, datetime]]:
        if day in self.holidays:
            return []
        pairs = self.hours[day.weekday()] if self.hours else [[0, DAY]]
        return sorted((self._at(day, start), self._at(day, end if end > start else end + DAY)) for start, end in pairs)

    def _at(self, day: date, minute: int) -> datetime:
        wall = datetime.combine(day, datetime.min.time()) + timedelta(minutes=minute)
        return wall.replace(tzinfo=ZoneInfo(self.zone)).astimezone(UTC)
