"""What calls do when their record is erased."""

from sqlalchemy import delete, select

from server.calls.models import Call
from server.kit.db import Tx
from server.kit.events import EventRow, reacts


@reacts("contact.erased")
async def erase_with_record(tx: Tx, row: EventRow) -> None:
    """What was said with a person is about the person. The files are swept: nothing names them any more."""
    theirs = Call.workspace_id == row.workspace_id, Call.about == row.about
    rooms = list(await tx.scalars(select(Call.room).where(*theirs, Call.ended_at.is_(None))))
    tx.info.setdefault("poked_calls", set()).update(rooms)
    await tx.execute(delete(Call).where(*theirs))
