"""`python -m server demo`: a workspace with a believable team, 200 customers and a few weeks of work behind them."""

import random
import secrets
from dataclasses import replace
from datetime import UTC, timedelta
from typing import Any, cast, get_type_hints

from sqlalchemy import select, update

from server import demo_story as story
from server import demo_texts as texts
from server.contacts.access import get_contact
from server.contacts.actions import ContactDraft, change_fields, create_contact
from server.contacts.custom import define_field
from server.demo_cases import plan_cases
from server.demo_sites import plan_sites
from server.demo_stage import Act, Stage
from server.identity.access import by_user_id
from server.identity.actions import PersonDraft, WorkspaceDraft, add_user, create_team, create_workspace, join_team
from server.identity.forms import parse_name
from server.identity.models import Team, User, Workspace
from server.identity.passwords import Passwords
from server.kit.access import Principal, Role, system
from server.kit.clock import frozen, now
from server.kit.db import Database, Tx
from server.kit.domain import House, Verb, discover
from server.kit.errors import Invalid
from server.kit.events import EventRow
from server.kit.files import Files
from server.kit.text import fold
from server.offline import opened
from server.settings import Settings

NAME = "Nogal Café"
CUSTOMERS = 200
DAYS = 42  # how far back the work goes
GROUP = 25  # acts of one transaction


async def fill(settings: Settings, workspace: str = "") -> str:
    """What the command prints: the password of everybody in the demo."""
    workspace = parse_name(workspace, "workspace") if workspace else NAME
    password = secrets.token_urlsafe(9)
    hashed = await Passwords().hash(password)
    async with opened(settings) as database:
        place_id, name = await _people(database, workspace, hashed)
        stage = await _stage(database, place_id)
        await _customers(database, stage)
        _plan_notes(stage)
        _plan_tasks(stage)
        story.plan_talk(stage)
        story.plan_notes(stage)
        story.plan_jobs(stage)
        story.plan_calls(stage)
        plan_cases(stage)
        plan_sites(stage)
        await story.plan_files(stage, Files(settings.data_dir / "files"))
        await _play(database, stage)
        await story.last_acts(database, stage)
        await story.read_older(database, stage)
        await _hush(database, place_id)
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
    return Stage(random.Random(7), House(discover()).verbs, today, people, teams, [], {}, [])


async def _customers(database: Database, stage: Stage) -> None:
    """Created over the weeks by the people of Sales; ids in the order they came."""
    drafts = [*_company_drafts(stage), *_drafts(stage)]
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
                    if draft.kind == "contact":
                        stage.customers.append(contact.id)
                    else:
                        stage.companies[contact.name] = contact.id


def _company_drafts(stage: Stage) -> list[tuple[ContactDraft, Principal]]:
    rng, found = stage.rng, list[tuple[ContactDraft, Principal]]()
    for company in (*texts.COMPANIES_ES, *texts.COMPANIES_EN):
        spanish = company in texts.COMPANIES_ES
        values = {
            "emails": f"{'hola' if spanish else 'hello'}@{_host(company)}.example.org",
            "phones": f"{'+34 600 001' if spanish else '+44 7700 901'} {rng.randint(100, 999)}",
            "addresses": rng.choice(texts.ADDRESSES_ES if spanish else texts.ADDRESSES_EN),
            "language": "es" if spanish else "en",
            "tags": rng.sample(texts.TAGS, rng.choice((1, 1, 2))),
            "owner": stage.of("Sales").user_id,
            "x.plan": rng.choice(texts.FIELDS[0][2]),
            "x.customer_since": (stage.today - timedelta(days=rng.randint(400, 2900))).date().isoformat(),
            "x.monthly_value": rng.choice((380, 520, 740, 1150, 2300)),
        }
        found.append((ContactDraft(company, "company", values), stage.of("Sales")))
    return found


def _host(company: str) -> str:
    return "".join(c for c in fold(company) if c.isalnum())[:18]


def _names(stage: Stage) -> list[tuple[str, str]]:
    rng, names = stage.rng, dict(texts.FIRST_CUSTOMERS)
    while len(names) < CUSTOMERS:
        spanish = rng.random() < 0.5
        first, last = (texts.FIRST_ES, texts.LAST_ES) if spanish else (texts.FIRST_EN, texts.LAST_EN)
        name = f"{rng.choice(first)} {rng.choice(last)}"
        names.setdefault(name, rng.choice(texts.COMPANIES_ES if spanish else texts.COMPANIES_EN))
    return list(names.items())


def _drafts(stage: Stage) -> list[tuple[ContactDraft, Principal]]:
    rng, found = stage.rng, list[tuple[ContactDraft, Principal]]()
    for name, company in _names(stage):
        spanish = company in texts.COMPANIES_ES
        mail = ".".join(fold(word) for word in name.split())
        prefix = "+34 600 000" if spanish else "+44 7700 900"
        values: dict[str, Any] = {
            "company": company,
            "title": rng.choice(texts.ROLES_ES if spanish else texts.ROLES_EN),
            "emails": f"{mail}@{_host(company)}.example.org",
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
        if name in texts.KEPT_BY_OWNER:
            values |= {"owner": stage.people[texts.TEAM[0][0]].user_id, **texts.KEPT_BY_OWNER[name]}
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
            if name == "tags" and n < len(texts.FIRST_CUSTOMERS):
                continue  # theirs are told by name
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


async def _hush(database: Database, place_id: int) -> None:
    """Weeks of old facts change no screen: the relay numbers quiet ones at once, and a fresh server is ready."""
    told = update(EventRow).where(EventRow.workspace_id == place_id, EventRow.position.is_(None))
    async with database.transaction() as tx:
        await tx.execute(told.values(quiet=True))


async def _play(database: Database, stage: Stage) -> None:
    """All acts in the order of their moments; what a transaction makes other domains do happens at its last moment,
    so the newest acts have one each."""
    acts = sorted(stage.acts, key=lambda one: one[0])
    start = 0
    while start < len(acts):
        size = GROUP if acts[start][0] < stage.today - timedelta(days=2) else 1
        with frozen(acts[start][0]) as clock:
            async with database.transaction() as tx:
                for clock.at, act in acts[start : start + size]:
                    await act(tx)
        start += size
