"""Reads for the tasks page, the task's page, panels and lines. The list is one statement at any size."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    ScalarSelect,
    Select,
    String,
    and_,
    bindparam,
    case,
    cast,
    func,
    literal,
    or_,
    select,
    union_all,
)

from server.contacts.models import Contact
from server.identity.models import Team, User
from server.kit.about import subject_id
from server.kit.access import Principal, prepared
from server.kit.db import Tx
from server.kit.events import EventRow
from server.kit.index import matching_ids
from server.kit.paging import PER_PAGE, Paging
from server.tasks.access import WHOLE, named_tasks, visible_tasks
from server.tasks.forms import TaskQuery, Today
from server.tasks.models import Task

GROUPS = ("overdue", "today", "later", "none")
LATELY = timedelta(days=7)
DONE_SHOWN = 10
HANDED_SHOWN = 20
LANE = 50
ON_RECORD = 50
AROUND = 200
HISTORY = 100


@dataclass(frozen=True, slots=True)
class Counts:
    """How many open tasks of a list are in each group, and how the week goes."""

    overdue: int
    today: int
    later: int
    none: int
    done_week: int
    due_week: int

    @property
    def open(self) -> int:
        return self.overdue + self.today + self.later + self.none

    @property
    def share(self) -> int:
        """Done of this week's, in percent."""
        total = self.done_week + self.due_week
        return round(100 * self.done_week / total) if total else 0


def _group(name: str, today: Today) -> ColumnElement[bool]:
    timed = Task.due_at.is_not(None)
    match name:
        case "overdue":
            return or_(and_(timed, Task.due_at < today.now), and_(~timed, Task.due_on < today.day))
        case "today":
            soon = and_(timed, Task.due_at >= today.now, Task.due_at < today.end)
            return or_(soon, and_(~timed, Task.due_on == today.day))
        case "later":
            return or_(and_(timed, Task.due_at >= today.end), and_(~timed, Task.due_on > today.day))
    return and_(Task.due_at.is_(None), Task.due_on.is_(None))


def offered_to(who: Principal) -> ColumnElement[bool]:
    to_me = Task.handed_user_id == who.user_id
    return and_(Task.handed_by_id.is_not(None), or_(to_me, Task.handed_team_id.in_(who.teams)))


def filtered(tx: Tx, who: Principal, query: TaskQuery) -> Select[Any]:
    """The tasks that the list's address means, open and done, in no order."""
    found: Select[Any] = visible_tasks(who)
    if query.show == "mine":
        found = found.where(Task.assignee_id == who.user_id)
    elif query.show == "given":
        others = or_(Task.assignee_id.is_(None), Task.assignee_id != who.user_id)
        found = found.where(Task.creator_id == who.user_id, others)
    elif query.team:
        found = found.where(Task.team_id == int(query.team))
    else:
        found = found.where(Task.team_id.in_(who.teams) if who.teams else Task.team_id.is_not(None))
    if query.assignee:
        found = found.where(Task.assignee_id == int(query.assignee))
    if query.priority:
        found = found.where(Task.priority == query.priority)
    if query.q:
        found = found.where(Task.id.in_(matching_ids(tx, who, ["task"], query.q)))
    return found


ORDER = (Task.due_on.asc().nulls_last(), Task.due_at.asc().nulls_last(), Task.id.asc())


async def count_tasks(tx: Tx, who: Principal, query: TaskQuery, today: Today) -> Counts:
    """All figures of the page in one statement; open tasks and those done lately are all it looks at."""
    monday = today.start - timedelta(days=today.day.weekday())
    sunday = today.day + timedelta(days=6 - today.day.weekday())
    is_open = Task.done_at.is_(None)

    def number(condition: ColumnElement[bool]) -> ColumnElement[int]:
        return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)

    columns = [number(and_(is_open, _group(name, today))) for name in GROUPS]
    columns += [number(Task.done_at >= monday), number(and_(is_open, Task.due_on <= sunday))]
    recent = or_(is_open, Task.done_at >= monday)
    row = (await tx.execute(filtered(tx, who, query).where(recent).with_only_columns(*columns))).one()
    return Counts(*(int(n) for n in row))


async def list_page(tx: Tx, who: Principal, query: TaskQuery, total: int) -> tuple[list[Task], Paging]:
    """One page of open tasks with their people, by due date."""
    paging = Paging(query.page, total)
    ids = filtered(tx, who, query).where(Task.done_at.is_(None)).with_only_columns(Task.id)
    some = ids.order_by(*ORDER).limit(PER_PAGE).offset((query.page - 1) * PER_PAGE).subquery()
    rows = select(Task).join(some, some.c.id == Task.id).order_by(*ORDER).options(*WHOLE)
    return list(await tx.scalars(rows)), paging


async def done_lately(tx: Tx, who: Principal, query: TaskQuery, today: Today, most: int = DONE_SHOWN) -> list[Task]:
    done = filtered(tx, who, query).where(Task.done_at >= today.now - LATELY)
    return list(await tx.scalars(done.order_by(Task.done_at.desc(), Task.id.desc()).limit(most).options(*WHOLE)))


async def list_lanes(tx: Tx, who: Principal, query: TaskQuery, today: Today) -> dict[str, list[Task]]:
    """The board: the first tasks of each lane, all lanes in one statement."""
    base = filtered(tx, who, query).where(Task.done_at.is_(None))
    lanes = {"overdue": _group("overdue", today), "today": _group("today", today)}
    lanes["later"] = or_(_group("later", today), _group("none", today))
    parts = [
        select(base.where(where).with_only_columns(Task.id).order_by(*ORDER).limit(LANE).subquery().c.id)
        for where in lanes.values()
    ]
    rows = select(Task).where(Task.id.in_(union_all(*parts))).order_by(*ORDER).options(*WHOLE)
    found: dict[str, list[Task]] = {name: [] for name in lanes}
    for task in await tx.scalars(rows):
        group = today.group(task.due_on, task.due_at)
        found["later" if group == "none" else group].append(task)
    return found


async def list_handed(tx: Tx, who: Principal) -> list[Task]:
    """What waits for this person to be taken or given back."""
    return list(await tx.scalars(_handed(who), who.params))


@prepared
def _handed(who: Principal) -> Select[Task]:
    waiting = visible_tasks(who).where(offered_to(who), Task.done_at.is_(None))
    return waiting.order_by(Task.id).limit(HANDED_SHOWN).options(*WHOLE)


def count_waiting(who: Principal) -> ScalarSelect[Any]:
    """The badge of the sidebar: mine that are due, and what is handed to me or my teams. Two counts, so that each
    has its index."""
    today = Today.of(who.timezone)
    return _waiting(who, today.day, today.end)


@prepared
def _waiting(who: Principal, day: date, end: datetime) -> ScalarSelect[Any]:
    due_moment = and_(Task.due_at.is_not(None), Task.due_at < end)
    due = or_(due_moment, and_(Task.due_at.is_(None), Task.due_on <= day))
    still = visible_tasks(who).where(Task.done_at.is_(None)).with_only_columns(func.count())
    mine = still.where(Task.assignee_id == who.user_id, due).scalar_subquery()
    others = or_(Task.assignee_id.is_(None), Task.assignee_id != who.user_id, ~due)
    return select(mine + still.where(offered_to(who), others).scalar_subquery()).scalar_subquery()


@prepared
def _tasks_of(who: Principal) -> Select[Any]:
    found = visible_tasks(who).where(Task.about == bindparam("about"), Task.done_at.is_(None))
    total = found.with_only_columns(func.count()).scalar_subquery()
    return found.add_columns(total).order_by(*ORDER).limit(ON_RECORD).options(*WHOLE)


async def tasks_of(tx: Tx, who: Principal, about: str) -> tuple[list[Task], int]:
    """Open tasks of a record by due date, and how many there are."""
    all_rows = (await tx.execute(_tasks_of(who), {"about": about, **who.params})).all()
    return [row[0] for row in all_rows], all_rows[0][1] if all_rows else 0


async def tasks_around(tx: Tx, who: Principal, about: str, *, of_people: bool = False) -> list[Task]:
    """Open tasks of a record, or those of a company's people."""
    people = select(Contact.kind + ":" + cast(Contact.id, String)).where(Contact.company_id == subject_id(about))
    wanted = Task.about.in_(people) if of_people else Task.about == about
    found = visible_tasks(who).where(wanted, Task.done_at.is_(None)).order_by(*ORDER).limit(AROUND)
    return list(await tx.scalars(found.options(*WHOLE)))


async def history_of(tx: Tx, task: Task) -> list[EventRow]:
    """The newest facts of one task, oldest first."""
    rows = select(EventRow).where(EventRow.subject == task.subject, EventRow.workspace_id == task.workspace_id)
    return list(reversed(list(await tx.scalars(rows.order_by(EventRow.id.desc()).limit(HISTORY)))))


async def tasks_by_id(tx: Tx, who: Principal, ids: Collection[int]) -> dict[int, Task]:
    """For lines; removed ones keep their title there."""
    if not ids:
        return {}
    return {task.id: task for task in await tx.scalars(named_tasks(who).where(Task.id.in_(ids)))}


NAMED = ("assignee", "old", "new", "to_user", "from_user")
NAMED_TEAMS = ("team", "old_team", "new_team", "to_team")


def names_in(rows: Collection[EventRow]) -> tuple[set[int], set[int]]:
    """People and teams that facts about tasks name by number."""
    people = {row.data.get(name) for row in rows for name in NAMED}
    teams = {row.data.get(name) for row in rows for name in NAMED_TEAMS}
    return {one for one in people if isinstance(one, int)}, {one for one in teams if isinstance(one, int)}


@dataclass(frozen=True, slots=True)
class Names:
    people: dict[int, str]
    teams: dict[int, str]


async def names_of(tx: Tx, people: Collection[int], teams: Collection[int]) -> Names:
    """First names of people and names of teams in one statement."""
    if not people and not teams:
        return Names({}, {})
    users = select(literal("user").label("kind"), User.id, User.name).where(User.id.in_(people))
    groups = select(literal("team").label("kind"), Team.id, Team.name).where(Team.id.in_(teams))
    found = Names({}, {})
    for kind, id, name in await tx.execute(union_all(users, groups)):
        if kind == "user":
            found.people[id] = name.split(" ")[0]
        else:
            found.teams[id] = name
    return found


@dataclass(frozen=True, slots=True)
class TaskFilter:
    """What a client asks for; None is any. `assignee` 0: nobody's."""

    about: str | None = None
    assignee: int | None = None
    team: int | None = None
    done: bool | None = None


async def list_after(tx: Tx, who: Principal, wanted: TaskFilter, after: int, limit: int) -> list[Task]:
    """For clients: by number, one more than `limit` when there is another page."""
    found = visible_tasks(who).where(Task.id > after)
    if wanted.about is not None:
        found = found.where(Task.about == wanted.about)
    if wanted.assignee is not None:
        found = found.where(Task.assignee_id == (wanted.assignee or None))
    if wanted.team is not None:
        found = found.where(Task.team_id == wanted.team)
    if wanted.done is not None:
        found = found.where(Task.done_at.is_not(None) if wanted.done else Task.done_at.is_(None))
    return list(await tx.scalars(found.order_by(Task.id).limit(limit + 1)))
