"""What the customers' side does when something happens to a case or its record."""

from datetime import timedelta

from sqlalchemy import select

from server.cases.models import Case, CaseMessage
from server.kit.access import system
from server.kit.clock import now
from server.kit.db import Tx
from server.kit.events import EventRow, reacts
from server.kit.jobs import enqueue
from server.kit.passes import revoke_passes

PATIENCE = timedelta(minutes=2)  # for a visitor to read what was said, before it goes to them by mail


@reacts("case.answered")
async def mail_if_unread(tx: Tx, row: EventRow) -> None:
    message = await tx.get_one(CaseMessage, row.data["message"])
    if message.via == "chat":
        enqueue(tx, system(row.workspace_id), "portal.mail", {"message": message.id}, run_at=now() + PATIENCE)


@reacts("contact.trashed", "contact.erased")
async def close_links(tx: Tx, row: EventRow) -> None:
    """What is gone for the team is gone for whoever holds a link. Letters that come later bring new ones."""
    ids = select(Case.id).where(Case.workspace_id == row.workspace_id, Case.about == row.subject)
    await revoke_passes(tx, row.workspace_id, [f"case:{id}" for id in await tx.scalars(ids)])


@reacts("case.merged")
async def close_links_of_merged(tx: Tx, row: EventRow) -> None:
    """Said of both. Who holds a link to one of them may only have claimed to be this customer, and now the other's
    messages stand there too."""
    await revoke_passes(tx, row.workspace_id, [row.subject])
