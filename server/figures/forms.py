"""The address of the figures, parsed: from when to when, and by what they are told apart."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from server.kit.clock import now, read_day

GROUPS = ("channel", "team", "person", "day")
USUAL = 30  # days
LONGEST = 366


@dataclass(frozen=True, slots=True)
class FiguresQuery:
    """Days of the reader's zone, both included."""

    since: date
    until: date
    by: str
    zone: str

    @property
    def begins(self) -> datetime:
        return datetime.combine(self.since, time(), ZoneInfo(self.zone)).astimezone(UTC)

    @property
    def ends(self) -> datetime:
        """The first moment after it."""
        return datetime.combine(self.until + timedelta(days=1), time(), ZoneInfo(self.zone)).astimezone(UTC)

    def url(self, path: str = "/figures/cases", **changes: object) -> str:
        other = replace(self, **changes)  # type: ignore[arg-type]
        pairs = [("since", other.since.isoformat()), ("until", other.until.isoformat()), ("by", other.by)]
        return f"{path}?{urlencode(pairs)}"


def parse_query(params: Mapping[str, str], zone: str) -> FiguresQuery:
    """What is not known is left out, never an error; a longer time than a year is cut to its end."""
    today = now().astimezone(ZoneInfo(zone)).date()
    until = min(_day(params.get("until")) or today, today)
    since = _day(params.get("since")) or until - timedelta(days=USUAL - 1)
    since = max(min(since, until), until - timedelta(days=LONGEST - 1))
    by = params.get("by", "")
    return FiguresQuery(since, until, by if by in GROUPS else "channel", zone)


def _day(text: str | None) -> date | None:
    try:
        day = read_day(text or "")
    except ValueError:
        return None
    return day if day.year >= 2000 else None
