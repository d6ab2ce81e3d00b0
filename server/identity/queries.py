"""Reads about people for pages, pickers and mentions."""

from collections.abc import Collection

from sqlalchemy import func, select
from sqlalchemy.orm import selectinload

from server.identity.access import visible_teams, visible_users
from server.identity.models import ApiToken, Session, Team, TeamMember, Ticket, User, Workspace
from server.kit.access import Principal, restricted_to
from server.kit.clock import now
from server.kit.db import Tx
from server.kit.text import fold

PICKED = 8


async def people_by_id(tx: Tx, ids: Collection[int | None]) -> dict[int, User]:
    """Names and colours of these people, gone ones included."""
    wanted = {id for id in ids if id is not None}
    if not wanted:
        return {}
    return {user.id: user for user in await tx.scalars(select(User).where(User.id.in_(wanted)))}


async def list_people(tx: Tx, who: Principal, *, active: bool = True) -> list[User]:
    people = visible_users(who).order_by(User.name, User.id)
    return list(await tx.scalars(people.where(User.active) if active else people))


async def list_teams(tx: Tx, who: Principal) -> list[Team]:
    return list(await tx.scalars(visible_teams(who).order_by(Team.is_department.desc(), Team.name)))


async def team_sizes(tx: Tx, who: Principal) -> dict[int, int]:
    teams = visible_teams(who).with_only_columns(Team.id)
    sizes = select(TeamMember.team_id, func.count()).where(TeamMember.team_id.in_(teams)).group_by(TeamMember.team_id)
    return dict((await tx.execute(sizes)).all())


async def memberships(tx: Tx, who: Principal) -> dict[int, list[Team]]:
    """user → their departments and teams."""
    rows = await tx.execute(
        select(TeamMember.user_id, Team)
        .join(Team, Team.id == TeamMember.team_id)
        .where(Team.workspace_id == who.workspace_id)
        .order_by(Team.name)
    )
    found: dict[int, list[Team]] = {}
    for user_id, team in rows:
        found.setdefault(user_id, []).append(team)
    return found


async def members_of(tx: Tx, team_ids: Collection[int]) -> set[int]:
    """Active people of these teams."""
    if not team_ids:
        return set()
    rows = (
        select(TeamMember.user_id)
        .join(User, User.id == TeamMember.user_id)
        .where(TeamMember.team_id.in_(team_ids), User.active)
    )
    return set(await tx.scalars(rows))


async def resolve(tx: Tx, workspace_id: int, names: Collection[str]) -> set[int]:
    """The active people behind addressees ("user:5", "team:2") of this workspace."""
    users = {int(name[5:]) for name in names if name.startswith("user:")}
    teams = {int(name[5:]) for name in names if name.startswith("team:")}
    inside = select(User.id).where(User.workspace_id == workspace_id, User.active)
    direct = set(await tx.scalars(inside.where(User.id.in_(users)))) if users else set()
    if not teams:
        return direct
    member = select(TeamMember.user_id).where(TeamMember.team_id.in_(teams))
    return direct | set(await tx.scalars(inside.where(User.id.in_(member))))


async def may_know(tx: Tx, workspace_id: int, about: str | None, people: set[int]) -> set[int]:
    """Those of the people to whom the record is open."""
    if not people or about is None or not (closed := await restricted_to(tx, about)):
        return people
    return people & await resolve(tx, workspace_id, closed)


async def known_names(tx: Tx, workspace_id: int, names: Collection[str]) -> set[str]:
    """Those of the addressees that exist in this workspace."""
    users = [int(name[5:]) for name in names if name.startswith("user:")]
    teams = [int(name[5:]) for name in names if name.startswith("team:")]
    found: set[str] = set()
    if users:
        ids = await tx.scalars(
            select(User.id).where(User.workspace_id == workspace_id, User.active, User.id.in_(users))
        )
        found |= {f"user:{id}" for id in ids}
    if teams:
        ids = await tx.scalars(select(Team.id).where(Team.workspace_id == workspace_id, Team.id.in_(teams)))
        found |= {f"team:{id}" for id in ids}
    return found


async def pick_people(tx: Tx, who: Principal, query: str) -> tuple[list[User], list[Team]]:
    """People and teams whose name has a word that begins with `query`, for @ and pickers."""
    wanted = fold(query).strip()
    people = [user for user in await list_people(tx, who) if _begins(user.name, wanted)]
    teams = [team for team in await list_teams(tx, who) if _begins(team.name, wanted)]
    return people[:PICKED], teams[:PICKED]


def _begins(name: str, wanted: str) -> bool:
    folded = fold(name)
    return folded.startswith(wanted) or any(word.startswith(wanted) for word in folded.split())


async def get_workspace(tx: Tx, who: Principal) -> Workspace:
    workspace = await tx.get(Workspace, who.workspace_id)
    assert workspace is not None
    return workspace


async def list_sessions(tx: Tx, who: Principal) -> list[Session]:
    own = select(Session).where(Session.user_id == who.user_id, Session.expires_at > now())
    return list(await tx.scalars(own.order_by(Session.seen_at.desc())))


async def list_tokens(tx: Tx, who: Principal) -> list[ApiToken]:
    return list(await tx.scalars(select(ApiToken).where(ApiToken.user_id == who.user_id).order_by(ApiToken.id)))


async def count_tokens(tx: Tx, user: User) -> int:
    return await tx.scalar(select(func.count()).where(ApiToken.user_id == user.id)) or 0


async def open_invitations(tx: Tx, who: Principal) -> list[Ticket]:
    waiting = select(Ticket).where(
        Ticket.workspace_id == who.workspace_id,
        Ticket.kind == "invite",
        Ticket.used_at.is_(None),
        Ticket.expires_at > now(),
    )
    return list(await tx.scalars(waiting.order_by(Ticket.id)))


async def is_set_up(tx: Tx) -> bool:
    return await tx.scalar(select(Workspace.id).limit(1)) is not None


async def people_after(tx: Tx, who: Principal, after: int, limit: int) -> list[User]:
    """For clients: by number, those who left included; one more than `limit` when there is another page."""
    people = visible_users(who).where(User.id > after).options(selectinload(User.teams))
    return list(await tx.scalars(people.order_by(User.id).limit(limit + 1)))


async def teams_after(tx: Tx, who: Principal, after: int, limit: int) -> list[Team]:
    teams = visible_teams(who).where(Team.id > after).options(selectinload(Team.members))
    return list(await tx.scalars(teams.order_by(Team.id).limit(limit + 1)))
