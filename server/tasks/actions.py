"""The verbs on tasks. Each changes rows and announces facts; none commits, none knows HTTP."""

from datetime import date, datetime, timedelta
from typing import Any, cast

from sqlalchemy import select

from server.contacts.access import get_record
from server.identity.access import visible_teams, visible_users
from server.identity.models import Team, User
from server.kit.access import Principal, restricted_to
from server.kit.clock import now
from server.kit.db import Tx
from server.kit.errors import Conflict, Invalid
from server.kit.events import Event, EventRow, emit
from server.kit.index import TEXT_LIMIT, Doc, index_docs, unindex
from server.kit.markdown import plain
from server.kit.text import _, clean
from server.tasks import events as facts
from server.tasks.forms import (
    TaskDraft,
    Today,
    parse_due,
    parse_item,
    parse_notes,
    parse_priority,
    parse_title,
    zone_of,
)
from server.tasks.models import Task

COMMENT_LENGTH = 1000
SHOWN = 500  # characters of an old or new value that a fact keeps
LANES = ("today", "later", "done")  # where the board takes a task
FIELDS = ("title", "notes", "due", "priority")


async def create_task(tx: Tx, who: Principal, draft: TaskDraft) -> Task:
    """`draft.about` must be a record that `who` may see, the assignee and the team of their workspace."""
    due_on, due_at = parse_due(draft.due, who.timezone)
    about = (await get_record(tx, who, draft.about)).about if draft.about else None
    task = Task(
        workspace_id=who.workspace_id,
        title=parse_title(draft.title),
        notes=parse_notes(draft.notes),
        about=about,
        due_on=due_on,
        due_at=due_at,
        priority=parse_priority(draft.priority),
        checklist=[{"id": n, "text": parse_item(text), "done": False} for n, text in enumerate(draft.checklist, 1)],
        creator_id=who.user_id,
        assignee=await _person(tx, who, draft.assignee_id, about),
        team=await _team(tx, who, draft.team_id, about),
        handed_by=None,
        handed_user=None,
        handed_team=None,
        handed_note="",
        version=1,
        field_versions={},
        created_at=now(),
    )
    tx.add(task)
    await tx.flush()
    await reindex(tx, task)
    _emit(tx, who, task, facts.TaskCreated, title=task.title, assignee=task.assignee_id, team=task.team_id)
    return task


async def create_from_lines(tx: Tx, who: Principal, about: str, titles: list[str]) -> list[Task]:
    """A task of the record for each line, nobody's yet. What is open there already is not made twice."""
    record = await get_record(tx, who, about)
    open_ = Task.workspace_id == who.workspace_id, Task.done_at.is_(None), Task.removed_at.is_(None)
    known = set(await tx.scalars(select(Task.title).where(Task.about == record.about, *open_)))
    return [await create_task(tx, who, TaskDraft(one, record.about)) for one in titles if one not in known]


def _emit(tx: Tx, who: Principal, task: Task, fact: type[Event], **data: Any) -> None:
    emit(tx, who, fact(subject=task.subject, about=task.about, **data))


def doc_of(task: Task) -> Doc:
    return Doc(task.workspace_id, task.subject, task.about, task.title, plain(task.notes, TEXT_LIMIT), is_read=True)


async def reindex(tx: Tx, task: Task) -> None:
    await index_docs(tx, [doc_of(task)])


async def _person(tx: Tx, who: Principal, user_id: int | None, about: str | None) -> User | None:
    """An active person of this workspace who may see the record that the task is about."""
    if user_id is None:
        return None
    person = cast("User | None", await tx.scalar(visible_users(who).where(User.id == user_id, User.active)))
    if person is None:
        raise Invalid(assignee=_("Not in this workspace"))
    closed = await restricted_to(tx, about) if about else []
    if closed and f"user:{user_id}" not in closed:
        teams = {int(name[5:]) for name in closed if name.startswith("team:")}
        inside = visible_teams(who).where(Team.id.in_(teams), Team.members.any(User.id == user_id)).limit(1)
        if await tx.scalar(inside) is None:
            raise Invalid(assignee=_("%(name)s may not see this record") % {"name": person.name})
    return person


async def _team(tx: Tx, who: Principal, team_id: int | None, about: str | None) -> Team | None:
    if team_id is None:
        return None
    team = cast("Team | None", await tx.scalar(visible_teams(who).where(Team.id == team_id)))
    if team is None:
        raise Invalid(team=_("Not in this workspace"))
    closed = await restricted_to(tx, about) if about else []
    if closed and f"team:{team_id}" not in closed:
        raise Invalid(team=_("%(name)s may not see this record") % {"name": team.name})
    return team


async def change_task(tx: Tx, who: Principal, task: Task, field: str, raw: object, seen: int | None = None) -> bool:
    """Sets one field and says whether it changed. `seen` is the version it was edited on: when somebody changed the
    same field since, Conflict tells both values; other fields merge."""
    if field not in FIELDS:
        raise Invalid(**{field: _("No such field")})
    old = getattr(task, field)
    if field == "due":
        task.due_on, task.due_at = parse_due(raw, who.timezone)
    else:
        setattr(task, field, {"title": parse_title, "notes": parse_notes, "priority": parse_priority}[field](raw))
    new = getattr(task, field)
    if new == old:
        return False
    await _check_seen(tx, task, field, old, seen)
    shorten = plain if field == "notes" else clean
    _touch(task, field)
    if field in ("title", "notes"):
        await reindex(tx, task)
    _emit(tx, who, task, facts.TaskChanged, field=field, old=shorten(old, SHOWN), new=shorten(new, SHOWN))
    return True


async def _check_seen(tx: Tx, task: Task, field: str, value: str, seen: int | None) -> None:
    if seen is not None and task.field_versions.get(field, 0) > seen:
        sentence = _("Somebody changed this field while you were editing")
        raise Conflict(sentence, await _theirs(tx, task, field, value), **{field: value})


async def _theirs(tx: Tx, task: Task, field: str, value: str) -> dict[str, object]:
    """Who changed a field last, when, from what; the other side of a conflict."""
    names = ("task.assigned", "task.taken") if field == "assignee" else ("task.changed",)
    rows = select(EventRow).where(EventRow.subject == task.subject, EventRow.name.in_(names))
    recent = await tx.scalars(rows.order_by(EventRow.id.desc()).limit(50))
    row = next((one for one in recent if one.data.get("field", field) == field), None)
    actor = await tx.get(User, row.actor_id) if row and row.actor_id else None
    return {
        "field": field,
        "value": value,
        "old": row.data["old"] if row and field != "assignee" else "",
        "who": actor.name if actor else "",
        "who_id": actor.id if actor else None,
        "at": row.at.isoformat() if row else None,
        "version": task.field_versions.get(field, 0),
    }


def _touch(task: Task, *parts: str) -> None:
    task.version += 1
    task.field_versions = {**task.field_versions, **dict.fromkeys(parts, task.version)}


async def assign_task(
    tx: Tx, who: Principal, task: Task, assignee_id: int | None, team_id: int | None = None, seen: int | None = None
) -> Task:
    """To a person, a team, both or nobody. A waiting hand-over is over. `seen` as in `change_task`."""
    if (assignee_id, team_id) == (task.assignee_id, task.team_id):
        return task
    theirs = ", ".join(one.name for one in (task.assignee, task.team) if one is not None)
    await _check_seen(tx, task, "assignee", theirs, seen)
    old, old_team = task.assignee_id, task.team_id
    task.assignee = await _person(tx, who, assignee_id, task.about)
    task.team = await _team(tx, who, team_id, task.about)
    _forget_offer(task)
    _touch(task, "assignee", "handed")
    await tx.flush()
    _emit(tx, who, task, facts.TaskAssigned, old=old, new=assignee_id, old_team=old_team, new_team=team_id)
    return task


def _forget_offer(task: Task) -> None:
    task.handed_by, task.handed_user, task.handed_team, task.handed_note = None, None, None, ""


async def hand_over_task(
    tx: Tx, who: Principal, task: Task, *, user_id: int | None = None, team_id: int | None = None, comment: str = ""
) -> Task:
    """Offers the task to one person or one team, with a sentence. It stays where it is until it is taken."""
    if (user_id is None) == (team_id is None):
        raise Invalid(to=_("Choose a person or a team"))
    if task.done_at is not None:
        raise Invalid(to=_("The task is done already"))
    if user_id is not None and user_id == task.assignee_id:
        raise Invalid(to=_("The task is theirs already"))
    said = clean(comment, COMMENT_LENGTH)
    offer = (who.user_id, user_id, team_id, said)
    if offer == (task.handed_by_id, task.handed_user_id, task.handed_team_id, task.handed_note):
        return task
    task.handed_user = await _person(tx, who, user_id, task.about)
    task.handed_team = await _team(tx, who, team_id, task.about)
    task.handed_by = await tx.get(User, who.user_id) if who.user_id is not None else None
    task.handed_note = said
    _touch(task, "handed")
    await tx.flush()
    _emit(
        tx, who, task, facts.TaskHanded, to_user=user_id, to_team=team_id, comment=said[:SHOWN], from_user=who.user_id
    )
    return task


async def take_task(tx: Tx, who: Principal, task: Task) -> Task:
    """The hand-over is accepted: the task is theirs now, and their team's when it was offered to the team."""
    if not task.is_handed:
        return task
    giver, team = task.handed_by_id, task.handed_team
    task.assignee = await tx.get(User, who.user_id) if who.user_id is not None else None
    task.team = team
    _forget_offer(task)
    _touch(task, "assignee", "handed")
    await tx.flush()
    _emit(tx, who, task, facts.TaskTaken, from_user=giver)
    return task


async def give_back_task(tx: Tx, who: Principal, task: Task, comment: str = "") -> Task:
    """The hand-over is declined, or withdrawn by whoever offered it."""
    if not task.is_handed:
        return task
    waited = {"from_user": task.handed_by_id, "to_user": task.handed_user_id, "to_team": task.handed_team_id}
    _forget_offer(task)
    _touch(task, "handed")
    await tx.flush()
    _emit(tx, who, task, facts.TaskGivenBack, comment=clean(comment, SHOWN), **waited)
    return task


async def finish_task(tx: Tx, who: Principal, task: Task) -> Task:
    if task.done_at is None:
        task.done_at = now()
        _forget_offer(task)
        _touch(task, "done", "handed")
        await tx.flush()
        _emit(tx, who, task, facts.TaskDone, title=task.title)
    return task


async def reopen_task(tx: Tx, who: Principal, task: Task) -> Task:
    if task.done_at is not None:
        task.done_at = None
        _touch(task, "done")
        _emit(tx, who, task, facts.TaskReopened, title=task.title)
    return task


async def place_task(tx: Tx, who: Principal, task: Task, lane: str) -> Task:
    """Where somebody puts it on the board: done, due today, or later, which is tomorrow unless it is later already."""
    if lane not in LANES:
        raise Invalid(lane=_("A task cannot be put there"))
    if lane == "done":
        return await finish_task(tx, who, task)
    await reopen_task(tx, who, task)
    today = Today.of(who.timezone)
    group = today.group(task.due_on, task.due_at)
    if lane != ("later" if group == "none" else group):
        day = today.day if lane == "today" else today.day + timedelta(days=1)
        await change_task(tx, who, task, "due", _same_time(task, day, who.timezone, lane))
    return task


def _same_time(task: Task, day: date, timezone: str, lane: str) -> str:
    """Its time of day on another day, unless that is over already and would put it elsewhere."""
    if task.due_at is None:
        return day.isoformat()
    zone = zone_of(timezone)
    moment = datetime.combine(day, task.due_at.astimezone(zone).time(), zone)
    return (moment if Today.of(timezone).group(day, moment) == lane else day).isoformat()


async def remove_task(tx: Tx, who: Principal, task: Task) -> None:
    task.removed_at = now()
    _touch(task)
    await unindex(tx, [task.subject])
    _emit(tx, who, task, facts.TaskRemoved, title=task.title)


async def restore_task(tx: Tx, who: Principal, task: Task) -> Task:
    task.removed_at = None
    _touch(task)
    await reindex(tx, task)
    _emit(tx, who, task, facts.TaskRestored, title=task.title)
    return task
