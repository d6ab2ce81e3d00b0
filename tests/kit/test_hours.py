"""Open time against the clock on the wall: nights, holidays, and the days on which the clock is put forward or back."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.kit.hours import DAYS, Calendar, is_open, parse_hours

OFFICE = [[[9 * 60, 14 * 60], [16 * 60, 19 * 60]]] * 5 + [[], []]
NIGHT = [[[22 * 60, 6 * 60]]] * 7
MADRID = "Europe/Madrid"


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("hours", "zone", "start", "minutes", "due"),
    [
        (OFFICE, MADRID, "2026-11-27T09:30", 60, "2026-11-27T10:30"),  # 10:30 to 11:30 on a Friday
        (OFFICE, MADRID, "2026-11-27T12:30", 60, "2026-11-27T15:30"),  # over lunch
        (OFFICE, MADRID, "2026-11-27T17:30", 60, "2026-11-30T08:30"),  # over the weekend
        (OFFICE, MADRID, "2026-11-28T10:00", 8 * 60, "2026-11-30T18:00"),  # from Saturday: the whole Monday
        (OFFICE, MADRID, "2026-03-27T17:30", 60, "2026-03-30T07:30"),  # summer time began in between
        (NIGHT, MADRID, "2026-03-28T21:00", 7 * 60, "2026-03-29T04:00"),  # the night that is an hour short: 22 to 6
        (NIGHT, MADRID, "2026-03-28T21:00", 8 * 60, "2026-03-29T21:00"),  # so the eighth hour comes the next night
        (NIGHT, MADRID, "2026-10-24T20:00", 9 * 60, "2026-10-25T05:00"),  # the night with an hour more
        ([], MADRID, "2026-11-28T10:00", 90, "2026-11-28T11:30"),  # always
        (OFFICE, "America/New_York", "2026-11-27T12:00", 120, "2026-11-27T16:00"),
        (OFFICE, "Asia/Kathmandu", "2026-11-27T03:15", 60, "2026-11-27T04:15"),  # five hours and three quarters ahead
    ],
)
def test_when_open_time_has_passed(hours: list, zone: str, start: str, minutes: int, due: str) -> None:  # type: ignore[type-arg]
    calendar = Calendar(hours, zone)
    assert calendar.add(at(start), timedelta(minutes=minutes)) == at(due)
    assert calendar.between(at(start), at(due)) == timedelta(minutes=minutes)


def test_nobody_begins_on_a_holiday() -> None:
    calendar = Calendar(OFFICE, MADRID, frozenset({date(2026, 12, 25)}))
    assert calendar.add(at("2026-12-24T17:30"), timedelta(hours=1)) == at("2026-12-28T08:30")
    night = Calendar(NIGHT, MADRID, frozenset({date(2026, 12, 25)}))
    assert night.add(at("2026-12-24T21:00"), timedelta(hours=9)) == at("2026-12-26T22:00"), "24th to 26th"


def test_hours_that_never_come_are_no_promise() -> None:
    assert Calendar([[]] * 7, MADRID).add(at("2026-11-27T09:00"), timedelta(minutes=1)) is None


def test_overlapping_hours_count_once() -> None:
    calendar = Calendar([[[9 * 60, 12 * 60], [11 * 60, 13 * 60]]] * 7, "UTC")
    assert calendar.between(at("2026-11-27T00:00"), at("2026-11-28T00:00")) == timedelta(hours=4)


ZONES = st.sampled_from([MADRID, "America/New_York", "Australia/Lord_Howe", "UTC"])
MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC))


@given(st.sampled_from([OFFICE, NIGHT, []]), ZONES, MOMENTS, st.integers(0, 40 * 60))
def test_what_was_added_is_between(hours: list, zone: str, start: datetime, minutes: int) -> None:  # type: ignore[type-arg]
    calendar = Calendar(hours, zone)
    due = calendar.add(start, timedelta(minutes=minutes))
    assert due is not None and due >= start
    assert calendar.between(start, due) == timedelta(minutes=minutes)


def test_hours_are_read_as_typed() -> None:
    assert parse_hours(dict.fromkeys(DAYS, "")) == []
    assert parse_hours({"mon": "09:00-14:00, 16:00–19:00"})[0] == [[540, 840], [960, 1140]]


NINE_TO_TWO = [[[540, 840]], [], [], [], [[1320, 360]], [], []]  # Monday; Friday night


@pytest.mark.parametrize(
    ("at", "zone", "expected"),
    [
        ("2026-11-23T08:30", "UTC", False),
        ("2026-11-23T08:30", "Europe/Madrid", True),
        ("2026-11-23T14:00", "UTC", False),
        ("2026-11-24T10:00", "UTC", False),
        ("2026-11-27T23:00", "UTC", True),
        ("2026-11-28T05:59", "UTC", True),
        ("2026-11-28T06:00", "UTC", False),
    ],
)
def test_opening_hours(at: str, zone: str, expected: bool) -> None:
    assert is_open(NINE_TO_TWO, zone, datetime.fromisoformat(at).replace(tzinfo=UTC)) is expected
    assert is_open([], zone, datetime.now(UTC))


@pytest.mark.parametrize(
    ("at", "opened"),
    [
        ("2026-03-28T20:59", False),  # 21:59 in winter time
        ("2026-03-28T21:00", True),
        ("2026-03-29T00:59", True),  # 01:59, then 03:00
        ("2026-03-29T01:00", True),
        ("2026-03-29T03:59", True),  # 05:59 in summer time
        ("2026-03-29T04:00", False),
        ("2026-10-24T20:00", True),  # 22:00 in summer time
        ("2026-10-25T00:30", True),  # 02:30 for the first time
        ("2026-10-25T01:30", True),  # 02:30 again
        ("2026-10-25T04:59", True),  # 05:59 in winter time
        ("2026-10-25T05:00", False),
    ],
)
def test_a_line_open_by_night_goes_by_the_clock_on_the_wall(at: str, opened: bool) -> None:
    """Also in the nights when the clock is put forward and back."""
    night = parse_hours(dict.fromkeys(DAYS, "22:00-06:00"))
    moment = datetime.fromisoformat(at).replace(tzinfo=UTC)
    assert is_open(night, "Europe/Madrid", moment) == opened
