"""Who is behind a request, whom one may see, and what each role may do to people."""

from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Row, Select, String, bindparam, cast, func, select
from sqlalchemy.orm import selectinload

from server.identity.models import ApiToken, Session, Team, TeamMember, Ticket, User
from server.kit.access import ROLES, Principal
from server.kit.clock import now
from server.kit.db import Tx
from server.kit.errors import Forbidden, NotFound
from server.kit.text import _

Verb = Literal["see", "edit", "promote"]
IDLE_SHARE = 3  # a session idle for a third of its life ends


_TEAMS = (
    select(func.aggregate_strings(cast(TeamMember.team_id, String), ","))
    .where(TeamMember.user_id == User.id)
    .scalar_subquery()
    .label("teams")
)
_PEOPLE = select(  # what a Principal is made of: asked by every request, so no more than that
    User.id, User.workspace_id, User.role, User.name, User.email, User.language, User.timezone, User.theme,
    User.picture, _TEAMS,
).where(User.active)  # fmt: skip
_BY_SESSION = (
    _PEOPLE.add_columns(Session.id.label("session_id"), Session.seen_at, Session.created_at, Session.expires_at)
    .join(Session, Session.user_id == User.id)
    .where(Session.token_hash == bindparam("token_hash"), Session.expires_at > bindparam("now"))
)
_BY_API_TOKEN = _PEOPLE.join(ApiToken, ApiToken.user_id == User.id).where(
    ApiToken.token_hash == bindparam("token_hash")
)
_BY_USER_ID = _PEOPLE.where(User.id == bindparam("user_id"))


def _principal(row: Row[Any], via: str, session_id: int | None = None) -> Principal:
    return Principal(
        user_id=row.id,
        workspace_id=row.workspace_id,
        role=row.role,
        teams=frozenset(int(team) for team in (row.teams or "").split(",") if team),
        via=via,
        name=row.name,
        email=row.email,
        language=row.language,
        timezone=row.timezone,
        theme=row.theme,
        picture=row.picture,
        session_id=session_id,
    )


async def by_session(tx: Tx, token_hash: str) -> tuple[Principal, datetime] | None:
    """Who has this session, and when they were seen last."""
    row = (await tx.execute(_BY_SESSION, {"token_hash": token_hash, "now": now()})).one_or_none()
    if row is None or row.seen_at + (row.expires_at - row.created_at) / IDLE_SHARE < now():
        return None
    return _principal(row, "page", row.session_id), row.seen_at


async def by_api_token(tx: Tx, token_hash: str) -> Principal | None:
    row = (await tx.execute(_BY_API_TOKEN, {"token_hash": token_hash})).one_or_none()
    return _principal(row, "api") if row else None


async def by_user_id(tx: Tx, user_id: int, via: str = "cli") -> Principal | None:
    row = (await tx.execute(_BY_USER_ID, {"user_id": user_id})).one_or_none()
    return _principal(row, via) if row else None


async def has_session(tx: Tx, session_id: int) -> bool:
    return await tx.scalar(select(Session.id).where(Session.id == session_id, Session.expires_at > now())) is not None


def visible_users(who: Principal) -> Select[User]:
    return select(User).where(User.workspace_id == who.workspace_id)


def visible_teams(who: Principal) -> Select[Team]:
    return select(Team).where(Team.workspace_id == who.workspace_id)


def may(who: Principal, verb: Verb, user: User) -> bool:
    if verb == "see":
        return True
    if not who.is_at_least("admin"):
        return False
    return who.role == "owner" or who.kind == "system" or user.role != "owner"


def may_give(who: Principal, role: str) -> bool:
    """Nobody makes somebody stronger than themselves."""
    return who.kind == "system" or (who.is_at_least("admin") and ROLES.index(role) >= ROLES.index(who.role))


async def get_user(tx: Tx, who: Principal, user_id: int, to: Verb = "see") -> User:
    user = await tx.scalar(visible_users(who).where(User.id == user_id).options(selectinload(User.teams)))
    if user is None:
        raise NotFound(_("No such person"))
    if not may(who, to, user):
        raise Forbidden(_("Only admins change people"))
    return user


async def get_team(tx: Tx, who: Principal, team_id: int, to: Verb = "see") -> Team:
    team = await tx.scalar(visible_teams(who).where(Team.id == team_id).options(selectinload(Team.members)))
    if team is None:
        raise NotFound(_("No such team"))
    if to != "see" and not who.is_at_least("admin"):
        raise Forbidden(_("Only admins change teams"))
    return team


async def may_hear_user(tx: Tx, who: Principal, rests: set[str]) -> set[str]:
    """user:<id> is that user's own."""
    return rests & {str(who.user_id)}


async def may_hear_workspace(tx: Tx, who: Principal, rests: set[str]) -> set[str]:
    return rests & {str(who.workspace_id)}


async def get_invitation(tx: Tx, who: Principal, ticket_id: int) -> Ticket:
    ticket = await tx.scalar(
        select(Ticket).where(Ticket.id == ticket_id, Ticket.workspace_id == who.workspace_id, Ticket.kind == "invite")
    )
    if ticket is None:
        raise NotFound(_("No such invitation"))
    if not who.is_at_least("admin"):
        raise Forbidden(_("Only admins invite people"))
    return ticket


async def get_token(tx: Tx, who: Principal, token_id: int) -> ApiToken:
    """One's own."""
    token = await tx.scalar(select(ApiToken).where(ApiToken.id == token_id, ApiToken.user_id == who.user_id))
    if token is None:
        raise NotFound(_("No such token"))
    return token
