"""What becomes of recorded parts: the mix, how long it is kept, and that its end is told."""

from collections.abc import Collection
from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, select

from server.calls import events as facts
from server.calls.actions import tell
from server.calls.models import Call, Part, Participant, Recording
from server.kit.access import Principal, system
from server.kit.clock import now
from server.kit.db import Tx
from server.kit.errors import Conflict, NotFound
from server.kit.events import emit
from server.kit.jobs import JobProgressed, JobRow, enqueue
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
    emit(tx, who, JobProgressed(subject=f"job:{job.id}"))  # its page says that there will be a recording


async def parts_of(tx: Tx, call_id: int) -> list[Part]:
    found = select(Part).where(Part.call_id == call_id)
    return list(await tx.scalars(found.order_by(Part.started_at, Part.id)))


async def keep_part(
    tx: Tx, call: Call, participant: int, source: str, file: str, started: float, seconds: float, size: int
) -> None:
    """A finished part. Told of again, it changes nothing; one that comes when the call is over has it mixed."""
    if seconds <= 0 or await tx.scalar(select(Part.id).where(Part.file == file)) is not None:
        return
    part = Part(
        call_id=call.id,
        participant_id=participant,
        source=source,
        file=file,
        started_at=datetime.fromtimestamp(started, UTC),
        seconds=seconds,
        size=size,
    )
    tx.add(part)
    await tx.flush()
    if not call.is_open:
        await mix_soon(tx, system(call.workspace_id), call)


async def lose_parts(tx: Tx, call: Call, parts: Collection[Part], why: str) -> None:
    """They are in no recording, and its timeline says whose they were."""
    names: dict[int, str] = {}
    seconds: dict[int, float] = {}
    for part in parts:
        names[part.participant_id] = (await tx.get_one(Participant, part.participant_id)).name
        seconds[part.participant_id] = seconds.get(part.participant_id, 0.0) + part.seconds
    await tx.execute(delete(Part).where(Part.id.in_([part.id for part in parts])))
    for number, name in names.items():
        lost = {"name": name, "seconds": round(seconds[number]), "why": why}
        tell(tx, system(call.workspace_id), call, facts.RecordingLost, **lost)


async def lose_note(tx: Tx, call: Call, participant: int) -> None:
    """A part that was cut off before it held anything that can be played."""
    one = await tx.get_one(Participant, participant)
    tell(tx, system(call.workspace_id), call, facts.RecordingLost, name=one.name, seconds=0, why="unreadable")


async def video_soon(tx: Tx, who: Principal, call: Call) -> None:
    """Asks for the video of all pictures, once the sound is mixed. Asked for twice, it is made once."""
    if any(one.kind == "video" for one in call.recordings):
        return
    if not call.is_open and not any(part.source != "audio" for part in await parts_of(tx, call.id)):
        raise NotFound(_("No picture was recorded in this call"))
    sound = await tx.scalar(select(JobRow.state).where(JobRow.key == call.mix_key))
    if call.is_open or sound not in ("done", "parked"):
        raise Conflict(_("The recording is being prepared. Ask again when it is there."))
    job = await tx.scalar(select(JobRow).where(JobRow.key == call.video_key).with_for_update())
    if job is None:
        job = enqueue(tx, who, "calls.video", {"call": call.id})
        job.key = call.video_key
    elif job.state != "running":
        job.state, job.run_at, job.attempts = "waiting", now(), 0
        tx.info["enqueued"] = True
    await tx.flush()
    emit(tx, who, JobProgressed(subject=f"job:{job.id}"))


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
    files = [mix.file for mix in mixes] + [part.file for part in parts]
    enqueue(tx, who, "calls.delete_files", {"files": files, "room": call.room})
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
