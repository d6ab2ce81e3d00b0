"""What calls do when their record goes into the trash, their room into the archive or their task away, and when a
record is erased."""

from sqlalchemy import delete, select

from server.calls.actions import end_call
from server.calls.models import Call
from server.kit.access import Principal
from server.kit.db import Tx
from server.kit.events import EventRow, reacts
from server.kit.holds import holds

holds(select(Call.about).where(Call.legal_hold))


@reacts("contact.trashed", "room.archived", "task.removed")
async def end_with_record(tx: Tx, row: EventRow) -> None:
    """Nobody could go on in it, and a guest would sit there alone."""
    going = Call.workspace_id == row.workspace_id, Call.about == row.subject, Call.ended_at.is_(None)
    for call in await tx.scalars(select(Call).where(*going)):
        await end_call(tx, Principal(row.actor_id, row.workspace_id), call)


@reacts("contact.erased")
async def erase_with_record(tx: Tx, row: EventRow) -> None:
    """What was said with a person is about the person. The files are swept: nothing names them any more."""
    theirs = Call.workspace_id == row.workspace_id, Call.about == row.about
    rooms = list(await tx.scalars(select(Call.room).where(*theirs, Call.ended_at.is_(None))))
    tx.info.setdefault("poked_calls", set()).update(rooms)
    await tx.execute(delete(Call).where(*theirs))
