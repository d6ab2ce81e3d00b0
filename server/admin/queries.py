"""What the self-check asks: how well the parts work, in plain words."""

from dataclasses import dataclass

from sqlalchemy import func, select

from server.kit.clock import now
from server.kit.db import Tx
from server.kit.events import EventRow
from server.kit.jobs import JobRow
from server.kit.text import _, ngettext

LATE = 60  # seconds a job may wait before somebody should look


@dataclass(frozen=True, slots=True)
class Check:
    """`state`: ok | warn | bad. `text` says what is, and what to do."""

    state: str
    title: str
    text: str


async def parked_facts(tx: Tx, workspace_id: int) -> list[EventRow]:
    parked = select(EventRow).where(EventRow.workspace_id == workspace_id, EventRow.error.is_not(None))
    return list(await tx.scalars(parked.order_by(EventRow.id.desc()).limit(20)))


async def check_facts(tx: Tx, workspace_id: int) -> Check:
    count = len(await parked_facts(tx, workspace_id))
    title = _("Facts")
    if count:
        text = ngettext("%(num)s fact could not be shown", "%(num)s facts could not be shown", count) % {"num": count}
        return Check(
            "warn", title, text + ". " + _("They are in the timeline data; tell the makers the error in the log")
        )
    return Check("ok", title, _("Every fact reached the screens"))


async def check_jobs(tx: Tx) -> Check:
    oldest = await tx.scalar(select(func.min(JobRow.run_at)).where(JobRow.state == "waiting", JobRow.run_at <= now()))
    parked = await tx.scalar(select(func.count()).where(JobRow.state == "parked")) or 0
    title = _("Background work")
    waited = (now() - oldest).total_seconds() if oldest else 0
    if waited > LATE:
        return Check(
            "bad", title, _("Work waits for %(n)s seconds. Start `python -m server worker`") % {"n": int(waited)}
        )
    if parked:
        text = ngettext("%(num)s job failed for good", "%(num)s jobs failed for good", parked) % {"num": parked}
        return Check("warn", title, text)
    return Check("ok", title, _("Nothing waits"))
