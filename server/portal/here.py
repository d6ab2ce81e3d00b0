"""Whether somebody is there for a chat: inside its hours, and a person of its team at their screen."""

from datetime import timedelta

from sqlalchemy import select
from starlette.requests import Request

from server.announcer.models import Line
from server.channels.models import Channel
from server.identity.models import Session, User
from server.identity.queries import members_of
from server.kit.clock import now
from server.kit.db import Tx
from server.kit.hours import is_open

LATELY = timedelta(minutes=15)


async def is_there(request: Request, tx: Tx, channel: Channel) -> bool:
    options = channel.options
    if not is_open(options.get("hours", []), options.get("zone") or "UTC", now()):
        return False
    wanted = await members_of(tx, {channel.team_id}) if channel.team_id else None
    here = await _here(request, tx, channel.workspace_id)
    return bool(here if wanted is None else here & wanted)


async def _here(request: Request, tx: Tx, workspace_id: int) -> set[int]:
    """Who listens now; where no screen of the workspace hangs on this process, who did something lately."""
    known: set[int] | None = request.app.state.hub.presence.here(f"workspace:{workspace_id}")
    if known is not None:
        return known
    lately = select(Session.user_id).join(User, User.id == Session.user_id)
    lately = lately.where(User.workspace_id == workspace_id, User.active, Session.seen_at > now() - LATELY)
    return set(await tx.scalars(lately))


async def call_address(tx: Tx, channel: Channel) -> str:
    """The page to call from, when the chat offers it and the line is on."""
    if not channel.options.get("call"):
        return ""
    on = select(Line.key).where(Line.workspace_id == channel.workspace_id, Line.is_on)
    key = await tx.scalar(on)
    return f"/p/call/{key}" if key else ""
