"""What belonged to an erased record is found no more."""

from sqlalchemy import delete

from server.kit.db import Tx
from server.kit.events import EventRow, reacts
from server.kit.index import SearchRow


@reacts("contact.erased")
async def forget_record(tx: Tx, row: EventRow) -> None:
    gone = delete(SearchRow).where(SearchRow.workspace_id == row.workspace_id, SearchRow.about == row.about)
    await tx.execute(gone)
