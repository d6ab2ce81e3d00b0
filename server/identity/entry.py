"""Reads for people who are not in yet: accounts of a mail, tickets of a link, where to go next."""

from sqlalchemy import select
from starlette.requests import Request

from server.identity.models import Ticket, User, Workspace
from server.identity.passwords import hash_token
from server.kit.clock import now
from server.kit.db import Tx
from server.kit.errors import NotFound
from server.kit.text import _


async def find_accounts(tx: Tx, email: str) -> list[tuple[User, Workspace]]:
    rows = await tx.execute(
        select(User, Workspace)
        .join(Workspace, Workspace.id == User.workspace_id)
        .where(User.email == email, User.active)
        .order_by(Workspace.id)
        .limit(20)
    )
    return [(user, workspace) for user, workspace in rows]


async def find_ticket(tx: Tx, request: Request, kind: str) -> Ticket:
    """The unused, unexpired ticket of the link's token. Using it locks the row: who comes second finds it used."""
    hashed = hash_token(request.app.state.settings.secret, request.path_params["token"])
    found = select(Ticket).where(
        Ticket.kind == kind, Ticket.token_hash == hashed, Ticket.used_at.is_(None), Ticket.expires_at > now()
    )
    ticket = await tx.scalar(found if tx.info.get("read") else found.with_for_update())
    if ticket is None:
        raise NotFound(_("This link was used already, or is too old. Ask for a new one"))
    return ticket


def next_page(request: Request) -> str:
    """A path of ours to go on to; never another site's."""
    target = str(request.state.form.get("next") or request.query_params.get("next") or "/contacts")
    return target if target.startswith("/") and not target.startswith(("//", "/\\")) and target != "/" else "/contacts"


def client_address(request: Request) -> str:
    """The peer; behind a trusted proxy uvicorn has put the visitor's address here."""
    return request.client.host if request.client else ""
