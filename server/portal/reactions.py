"""What the customers' side does when something happens to a case or its record."""

from sqlalchemy import select

from server.cases.models import Case
from server.kit.db import Tx
from server.kit.events import EventRow, reacts
from server.kit.passes import revoke_passes


@reacts("contact.trashed", "contact.erased")
async def close_links(tx: Tx, row: EventRow) -> None:
    """What is gone for the team is gone for whoever holds a link. Letters that come later bring new ones."""
    ids = select(Case.id).where(Case.workspace_id == row.workspace_id, Case.about == row.subject)
    await revoke_passes(tx, row.workspace_id, [f"case:{id}" for id in await tx.scalars(ids)])
