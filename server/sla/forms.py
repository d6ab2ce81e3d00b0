"""What admins type about promises, parsed: spans such as "1h 30m", holidays a line each, targets by priority."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from server.cases.models import PRIORITIES
from server.kit.clock import read_day
from server.kit.errors import Invalid
from server.kit.hours import Week
from server.kit.text import _, clean
from server.sla.models import KINDS

SPAN = re.compile(r"(?:(\d{1,4})\s*h)?\s*(?:(\d{1,5})\s*(?:m|min)?)?", re.IGNORECASE)
LONGEST = 366 * 24 * 60  # minutes
HOLIDAYS = 400
NAME_LENGTH = 80
WARN = (0, 24 * 60)


@dataclass(frozen=True, slots=True)
class CalendarDraft:
    name: str
    hours: Week
    zone: str
    holidays: str


@dataclass(frozen=True, slots=True)
class PolicyDraft:
    """`targets`: {"high-first": "30m", …} as typed."""

    name: str
    calendar_id: int
    tag: str = ""
    team_id: int | None = None
    targets: Mapping[str, str] = field(default_factory=dict)
    warn: str = "30"
    escalate_team_id: int | None = None
    raises: bool = False


def parse_span(raw: str, name: str) -> int | None:
    """Minutes from "30m", "4h", "1h 30m" or "90"; None when nothing was typed."""
    text = raw.strip()
    if not text:
        return None
    match = SPAN.fullmatch(text)
    minutes = int(match[1] or 0) * 60 + int(match[2] or 0) if match else 0
    if not 0 < minutes <= LONGEST:
        raise Invalid(**{name: _("A time such as 30m, 4h or 1h 30m")})
    return minutes


def span_text(minutes: int | None) -> str:
    """As it is typed."""
    if not minutes:
        return ""
    hours, rest = divmod(minutes, 60)
    return " ".join(part for part in (f"{hours}h" if hours else "", f"{rest}m" if rest else "") if part)


def parse_targets(typed: Mapping[str, str]) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for priority in PRIORITIES:
        for kind in KINDS:
            name = f"{priority}-{kind}"
            if (minutes := parse_span(typed.get(name) or "", name)) is not None:
                found.setdefault(priority, {})[kind] = minutes
    if not found:
        raise Invalid(**{"normal-first": _("Promise at least one time")})
    return found


def parse_holidays(raw: str) -> list[dict[str, Any]]:
    """ "2026-12-25 Christmas" a line, in the order of the days."""
    found: dict[str, str] = {}
    for n, line in enumerate(clean(raw, 40_000).splitlines(), 1):
        day, _space, name = line.strip().partition(" ")
        if not day:
            continue
        try:
            found[read_day(day).isoformat()] = name.strip()[:NAME_LENGTH]
        except ValueError:
            raise Invalid(holidays=_("Line %(n)s: a day such as 2026-12-25 Christmas") % {"n": n}) from None
    if len(found) > HOLIDAYS:
        raise Invalid(holidays=_("At most %(n)s") % {"n": HOLIDAYS})
    return [{"date": day, "name": found[day]} for day in sorted(found)]


def holidays_text(holidays: list[Any]) -> str:
    return "\n".join(f"{one['date']} {one['name']}".strip() for one in holidays)


def parse_warn(raw: str) -> int:
    if not raw.isdecimal() or len(raw) > 5 or not WARN[0] <= int(raw) <= WARN[1]:
        raise Invalid(warn=_("Between %(low)s and %(high)s minutes") % {"low": WARN[0], "high": WARN[1]})
    return int(raw)
