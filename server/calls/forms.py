"""The log's filters as an address, and what a form says about a call, parsed."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from urllib.parse import urlencode
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from server.kit.clock import now, read_day, read_moment
from server.kit.errors import Invalid
from server.kit.paging import page_number
from server.kit.text import _, one_line

NAME_LENGTH = 80
NOTE_LENGTH = 2000
NUMBER_LENGTH = 40
TEXT_LENGTH = 4000
MOST_MINUTES = 24 * 60
SHOWS = ("", "missed", "in", "out", "recorded")
OUTCOMES = ("talked", "voicemail", "busy", "nobody")
LINK_HOURS = (1, 24, 72, 168)
LINK_SEATS = 8
FIRST = datetime(1970, 1, 3, tzinfo=UTC)
SLACK = timedelta(minutes=5)  # between the writer's clock and ours


@dataclass(frozen=True, slots=True)
class CallQuery:
    """The log as its address says it. `person`: a number or "me"."""

    show: str = ""
    person: str = ""
    since: str = ""
    until: str = ""
    page: int = 1

    def url(self, **changes: object) -> str:
        other = replace(self, **({"page": 1} | changes))  # type: ignore[arg-type]
        return "/calls" + (f"?{urlencode(pairs)}" if (pairs := other.pairs()) else "")

    def pairs(self) -> list[tuple[str, str]]:
        found = [(name, value) for name in ("show", "person", "since", "until") if (value := getattr(self, name))]
        return found + ([("page", str(self.page))] if self.page > 1 else [])

    @property
    def is_filtered(self) -> bool:
        return bool(self.show or self.person or self.since or self.until)


def parse_query(params: Mapping[str, str]) -> CallQuery:
    """From an address; what is not known is left out, never an error."""
    person = params.get("person", "")
    show = params.get("show", "")
    return CallQuery(
        show=show if show in SHOWS else "",
        person=person if person == "me" or (person.isascii() and person.isdigit() and len(person) < 18) else "",
        since=_day(params.get("since", "")),
        until=_day(params.get("until", "")),
        page=page_number(params.get("page")),
    )


def _day(text: str) -> str:
    try:
        day = read_day(text)
    except ValueError:
        return ""
    return day.isoformat() if 1970 < day.year < 3000 else ""


def bounds(query: CallQuery, timezone: str) -> tuple[datetime | None, datetime | None]:
    """From the first moment of a day to the last of another, in the reader's zone."""
    zone = _zone(timezone)

    def moment(day: str, more: int) -> datetime | None:
        if not day:
            return None
        return datetime.combine(date.fromisoformat(day) + timedelta(days=more), time.min, zone).astimezone(UTC)

    return moment(query.since, 0), moment(query.until, 1)


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


@dataclass(frozen=True, slots=True)
class LoggedDraft:
    """A call that was made elsewhere. `at`: its end, now when it is None."""

    about: str
    direction: str = "out"
    number: str = ""
    minutes: int = 0
    outcome: str = "talked"
    note: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class LinkDraft:
    """`hours` until it ends; `seats`: how many may come by it."""

    name: str = ""
    hours: int = 24
    seats: int = 1
    auto_admit: bool = False


def parse_link(name: str, hours: int, seats: int, auto_admit: bool) -> LinkDraft:
    if hours not in LINK_HOURS:
        raise Invalid(hours=_("One of these is expected: %(list)s") % {"list": ", ".join(map(str, LINK_HOURS))})
    if not 1 <= seats <= LINK_SEATS:
        raise Invalid(seats=_("Between 1 and %(n)s people") % {"n": LINK_SEATS})
    return LinkDraft(one_line(name, NAME_LENGTH), hours, seats, auto_admit)


def parse_minutes(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 6 and int(text) <= MOST_MINUTES):
        raise Invalid(minutes=_("Whole minutes are expected here"))
    return int(text)


def parse_end(text: str, timezone: str) -> datetime | None:
    """When it was over, by the writer's clock or with a zone of its own; "" is now."""
    if not text:
        return None
    try:
        at = read_moment(text, _zone(timezone)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise Invalid(at=_("A day and a time are expected here")) from None
    if not FIRST < at <= now() + SLACK:
        raise Invalid(at=_("A call that was made lies behind us"))
    return min(at, now())


def parse_number(text: str) -> int:
    """A whole number of a form."""
    if not (text.isascii() and text.isdigit() and len(text) < 18):
        raise Invalid(_("A whole number is expected here"))
    return int(text)


def parse_guest_name(text: str) -> str:
    name = one_line(text, NAME_LENGTH)
    if not name:
        raise Invalid(name=_("Say your name, so that they know who is coming"))
    return name
