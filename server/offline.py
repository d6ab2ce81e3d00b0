"""What the command line does to the database beside a running server. It writes and never drains."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy import select

from server.identity.access import by_user_id
from server.identity.actions import (
    PersonDraft,
    WorkspaceDraft,
    add_user,
    change_password,
    create_token,
    create_workspace,
    reactivate_user,
)
from server.identity.entry import find_accounts
from server.identity.forms import parse_email, parse_name
from server.identity.models import User, Workspace
from server.identity.passwords import Passwords, check_password
from server.kit.access import Principal, system
from server.kit.db import Database, Tx
from server.kit.domain import discover
from server.kit.errors import Invalid
from server.kit.migrate import migrate
from server.main import build_database
from server.settings import Settings


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Database]:
    """The database at its newest schema, with every domain's reactions."""
    discover()
    await migrate(settings.database)
    database = build_database(settings)
    try:
        yield database
    finally:
        await database.dispose()


async def make_owner(settings: Settings, email: str, password: str, name: str, workspace: str) -> str:
    email, password = parse_email(email), check_password(password)
    workspace = parse_name(workspace, "workspace") if workspace else ""
    hashed = await Passwords().hash(password)
    async with opened(settings) as database, database.transaction() as tx:
        draft = PersonDraft(parse_name(name or email.partition("@")[0]), email, hashed)
        place = await _workspace(tx, email, workspace)
        if place is None:
            made, _user = await create_workspace(tx, WorkspaceDraft(workspace or "Tertulia", "en", "UTC"), draft)
            return f"Workspace “{made.name}” with its owner {email}"
        user = await tx.scalar(select(User).where(User.workspace_id == place.id, User.email == email))
        if user is None:
            await add_user(tx, place, draft, "owner")
            return f"{email} is an owner of “{place.name}”"
        await reactivate_user(tx, system(place.id, "cli"), user)
        user.role = "owner"
        await change_password(tx, system(place.id, "cli"), user, hashed)
        return f"{email} is an owner of “{place.name}”, with the new password. API tokens stay as they are"


async def _workspace(tx: Tx, email: str, name: str) -> Workspace | None:
    """The one of that name; without a name the mail's only one, or the installation's only one."""
    if name:
        found = list(await tx.scalars(select(Workspace).where(Workspace.name == name)))
    else:
        found = [place for _user, place in await find_accounts(tx, email)] or list(await tx.scalars(select(Workspace)))
    if len(found) > 1:
        raise Invalid("There are several workspaces: say which with --workspace")
    return found[0] if found else None


async def find_person(tx: Tx, email: str, workspace: str = "") -> tuple[User, Workspace]:
    known = await find_accounts(tx, email.lower())
    pairs = [pair for pair in known if workspace in ("", pair[1].name)]
    there = ", ".join(f"“{place.name}”" for _user, place in known)
    if not known:
        raise Invalid(f"Nobody here has the mail {email}" if email else "--email is empty: whose token shall it be?")
    if not pairs:
        raise Invalid(f"{email} is not in “{workspace}”. They are in: {there}")
    if len(pairs) > 1:
        raise Invalid(f"{email} is in several workspaces. Say with --workspace in which: {there}")
    return pairs[0]


async def make_token(settings: Settings, email: str, workspace: str) -> str:
    async with opened(settings) as database, database.transaction() as tx:
        user, _place = await find_person(tx, email, workspace)
        return await create_token(tx, user, "command line", settings.secret)


async def first_owner(tx: Tx, workspace: str = "") -> Principal:
    """Whom the command line acts as: the oldest owner of the workspace."""
    owners = select(User).join(Workspace, Workspace.id == User.workspace_id).where(User.role == "owner", User.active)
    if workspace:
        owners = owners.where(Workspace.name == workspace)
    found = list(await tx.scalars(owners.order_by(User.id)))
    names = [] if found else list(await tx.scalars(select(Workspace.name).order_by(Workspace.name)))
    if names:
        there = ", ".join(f"“{name}”" for name in names)
        is_there = workspace in names or not workspace
        raise Invalid("It has no owner" if is_there else f"There is no workspace “{workspace}”. There is: {there}")
    if not found:
        raise Invalid("There is no workspace yet: run `python -m server admin` first")
    if len({user.workspace_id for user in found}) > 1:
        raise Invalid("There are several workspaces: say which with --workspace")
    who = await by_user_id(tx, found[0].id)
    assert who is not None
    return who
