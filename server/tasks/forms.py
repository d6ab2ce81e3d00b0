"""What people and programs type about tasks, parsed: drafts, days and moments, the list's address."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time
from urllib.parse import parse_qsl, urlencode
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from server.kit.clock import now, read_day, read_moment
from server.kit.errors import Invalid
from server.kit.paging import page_number
from server.kit.text import _, clean, one_line
from server.tasks.models import PRIORITIES

TITLE_LENGTH = 300
LINES = 30
MARK = re.compile(r"^\s*(?:(?:[-*+•]|\d+[.)])\s+)?(?:(?:\[ ?\]|☐)\s*)?")  # as written and as shown
DONE = re.compile(r"^\s*(?:[-*+•]\s+)?(?:\[[xX]\]|☑)")
NOTES_LENGTH = 20_000
ITEMS = 100
ITEM_LENGTH = 300
SHOWS = ("mine", "given", "teams")


@dataclass(frozen=True, slots=True)
class TaskDraft:
    """`due`: "2026-12-02" or a moment "2026-12-02T14:00" (in the writer's zone when it names none)."""

    title: str
    about: str | None = None
    assignee_id: int | None = None
    team_id: int | None = None
    due: str = ""
    priority: str = "normal"
    notes: str = ""
    checklist: tuple[str, ...] = field(default=())


def zone_of(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def parse_lines(text: str) -> list[str]:
    """The titles in lines of a note, each once: without their marks, empty boxes and what is done already."""
    rows = [" ".join(MARK.sub("", row).split())[:TITLE_LENGTH] for row in text.splitlines() if not DONE.match(row)]
    titles = list(dict.fromkeys(row for row in rows if row))
    if not titles:
        raise Invalid(lines=_("Begin lines with - [ ], or select some lines first"))
    if len(titles) > LINES:
        raise Invalid(lines=_("At most %(n)s lines at once") % {"n": LINES})
    return titles


def parse_title(raw: object) -> str:
    if not isinstance(raw, str):
        raise Invalid(title=_("Text is expected here"))
    title = one_line(raw, 100_000)
    if not title:
        raise Invalid(title=_("Say what there is to do"))
    if len(title) > TITLE_LENGTH:
        raise Invalid(title=_("At most %(n)s characters") % {"n": TITLE_LENGTH})
    return title


def parse_notes(raw: object) -> str:
    if not isinstance(raw, str):
        raise Invalid(notes=_("Text is expected here"))
    if len(raw) > NOTES_LENGTH:
        raise Invalid(notes=_("At most %(n)s characters") % {"n": NOTES_LENGTH})
    return clean(raw, NOTES_LENGTH)


def parse_item(raw: object) -> str:
    text = one_line(raw, 100_000) if isinstance(raw, str) else ""
    if not text:
        raise Invalid(text=_("Say what there is to do"))
    if len(text) > ITEM_LENGTH:
        raise Invalid(text=_("At most %(n)s characters") % {"n": ITEM_LENGTH})
    return text


def parse_priority(raw: object) -> str:
    if raw not in PRIORITIES:
        raise Invalid(priority=_("No such priority"))
    return str(raw)


def parse_due(raw: object, timezone: str) -> tuple[date | None, datetime | None]:
    """(day, moment): both empty, a day alone, or a moment with its day where it was typed."""
    if raw in (None, ""):
        return None, None
    try:
        if not isinstance(raw, str) or len(raw) > 40:
            raise ValueError
        if len(raw) == 10:
            return _sane(read_day(raw)), None
        local = read_moment(raw, zone_of(timezone))
        _sane(local.date())
        return local.date(), local.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise Invalid(due=_("A day or a day and a time is expected here")) from error


def _sane(day: date) -> date:
    if not 1900 < day.year < 3000:
        raise ValueError
    return day


@dataclass(frozen=True, slots=True)
class Today:
    """A reader's day: what overdue, today and later mean in their zone."""

    day: date
    start: datetime
    end: datetime
    now: datetime

    @classmethod
    def of(cls, timezone: str) -> "Today":
        zone = zone_of(timezone)
        moment = now()
        day = moment.astimezone(zone).date()
        start = datetime.combine(day, time.min, zone).astimezone(UTC)
        end = datetime.combine(date.fromordinal(day.toordinal() + 1), time.min, zone).astimezone(UTC)
        return cls(day, start, end, moment)

    def group(self, due_on: date | None, due_at: datetime | None) -> str:
        if due_at is not None:
            return "overdue" if due_at < self.now else "today" if due_at < self.end else "later"
        if due_on is None:
            return "none"
        return "overdue" if due_on < self.day else "today" if due_on == self.day else "later"


@dataclass(frozen=True, slots=True)
class TaskQuery:
    """The list as its address says it."""

    show: str = "mine"
    q: str = ""
    team: str = ""
    assignee: str = ""
    priority: str = ""
    board: bool = False
    page: int = 1

    def url(self, **changes: object) -> str:
        other = replace(self, **({"page": 1} | changes))  # type: ignore[arg-type]
        return "/tasks" + (f"?{urlencode(pairs)}" if (pairs := other.pairs()) else "")

    def pairs(self) -> list[tuple[str, str]]:
        pairs = [("show", self.show)] if self.show != "mine" else []
        pairs += [(name, value) for name in ("q", "team", "assignee", "priority") if (value := getattr(self, name))]
        pairs += [("board", "1")] if self.board else []
        return pairs + ([("page", str(self.page))] if self.page > 1 else [])

    @property
    def is_filtered(self) -> bool:
        return bool(self.q or self.assignee or self.priority or self.team)


def parse_query(params: Mapping[str, str]) -> TaskQuery:
    """From an address; what is not known is left out, never an error."""
    show = params.get("show", "mine")
    return TaskQuery(
        show=show if show in SHOWS else "mine",
        q=clean(params.get("q", ""), 100),
        team=_number(params.get("team", "")) if show == "teams" else "",
        assignee=_number(params.get("assignee", "")) if show != "mine" else "",
        priority=params.get("priority", "") if params.get("priority") in PRIORITIES else "",
        board=params.get("board") == "1",
        page=page_number(params.get("page")),
    )


def query_of(address: str) -> TaskQuery:
    """The same from a whole address such as "/tasks?show=teams"."""
    return parse_query(dict(parse_qsl(address.partition("?")[2])))


def _number(text: str) -> str:
    return text if text.isascii() and text.isdigit() and len(text) < 18 else ""
