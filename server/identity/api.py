"""The API of people, departments and teams, and of oneself."""

from starlette.requests import Request

from server.identity.models import Team, User
from server.identity.queries import get_workspace, people_after, teams_after
from server.kit.access import Principal, Role
from server.kit.api import Listing, Page, Shape, api, page_of
from server.kit.db import Tx


class PersonShape(Shape):
    id: int
    name: str
    email: str
    role: Role
    active: bool
    teams: list[int]


class TeamShape(Shape):
    id: int
    name: str
    department: bool
    members: list[int]


class WorkspaceShape(Shape):
    id: int
    name: str


class MeShape(Shape):
    """`topic` is what a socket of yours listens to from the start."""

    id: int
    name: str
    email: str
    role: Role
    language: str
    timezone: str
    teams: list[int]
    workspace: WorkspaceShape
    topic: str


def person_shape(user: User) -> PersonShape:
    teams = sorted(team.id for team in user.teams)
    return PersonShape(id=user.id, name=user.name, email=user.email, role=user.role, active=user.active, teams=teams)


def team_shape(team: Team) -> TeamShape:
    members = sorted(user.id for user in team.members if user.active)
    return TeamShape(id=team.id, name=team.name, department=team.is_department, members=members)


async def people(request: Request, tx: Tx, who: Principal) -> Page[PersonShape]:
    asked: Listing = request.state.query
    rows = await people_after(tx, who, asked.after, asked.limit)
    return page_of(rows, asked.limit, person_shape, lambda user: user.id)


async def teams(request: Request, tx: Tx, who: Principal) -> Page[TeamShape]:
    asked: Listing = request.state.query
    rows = await teams_after(tx, who, asked.after, asked.limit)
    return page_of(rows, asked.limit, team_shape, lambda team: team.id)


async def me(request: Request, tx: Tx, who: Principal) -> MeShape:
    workspace = await get_workspace(tx, who)
    return MeShape(
        id=who.user_id or 0,
        name=who.name,
        email=who.email,
        role=who.role,
        language=who.language,
        timezone=who.timezone,
        teams=sorted(who.teams),
        workspace=WorkspaceShape(id=workspace.id, name=workspace.name),
        topic=who.key,
    )


routes = [
    api("GET", "/people", people, "List the people of the workspace", gives=Page[PersonShape], asks=Listing),
    api("GET", "/teams", teams, "List departments and teams", gives=Page[TeamShape], asks=Listing),
    api("GET", "/me", me, "Read who the token belongs to", gives=MeShape),
]
