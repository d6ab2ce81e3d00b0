"""`python -m server demo`: a workspace with a believable team, 200 customers and a few weeks of work behind them."""

import random
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast, get_type_hints

from sqlalchemy import select

from server import demo_texts as texts
from server.contacts.access import get_contact
from server.contacts.actions import ContactDraft, change_fields, create_contact
from server.contacts.custom import define_field
from server.identity.access import by_user_id
from server.identity.actions import PersonDraft, WorkspaceDraft, add_user, create_team, create_workspace, join_team
from server.identity.models import Team, User, Workspace
from server.identity.passwords import Passwords
from server.kit.access import Principal, Role, system
from server.kit.clock import frozen, now
from server.kit.db import Database, Tx
from server.kit.domain import House, Verb, discover
from server.kit.errors import Invalid
from server.kit.text import fold
from server.offline import opened
from server.settings import Settings

NAME = "Nogal Café"
CUSTOMERS = 200
DAYS = 42  # how far back the work goes
GROUP = 25  # acts of one transaction

Act = Callable[[Tx], Awaitable[Any]]


@dataclass(slots=True)
class Stage:
    """Who and what there is. `acts` happen in the order of their moments, so that timelines read as they were lived."""

    rng: random.Random
    verbs: dict[str, Verb]
    today: datetime
    people: dict[str, Principal]
    teams: dict[str, int]
    customers: list[int]
    acts: list[tuple[datetime, Act]]

    def at(self, days: int, hour: int | None = None) -> datetime:
        """A working moment so many days ago."""
        day = self.today - timedelta(days=days)
        when = day.replace(hour=hour if hour is not None else self.rng.randint(8, 17), minute=self.rng.randint(0, 59))
        return min(when, self.today - timedelta(minutes=self.rng.randint(1, 90))) if days == 0 else when

    def anybody(self) -> Principal:
        return self.rng.choice(list(self.people.values()))

    def of(self, department: str) -> Principal:
        names = [name for name, _role, team, _language in texts.TEAM if team == department]
        return self.people[self.rng.choice(names)]


async def fill(settings: Settings, workspace: str = "") -> str:
    """What the command prints: the password of everybody in the demo."""
    password = secrets.token_urlsafe(9)
    hashed = await Passwords().hash(password)
    async with opened(settings) as database:
        place_id, name = await _people(database, workspace or NAME, hashed)
        stage = await _stage(database, place_id)
        await _customers(database, stage)
        _plan_notes(stage)
        _plan_tasks(stage)
        _plan_rooms(stage)
        await _play(database, stage)
    owner = _mail(texts.TEAM[0][0])
    return f"“{name}” is filled. Sign in as {owner}, or anybody else of the team, with the password {password}"


def _mail(name: str) -> str:
    return fold(name).split()[0] + "@example.org"


async def _people(database: Database, name: str, hashed: str) -> tuple[int, str]:
    """The workspace with its departments and people, joined over the last weeks."""
    with frozen(now() - timedelta(days=DAYS + 7)):
        async with database.transaction() as tx:
            place = await _workspace(tx, name, hashed)
            teams = {team.name: team.id for team in await tx.scalars(select(Team).where(Team.workspace_id == place.id))}
            for department in texts.DEPARTMENTS:
                if department not in teams:
                    made = await create_team(tx, system(place.id), department, is_department=True)
                    teams[department] = made.id
            for person, role, department, language in texts.TEAM:
                mail = _mail(person)
                user = await tx.scalar(select(User).where(User.workspace_id == place.id, User.email == mail))
                if user is None:
                    user = await add_user(tx, place, PersonDraft(person, mail, hashed), cast(Role, role))
                user.language, user.timezone = language, "Europe/Madrid" if language == "es" else "Europe/London"
                await join_team(tx, system(place.id), teams[department], user.id)
            return place.id, place.name


async def _workspace(tx: Tx, name: str, hashed: str) -> Workspace:
    found = list(await tx.scalars(select(Workspace).where(Workspace.name == name)))
    if len(found) > 1:
        raise Invalid(f"There are several workspaces called “{name}”")
    if not found:
        draft = WorkspaceDraft(name, "en", "Europe/Madrid", texts.DEPARTMENTS)
        person = texts.TEAM[0][0]
        return (await create_workspace(tx, draft, PersonDraft(person, _mail(person), hashed)))[0]
    mails = [_mail(person) for person, *_rest in texts.TEAM]
    known = select(User.id).where(User.workspace_id == found[0].id, User.email.in_(mails)).limit(1)
    if await tx.scalar(known) is not None:
        raise Invalid(f"“{name}” has people of the demo already. Give another --workspace")
    return found[0]


async def _stage(database: Database, place_id: int) -> Stage:
    people: dict[str, Principal] = {}
    async with database.transaction(read=True) as tx:
        mails = [_mail(person) for person, *_rest in texts.TEAM]
        users = select(User).where(User.workspace_id == place_id, User.email.in_(mails)).order_by(User.id)
        for user in list(await tx.scalars(users)):
            who = await by_user_id(tx, user.id, "page")
            assert who is not None
            people[user.name] = who
        teams = {team.name: team.id for team in await tx.scalars(select(Team).where(Team.workspace_id == place_id))}
    today = now().astimezone(UTC).replace(second=0, microsecond=0)
    return Stage(random.Random(7), House(discover()).verbs, today, people, teams, [], [])


async def _customers(database: Database, stage: Stage) -> None:
    """Created over the weeks by the people of Sales; ids in the order they came."""
    drafts = _drafts(stage)
    owner = next(iter(stage.people.values()))
    with frozen(stage.at(DAYS + 6, 9)) as clock:
        async with database.transaction() as tx:
            for label, kind, choices in texts.FIELDS:
                await define_field(tx, replace(owner, role="owner"), label, kind, choices)
        for start in range(0, len(drafts), GROUP):
            async with database.transaction() as tx:
                for draft, by in drafts[start : start + GROUP]:
                    contact = await create_contact(tx, by, draft)
                    clock.forward(minutes=stage.rng.randint(3, 12))
                    stage.customers.append(contact.id)


def _drafts(stage: Stage) -> list[tuple[ContactDraft, Principal]]:
    rng, taken, found = stage.rng, set[str](), list[tuple[ContactDraft, Principal]]()
    names = list(texts.FIRST_CUSTOMERS)
    while len(names) < CUSTOMERS:
        spanish = rng.random() < 0.5
        first, last = (texts.FIRST_ES, texts.LAST_ES) if spanish else (texts.FIRST_EN, texts.LAST_EN)
        company = rng.choice(texts.COMPANIES_ES if spanish else texts.COMPANIES_EN)
        names.append((f"{rng.choice(first)} {rng.choice(last)}", company))
    for name, company in names:
        spanish = company in texts.COMPANIES_ES
        words = [fold(word) for word in name.split()]
        host = "".join(c for c in fold(company) if c.isalnum())[:18]
        mail = ".".join(words) + (str(len(taken)) if ".".join(words) + host in taken else "")
        taken.add(".".join(words) + host)
        prefix = "+34 600 000" if spanish else "+44 7700 900"
        values = {
            "company": company,
            "title": rng.choice(texts.ROLES_ES if spanish else texts.ROLES_EN),
            "emails": f"{mail}@{host}.example.org",
            "phones": f"{prefix} {rng.randint(100, 999)}",
            "language": "es" if spanish else "en",
            "tags": rng.sample(texts.TAGS, rng.choice((0, 1, 1, 2))),
            "owner": stage.of("Sales").user_id,
            "x.plan": rng.choice(texts.FIELDS[0][2]),
            "x.customer_since": (stage.today - timedelta(days=rng.randint(60, 2200))).date().isoformat(),
            "x.monthly_value": rng.choice((90, 140, 210, 260, 380, 520, 740, 1150)),
            "x.newsletter": rng.random() < 0.6,
            "x.machine": rng.choice(texts.MACHINES),
        }
        found.append((ContactDraft(name, "contact", values), stage.of("Sales")))
    return found


def draft_of(verb: Verb, **values: Any) -> Any:
    """The draft that a verb of another domain takes."""
    return get_type_hints(verb)["draft"](**values)


def _plan_notes(stage: Stage) -> None:
    """Notes and changed facts; the first customers have the longest stories."""
    rng, create_note = stage.rng, stage.verbs.get("note.create")
    for n, id in enumerate(stage.customers):
        spanish = n < len(texts.FIRST_CUSTOMERS) and texts.FIRST_CUSTOMERS[n][1] in texts.COMPANIES_ES
        words = texts.NOTES_ES if spanish or (n >= len(texts.FIRST_CUSTOMERS) and n % 2) else texts.NOTES_EN
        count = 5 if n < len(texts.FIRST_CUSTOMERS) else rng.choice((0, 1, 1, 2))
        for body in rng.sample(words, count):
            if create_note is not None:
                stage.acts.append((stage.at(rng.randint(0, DAYS)), _note(create_note, stage.anybody(), id, body)))
        for name, value in _changes(rng, 3 if n < len(texts.FIRST_CUSTOMERS) else rng.choice((0, 0, 1))):
            stage.acts.append((stage.at(rng.randint(0, DAYS)), _change(stage.anybody(), id, name, value)))


def _note(verb: Verb, who: Principal, id: int, body: str) -> Act:
    return lambda tx: verb(tx, who, draft_of(verb, about=f"contact:{id}", body=body))


def _changes(rng: random.Random, count: int) -> list[tuple[str, Any]]:
    choices = [
        ("x.plan", rng.choice(texts.FIELDS[0][2])),
        ("x.monthly_value", rng.choice((160, 300, 450, 900))),
        ("x.newsletter", rng.random() < 0.5),
        ("tags", rng.sample(texts.TAGS, 2)),
    ]
    return rng.sample(choices, count)


def _change(who: Principal, id: int, name: str, value: Any) -> Act:
    async def act(tx: Tx) -> None:
        contact = await get_contact(tx, who, id, "edit")
        await change_fields(tx, who, contact, {name: value})

    return act


def _plan_tasks(stage: Stage) -> None:
    """Overdue, due today, due soon, done, and waiting to be taken by somebody else."""
    rng, create = stage.rng, stage.verbs.get("task.create")
    if create is None:
        return
    for n in range(60):
        giver, department = stage.anybody(), rng.choice(texts.DEPARTMENTS)
        taker, asked = stage.of(department), rng.randint(1, DAYS)
        due = stage.today + timedelta(days=(-3, 0, 0, 2, 5, 9)[n % 6])
        values = {
            "title": texts.TASKS[n % len(texts.TASKS)],
            "about": f"contact:{stage.customers[n if n < 12 else rng.randrange(len(stage.customers))]}",
            "assignee_id": taker.user_id,
            "team_id": stage.teams[department],
            "due": due.date().isoformat(),
            "priority": "high" if n % 7 == 0 else "normal",
        }
        end = ("done", "", "handed", "", "done", "")[n * 5 // 3 % 6]
        stage.acts.append((stage.at(asked), _task(stage, create, giver, taker, values, end)))


def _task(stage: Stage, create: Verb, giver: Principal, taker: Principal, values: dict[str, Any], end: str) -> Act:
    other, said = stage.anybody(), stage.rng.choice(texts.HANDED)
    later = stage.at(0)

    async def act(tx: Tx) -> None:
        task = await create(tx, giver, draft_of(create, **values))
        finish, hand_over = stage.verbs.get("task.finish"), stage.verbs.get("task.hand_over")
        if end == "done" and finish is not None:
            await finish(tx, taker, task)
        elif end == "handed" and hand_over is not None and other.user_id != taker.user_id:
            with frozen(later):
                await hand_over(tx, taker, task, user_id=other.user_id, comment=said)

    return act


def _plan_rooms(stage: Stage) -> None:
    create, post = stage.verbs.get("room.create"), stage.verbs.get("message.post")
    if create is None or post is None:
        return
    for name, topic, said in texts.ROOMS:
        rooms: dict[str, Any] = {}
        stage.acts.append((stage.at(DAYS, 8), _room(create, stage.anybody(), rooms, name, topic)))
        speakers = list(stage.people.values())
        for n, body in enumerate(said):
            days = (len(said) - 1 - n) // 2
            who = stage.rng.choice(speakers)
            stage.acts.append((stage.at(days, 8 + n % 2 * 3 + n // 4), _message(post, who, rooms, body)))


def _room(create: Verb, who: Principal, rooms: dict[str, Any], name: str, topic: str) -> Act:
    async def act(tx: Tx) -> None:
        rooms["made"] = await create(tx, who, draft_of(create, name=name, topic=topic))

    return act


def _message(post: Verb, who: Principal, rooms: dict[str, Any], body: str) -> Act:
    async def act(tx: Tx) -> None:
        await post(tx, who, await tx.merge(rooms["made"]), body)

    return act


async def _play(database: Database, stage: Stage) -> None:
    """All acts in the order of their moments; what a transaction makes other domains do happens at its last moment."""
    acts = sorted(stage.acts, key=lambda one: one[0])
    for start in range(0, len(acts), GROUP):
        with frozen(acts[start][0]) as clock:
            async with database.transaction() as tx:
                for clock.at, act in acts[start : start + GROUP]:
                    await act(tx)
