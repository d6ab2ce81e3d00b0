"""What calls need as time passes: rings that nobody heard, rooms that stand empty, and the end of recordings."""

from datetime import timedelta

from sqlalchemy import or_, select

from realtime.calls.notes import drop_part, left_notes
from server.calls.actions import RING, end_call, go_out, look_later, people_of
from server.calls.mixes import salvage
from server.calls.models import Call, Part, Participant, Recording, Ring
from server.calls.queries import known_parts, open_calls, rooms_that_are
from server.calls.recordings import remove_recording
from server.calls.rings import miss, stop_ringing
from server.kit.access import system
from server.kit.clock import now
from server.kit.db import Tx
from server.kit.jobs import Work, job

WAITS = timedelta(minutes=5)  # a room in which nobody has been yet
SETTLED = timedelta(seconds=15)  # a room that everybody has left
DEAD = timedelta(seconds=30)  # past its lease: whoever carried it is gone, and nobody came back
SOON = timedelta(seconds=1)
AT_ONCE = 50
SPARED = 24 * 3600.0  # seconds: a part's file is there before anybody has told of it


@job("calls.look")
async def look(work: Work) -> None:
    """Some time after it began to ring, or was left."""
    async with work.database.transaction() as tx:
        found = select(Call).where(Call.id == work.args["call"], Call.ended_at.is_(None)).with_for_update()
        if (call := await tx.scalar(found)) is not None:
            await settle(tx, call)


async def settle(tx: Tx, call: Call) -> None:
    who, people = system(call.workspace_id), await people_of(tx, call)
    here = [one for one in people if one.is_here]
    rings = list(await tx.scalars(select(Ring).where(Ring.call_id == call.id, Ring.state == "ringing")))
    if call.attended and here:
        return look_later(tx, call, RING)
    if rings and min(ring.at for ring in rings) <= now() - RING + SOON:
        # Two who talk already have not missed each other.
        if len(here) > 1:
            await stop_ringing(tx, call, "over")
        else:
            await miss(tx, who, call)
    elif rings:
        return look_later(tx, call, RING)
    if not here:
        await _end_if_left(tx, call, people)


async def _end_if_left(tx: Tx, call: Call, people: list[Participant]) -> None:
    left = max((one.left_at for one in people if one.left_at), default=None)
    if left is None and call.started_at > now() - WAITS + SOON:
        look_later(tx, call, WAITS)
    elif left is not None and left > now() - SETTLED:
        look_later(tx, call, SETTLED)
    else:
        await end_call(tx, system(call.workspace_id), call, "empty", left or now())


@job("calls.sweep", every=timedelta(minutes=1))
async def sweep(work: Work) -> None:
    """Calls whose owner died, and to which nobody came back."""
    async with work.database.transaction(read=True) as tx:
        dead = [call.id for call in await open_calls(tx) if call.lease_until and call.lease_until < now() - DEAD]
    for call_id in dead:
        async with work.database.transaction() as tx:
            call = await tx.scalar(select(Call).where(Call.id == call_id).with_for_update())
            if call is None or not call.is_open or not call.lease_until or call.lease_until >= now() - DEAD:
                continue
            for one in await people_of(tx, call):
                await go_out(tx, call, one, call.lease_until, "lost")
            await end_call(tx, system(call.workspace_id), call, "lost", call.lease_until)


@job("calls.forget", every=timedelta(hours=1))
async def forget_old(work: Work) -> None:
    """Recordings that are older than they are kept, and files that nobody has told of."""
    while await _forget_some(work):
        pass
    await _sweep_parts(work)


async def _forget_some(work: Work) -> int:
    """A transaction's worth of them; how many went."""
    before = now() - timedelta(days=work.services.settings.recording_days)
    mixes = select(Recording.call_id).where(Recording.keep_until < now())
    parts = select(Part.call_id).where(Part.started_at < before)
    async with work.database.transaction() as tx:
        old = select(Call).where(Call.legal_hold.is_(False), or_(Call.id.in_(mixes), Call.id.in_(parts)))
        calls = list(await tx.scalars(old.order_by(Call.id).limit(AT_ONCE)))
        return sum([await remove_recording(tx, system(call.workspace_id), call, "retention") for call in calls])


@job("calls.delete_files")
async def delete_files(work: Work) -> None:
    """Mixes have keys of files, parts names of their own folder. `room`: whose parts nobody has told of yet go too."""
    folder = work.services.settings.parts_dir
    for note in left_notes(folder, work.args["room"]):
        drop_part(folder, note.file)
    for name in work.args["files"]:
        if name.endswith(".webm"):
            drop_part(folder, name)
        else:
            await work.services.files.remove(name)


async def _sweep_parts(work: Work) -> None:
    """Parts of a process that was killed find their call; what belongs to none goes after a day."""
    folder, old = work.services.settings.parts_dir, now().timestamp() - SPARED
    if not folder.is_dir():
        return
    notes = left_notes(folder)
    async with work.database.transaction(read=True) as tx:
        going, over = await rooms_that_are(tx, {note.call for note in notes})
    await salvage(work, [note for note in notes if note.call in over])
    spared = {note.file for note in notes if note.call in going}
    names = sorted(path.name for path in folder.glob("*.webm") if path.stat().st_mtime < old)
    for start in range(0, len(names), AT_ONCE):
        some = names[start : start + AT_ONCE]
        async with work.database.transaction(read=True) as tx:
            known = await known_parts(tx, some) | spared
        for name in some:
            if name not in known:
                drop_part(folder, name)
