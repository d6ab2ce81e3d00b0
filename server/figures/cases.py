"""Figures of cases: how many came, how soon they were answered and solved, what was promised and kept, what lies there.

Times are medians, because one case that lay for months says nothing of the others; percentiles by linear interpolation
between closest ranks, as `statistics.quantiles(method="inclusive")` has them.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from statistics import mean, median
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import or_

from server.cases.access import visible_cases
from server.cases.models import Case
from server.figures.forms import FiguresQuery
from server.kit.access import Principal
from server.kit.clock import now
from server.kit.db import Tx
from server.portal.models import CaseRating
from server.sla.models import SlaClock

MOST = 100_000  # cases that are counted; the newest
OPEN = ("new", "open", "waiting", "snoozed")


@dataclass(slots=True)
class Row:
    """One line of the table. Times in seconds; `kept` and `promised`: promises that ended in the time."""

    key: Any = None
    opened: int = 0
    solved: int = 0
    answers: list[float] = field(default_factory=list)
    solutions: list[float] = field(default_factory=list)
    kept: int = 0
    promised: int = 0
    stars: list[int] = field(default_factory=list)
    waiting: int = 0  # open now
    ages: list[float] = field(default_factory=list)

    @property
    def answer(self) -> float | None:
        return median(self.answers) if self.answers else None

    @property
    def solution(self) -> float | None:
        return median(self.solutions) if self.solutions else None

    @property
    def age(self) -> float | None:
        return mean(self.ages) if self.ages else None

    @property
    def rating(self) -> float | None:
        """Mean of the stars, 1 to 5."""
        return mean(self.stars) if self.stars else None

    @property
    def share(self) -> float | None:
        """Of the promises, those kept; 0 to 1."""
        return self.kept / self.promised if self.promised else None

    @property
    def is_empty(self) -> bool:
        return not (self.opened or self.solved or self.promised or self.waiting or self.stars)


@dataclass(frozen=True, slots=True)
class Figures:
    rows: list[Row]
    total: Row
    is_cut: bool


async def count_cases(tx: Tx, who: Principal, query: FiguresQuery) -> Figures:
    """Four statements, whatever the time; the reader's rights are in each."""
    rows: dict[Any, Row] = defaultdict(Row)
    total = Row()
    moved = or_(Case.created_at.between(query.begins, query.ends), Case.solved_at.between(query.begins, query.ends))
    columns = (Case.channel_id, Case.team_id, Case.assignee_id, Case.created_at, Case.answered_at, Case.solved_at)
    found = visible_cases(who).where(moved, Case.merged_into_id.is_(None)).with_only_columns(*columns)
    cases = list(await tx.execute(found.order_by(Case.id.desc()).limit(MOST + 1)))
    for case in cases[:MOST]:
        _count(case, query, (rows[_key(case, query, case.created_at)], total))
    await _promises(tx, who, query, rows, total)
    await _ratings(tx, who, query, rows, total)
    if query.by != "day":
        await _backlog(tx, who, query, rows, total)
    for key, row in rows.items():
        row.key = key
    return Figures([row for row in rows.values() if not row.is_empty], total, len(cases) > MOST)


def _key(case: Any, query: FiguresQuery, at: datetime) -> Any:
    match query.by:
        case "channel":
            return case.channel_id
        case "team":
            return case.team_id
        case "person":
            return case.assignee_id
    return at.astimezone(ZoneInfo(query.zone)).date()


def _within(at: datetime | None, query: FiguresQuery) -> bool:
    return at is not None and query.begins <= at < query.ends


def _count(case: Any, query: FiguresQuery, rows: Iterable[Row]) -> None:
    for row in rows:
        if _within(case.created_at, query):
            row.opened += 1
            if case.answered_at is not None:
                row.answers.append((case.answered_at - case.created_at).total_seconds())
        if _within(case.solved_at, query):
            row.solved += 1
            row.solutions.append((case.solved_at - case.created_at).total_seconds())


async def _promises(tx: Tx, who: Principal, query: FiguresQuery, rows: dict[Any, Row], total: Row) -> None:
    """Clocks that ended in the time, or ran out in it."""
    ended = or_(
        SlaClock.done_at.between(query.begins, query.ends), SlaClock.breached_at.between(query.begins, query.ends)
    )
    columns = (Case.channel_id, Case.team_id, Case.assignee_id, SlaClock.started_at, SlaClock.breached_at)
    found = visible_cases(who).join(SlaClock, SlaClock.case_id == Case.id).where(ended).with_only_columns(*columns)
    for clock in await tx.execute(found.order_by(SlaClock.id.desc()).limit(MOST)):
        for row in (rows[_key(clock, query, clock.started_at)], total):
            row.promised += 1
            row.kept += clock.breached_at is None


async def _ratings(tx: Tx, who: Principal, query: FiguresQuery, rows: dict[Any, Row], total: Row) -> None:
    given = CaseRating.at.between(query.begins, query.ends)
    columns = (Case.channel_id, Case.team_id, Case.assignee_id, CaseRating.stars, CaseRating.at)
    found = visible_cases(who).join(CaseRating, CaseRating.case_id == Case.id).where(given).with_only_columns(*columns)
    for one in await tx.execute(found.order_by(CaseRating.case_id.desc()).limit(MOST)):
        for row in (rows[_key(one, query, one.at)], total):
            row.stars.append(one.stars)


async def _backlog(tx: Tx, who: Principal, query: FiguresQuery, rows: dict[Any, Row], total: Row) -> None:
    columns = (Case.channel_id, Case.team_id, Case.assignee_id, Case.created_at)
    found = visible_cases(who).where(Case.status.in_(OPEN)).with_only_columns(*columns)
    for case in await tx.execute(found.order_by(Case.id.desc()).limit(MOST)):
        for row in (rows[_key(case, query, case.created_at)], total):
            row.waiting += 1
            row.ages.append((now() - case.created_at) / timedelta(seconds=1))
