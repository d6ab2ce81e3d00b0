"""What screens see of an import: its progress, and a word to its maker when it is over."""

from server.kit.about import subject_id
from server.kit.db import Tx
from server.kit.events import EventRow
from server.kit.live import Change, Patch, Refresh, fragment, shows


@shows("job.progressed")
async def show_progress(tx: Tx, row: EventRow) -> list[Change]:
    return [Refresh(row.subject, ["job"])]


@shows("contacts.imported")
async def show_end(tx: Tx, row: EventRow) -> list[Change]:
    """A toast on whatever page its maker has open."""
    if row.actor_id is None:
        return []
    toast = fragment("portability/_toast.html", id=subject_id(row.subject), fact=row.name, counts=row.data)
    return [Patch(f"user:{row.actor_id}", "toasts", "append", toast)]


@shows("import.undone")
async def show_undone(tx: Tx, row: EventRow) -> list[Change]:
    changes: list[Change] = [Refresh(f"contacts:{row.workspace_id}", ["contact-list"])]
    if row.actor_id is not None:
        toast = fragment("portability/_toast.html", id=subject_id(row.subject), fact=row.name, counts=row.data)
        changes.append(Patch(f"user:{row.actor_id}", "toasts", "append", toast))
    return changes
