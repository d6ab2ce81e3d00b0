"""How far somebody has read a record's stream; it only ever moves forward."""

from sqlalchemy import select

from server.kit.access import Principal
from server.kit.db import Tx
from server.kit.errors import NotFound
from server.kit.events import EventRow
from server.kit.text import _
from server.timeline.models import ReadMark


async def mark_read(tx: Tx, who: Principal, about: str, event_id: int) -> None:
    """Up to this line. The mark is one's own, so nothing is announced."""
    assert who.user_id is not None
    line = select(EventRow).where(EventRow.id == event_id, EventRow.workspace_id == who.workspace_id)
    row = await tx.scalar(line.where(EventRow.about == about))
    if row is None:
        raise NotFound(_("No such line"))
    known = await tx.get(ReadMark, (who.user_id, about))
    if known is None:
        tx.add(ReadMark(user_id=who.user_id, about=about, position=row.position or 0, at=row.at))
    elif row.at > known.at:
        known.position, known.at = max(known.position, row.position or 0), row.at
