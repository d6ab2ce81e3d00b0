"""What becomes of recorded parts: the mix, how long it is kept, and that its end is told."""

from datetime import timedelta

from sqlalchemy import delete, select

from server.calls import events as facts
from server.calls.actions import tell
from server.calls.models import Call, Part, Recording
from server.kit.access import Principal
from server.kit.clock import now
from server.kit.db import Tx
from server.kit.errors import Conflict
from server.kit.jobs import JobRow, enqueue
from server.kit.text import _

SETTLES = timedelta(seconds=5)  # in which the last parts of a call that ended are told of


async def mix_soon(tx: Tx, who: Principal, call: Call) -> None:
    """One job for each call; a part that comes late has it run once more."""
    job = await tx.scalar(select(JobRow).where(JobRow.key == call.mix_key).with_for_update())
    if job is None:
        job = enqueue(tx, who, "calls.mix", {"call": call.id}, run_at=now() + SETTLES)
        job.key = call.mix_key
    elif job.state != "running":
        job.state, job.run_at, job.attempts = "waiting", now() + SETTLES, 0
    await tx.flush()


async def parts_of(tx: Tx, call_id: int, source: str = "") -> list[Part]:
    found = select(Part).where(Part.call_id == call_id)
    found = found.where(Part.source == source) if source else found
    return list(await tx.scalars(found.order_by(Part.started_at, Part.id)))


async def remove_recording(tx: Tx, who: Principal, call: Call, why: str = "asked") -> bool:
    """Mix and parts, and their files once this is committed; False when there were none."""
    if call.legal_hold:
        raise Conflict(_("This recording is kept for legal reasons"))
    mixes = list(await tx.scalars(select(Recording).where(Recording.call_id == call.id)))
    parts = await parts_of(tx, call.id)
    if not mixes and not parts:
        return False
    await tx.execute(delete(Recording).where(Recording.call_id == call.id))
    await tx.execute(delete(Part).where(Part.call_id == call.id))
    call.version += 1
    tell(tx, who, call, facts.RecordingRemoved, why=why)
    enqueue(tx, who, "calls.delete_files", {"files": [mix.file for mix in mixes] + [part.file for part in parts]})
    return True


async def hold_recording(tx: Tx, who: Principal, call: Call, on: bool) -> None:
    """A legal hold: neither age nor anybody removes the recording."""
    if call.legal_hold != on:
        call.legal_hold = on
        call.version += 1
        tell(tx, who, call, facts.CallChanged, field="legal_hold", new="1" if on else "")


async def keep_recording(tx: Tx, who: Principal, call: Call, mix: Recording, mixed: list[Part]) -> None:
    """The mix takes the place of the parts it was made of."""
    tx.add(mix)
    await tx.execute(delete(Part).where(Part.id.in_([part.id for part in mixed])))
    await tx.flush()
    tell(tx, who, call, facts.CallRecorded, kind=mix.kind, seconds=round(mix.seconds))
