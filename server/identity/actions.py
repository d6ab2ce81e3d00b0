"""The verbs on people, teams and the ways in. Each changes rows and announces facts; none commits or hashes."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, insert, select

from server.identity import events as facts
from server.identity.access import may_give
from server.identity.models import ApiToken, Session, Team, TeamMember, Ticket, User, Workspace
from server.identity.passwords import hash_token, new_token
from server.kit.access import Principal, Role, system
from server.kit.clock import now
from server.kit.db import Tx, one_at_a_time
from server.kit.errors import Conflict, Forbidden, Invalid
from server.kit.events import emit
from server.kit.text import _, clean, one_line

INVITATION_DAYS = 7
RESET_HOURS = 2
PROFILE_FIELDS = ("name", "language", "timezone", "theme", "picture")


@dataclass(frozen=True, slots=True)
class WorkspaceDraft:
    name: str
    language: str
    timezone: str
    departments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PersonDraft:
    """`password_hash` is made before the transaction."""

    name: str
    email: str
    password_hash: str


async def create_workspace(tx: Tx, draft: WorkspaceDraft, owner: PersonDraft) -> tuple[Workspace, User]:
    workspace = Workspace(name=draft.name, language=draft.language, timezone=draft.timezone, created_at=now())
    tx.add(workspace)
    await tx.flush()
    who = system(workspace.id)
    emit(tx, who, facts.WorkspaceCreated(subject=f"workspace:{workspace.id}", name=workspace.name))
    for name in dict.fromkeys(draft.departments):
        await create_team(tx, who, name, is_department=True)
    user = await add_user(tx, workspace, owner, "owner")
    return workspace, user


async def add_user(tx: Tx, workspace: Workspace, draft: PersonDraft, role: Role) -> User:
    known = await tx.scalar(select(User.id).where(User.workspace_id == workspace.id, User.email == draft.email))
    if known:
        raise Conflict(email=_("Somebody has this e-mail already"))
    user = User(
        workspace_id=workspace.id,
        email=draft.email,
        name=draft.name,
        role=role,
        password_hash=draft.password_hash,
        language=workspace.language,
        timezone=workspace.timezone,
        theme="auto",
        picture="",
        active=True,
        created_at=now(),
    )
    tx.add(user)
    await tx.flush()
    emit(tx, _as(user), facts.UserJoined(subject=f"user:{user.id}", name=user.name, role=role))
    return user


def _as(user: User) -> Principal:
    return Principal(user.id, user.workspace_id, user.role)


async def invite(tx: Tx, who: Principal, email: str, role: Role, team_id: int | None, secret: bytes) -> str:
    """The token of the invitation's link; a new one makes an older link of the same person useless."""
    if not may_give(who, role):
        raise Forbidden(_("You cannot give this role"))
    if await tx.scalar(select(User.id).where(User.workspace_id == who.workspace_id, User.email == email)):
        raise Conflict(email=_("Somebody has this e-mail already"))
    await tx.execute(
        delete(Ticket).where(Ticket.workspace_id == who.workspace_id, Ticket.kind == "invite", Ticket.email == email)
    )
    emit(tx, who, facts.UserInvited(subject=f"workspace:{who.workspace_id}", email=email, role=role))
    return _ticket(
        tx, secret, "invite", who.workspace_id, email, timedelta(days=INVITATION_DAYS), role=role, team_id=team_id
    )


async def withdraw_invitation(tx: Tx, who: Principal, ticket: Ticket) -> None:
    await tx.delete(ticket)


async def accept_invitation(tx: Tx, ticket: Ticket, draft: PersonDraft) -> User:
    workspace = await tx.get(Workspace, ticket.workspace_id)
    assert workspace is not None and ticket.role is not None
    user = await add_user(tx, workspace, draft, ticket.role)
    ticket.used_at = now()
    if ticket.team_id is not None:
        await join_team(tx, system(workspace.id), ticket.team_id, user.id)
    return user


def start_reset(tx: Tx, user: User, secret: bytes) -> str:
    return _ticket(tx, secret, "reset", user.workspace_id, user.email, timedelta(hours=RESET_HOURS), user_id=user.id)


def _ticket(tx: Tx, secret: bytes, kind: str, workspace_id: int, email: str, life: timedelta, **more: object) -> str:
    token = new_token()
    tx.add(
        Ticket(
            kind=kind,
            workspace_id=workspace_id,
            email=email,
            token_hash=hash_token(secret, token),
            created_at=now(),
            expires_at=now() + life,
            **more,
        )
    )
    return token


async def start_session(tx: Tx, user: User, device: str, address: str, days: int, secret: bytes) -> str:
    """A new device; the token for its cookie."""
    token = new_token()
    tx.add(
        Session(
            user_id=user.id,
            token_hash=hash_token(secret, token),
            device=clean(device, 200),
            address=clean(address, 64),
            created_at=now(),
            seen_at=now(),
            expires_at=now() + timedelta(days=days),
        )
    )
    return token


async def end_sessions(tx: Tx, who: Principal, user: User, *, only: int | None = None, keep: int | None = None) -> int:
    """Ends one session, or all but `keep`; sockets of ended ones close."""
    chosen = delete(Session).where(Session.user_id == user.id)
    if only is not None:
        chosen = chosen.where(Session.id == only)
    if keep is not None:
        chosen = chosen.where(Session.id != keep)
    count = int((await tx.execute(chosen)).rowcount)  # type: ignore[attr-defined]
    if count:
        emit(tx, who, facts.UserSignedOut(subject=f"user:{user.id}", sessions=count))
    return count


async def change_password(tx: Tx, who: Principal, user: User, password_hash: str, keep: int | None = None) -> None:
    """Every other device is signed out, and links to another new password are of no use any more."""
    user.password_hash = password_hash
    await _forget_resets(tx, user)
    emit(tx, who, facts.UserPasswordChanged(subject=f"user:{user.id}"))
    await end_sessions(tx, who, user, keep=keep)


async def _forget_resets(tx: Tx, user: User) -> None:
    await tx.execute(delete(Ticket).where(Ticket.user_id == user.id, Ticket.kind == "reset", Ticket.used_at.is_(None)))


async def change_profile(tx: Tx, who: Principal, user: User, field: str, value: str) -> User:
    if field not in PROFILE_FIELDS:
        raise Invalid(**{field: _("No such field")})
    if field == "name" and not value:
        raise Invalid(name=_("A name is needed"))
    old = getattr(user, field)
    if old != value:
        setattr(user, field, value)
        emit(tx, who, facts.UserChanged(subject=f"user:{user.id}", field=field, old=old, new=value))
    return user


async def change_role(tx: Tx, who: Principal, user: User, role: Role) -> User:
    if user.role == role:
        return user
    if not may_give(who, role):
        raise Forbidden(_("You cannot give this role"))
    await _keep_an_owner(tx, user)
    old, user.role = user.role, role
    emit(tx, who, facts.UserRoleChanged(subject=f"user:{user.id}", old=old, new=role))
    return user


async def deactivate_user(tx: Tx, who: Principal, user: User) -> User:
    if user.active:
        await _keep_an_owner(tx, user)
        user.active = False
        emit(tx, who, facts.UserDeactivated(subject=f"user:{user.id}"))
        await end_sessions(tx, who, user)
        await tx.execute(delete(ApiToken).where(ApiToken.user_id == user.id))
        await _forget_resets(tx, user)
    return user


async def reactivate_user(tx: Tx, who: Principal, user: User) -> User:
    if not user.active:
        user.active = True
        emit(tx, who, facts.UserReactivated(subject=f"user:{user.id}"))
    return user


async def _keep_an_owner(tx: Tx, user: User) -> None:
    """Two who take each other's role come one after the other."""
    if user.role != "owner":
        return
    await one_at_a_time(tx, f"owners of {user.workspace_id}")
    others = select(User.id).where(
        User.workspace_id == user.workspace_id, User.role == "owner", User.active, User.id != user.id
    )
    if await tx.scalar(others.limit(1)) is None:
        raise Invalid(_("A workspace needs an owner. Make somebody else owner first"))


async def create_team(tx: Tx, who: Principal, name: str, *, is_department: bool = False) -> Team:
    if not name:
        raise Invalid(name=_("A name is needed"))
    if await tx.scalar(select(Team.id).where(Team.workspace_id == who.workspace_id, Team.name == name)):
        raise Conflict(name=_("There is one of this name already"))
    team = Team(workspace_id=who.workspace_id, name=name, is_department=is_department)
    tx.add(team)
    await tx.flush()
    emit(tx, who, facts.TeamCreated(subject=f"team:{team.id}", name=name))
    return team


async def remove_team(tx: Tx, who: Principal, team: Team) -> None:
    members = [user.id for user in team.members]
    emit(tx, who, facts.TeamRemoved(subject=f"team:{team.id}", name=team.name, members=members))
    for user in team.members:
        emit(tx, who, facts.TeamLeft(subject=f"team:{team.id}", user=user.id))
    await tx.execute(delete(Team).where(Team.id == team.id))


async def join_team(tx: Tx, who: Principal, team_id: int, user_id: int) -> None:
    if await tx.get(TeamMember, (team_id, user_id)) is None:
        await tx.execute(insert(TeamMember).values(team_id=team_id, user_id=user_id))
        emit(tx, who, facts.TeamJoined(subject=f"team:{team_id}", user=user_id))


async def leave_team(tx: Tx, who: Principal, team_id: int, user_id: int) -> None:
    gone = await tx.execute(delete(TeamMember).where(TeamMember.team_id == team_id, TeamMember.user_id == user_id))
    if gone.rowcount:  # type: ignore[attr-defined]
        emit(tx, who, facts.TeamLeft(subject=f"team:{team_id}", user=user_id))


async def change_workspace(tx: Tx, who: Principal, workspace: Workspace, field: str, value: str) -> Workspace:
    if field not in ("name", "language", "timezone") or not value:
        raise Invalid(**{field: _("A value is needed")})
    old = getattr(workspace, field)
    if old != value:
        setattr(workspace, field, value)
        emit(tx, who, facts.WorkspaceChanged(subject=f"workspace:{workspace.id}", field=field, old=old, new=value))
    return workspace


async def create_token(tx: Tx, user: User, name: str, secret: bytes) -> str:
    """An API token with the person's own rights; shown once."""
    token = "tert_" + new_token()
    tx.add(ApiToken(user_id=user.id, token_hash=hash_token(secret, token), name=one_line(name, 80), created_at=now()))
    return token


async def revoke_token(tx: Tx, who: Principal, token: ApiToken) -> None:
    await tx.delete(token)
    emit(tx, who, facts.UserSignedOut(subject=f"user:{token.user_id}", sessions=1))


async def revoke_tokens(tx: Tx, who: Principal, user: User) -> None:
    """All that somebody has; programs on the live connection are cut off."""
    for token in await tx.scalars(select(ApiToken).where(ApiToken.user_id == user.id)):
        await revoke_token(tx, who, token)


async def write_sightings(tx: Tx, seen: Mapping[int, datetime]) -> None:
    """When devices were last seen, by session; those that ended meanwhile are left alone."""
    found = await tx.scalars(select(Session).where(Session.id.in_(seen)))
    for session in found:
        session.seen_at = seen[session.id]


async def finish_reset(tx: Tx, ticket: Ticket, user: User, password_hash: str, revoke: bool) -> None:
    """Single use; every device is signed out, programs too if they `revoke`."""
    ticket.used_at = now()
    await tx.flush()
    await change_password(tx, _as(user), user, password_hash)
    if revoke:
        await revoke_tokens(tx, _as(user), user)
