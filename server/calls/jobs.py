"""What calls need as time passes: rings that nobody heard, rooms that stand empty, mixes, and the end of recordings."""

import secrets
from datetime import timedelta
from pathlib import Path

from sqlalchemy import or_, select

from server.calls.actions import RING, end_call, go_out, look_later, people_of
from server.calls.mixer import Mixed, Piece, mix
from server.calls.models import Call, Part, Participant, Recording, Ring
from server.calls.queries import open_calls
from server.calls.recordings import keep_recording, mix_soon, parts_of, remove_recording
from server.calls.rings import miss, stop_ringing
from server.kit.access import system
from server.kit.clock import now
from server.kit.db import Tx
from server.kit.jobs import Work, job, later

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


@later("call.ended")
async def mix_what_was_recorded(work: Work) -> None:
    async with work.database.transaction() as tx:
        call = await tx.get(Call, int(work.args["subject"].partition(":")[2]))
        if call is not None and await parts_of(tx, call.id, "audio"):
            await mix_soon(tx, system(call.workspace_id), call)


@job("calls.mix", is_long=True, attempts=3)
async def make_mix(work: Work) -> None:
    """The sound of those who said yes. The parts go when the mix was opened and is long enough."""
    call_id, settings = work.args["call"], work.services.settings
    async with work.database.transaction(read=True) as tx:
        parts = await parts_of(tx, call_id, "audio")
        yes = select(Participant.id).where(Participant.call_id == call_id, Participant.consent == "yes")
        agreed = set(await tx.scalars(yes))
        earlier = await tx.scalar(select(Recording).where(Recording.call_id == call_id, Recording.kind == "sound"))
    wanted = [part for part in parts if part.participant_id in agreed]
    if not wanted or earlier is not None:
        return await _drop_parts(work, [part for part in parts if part.participant_id not in agreed])
    begun = min(part.started_at for part in wanted)
    pieces = [Piece(str(settings.parts_dir / part.file), (part.started_at - begun).total_seconds()) for part in wanted]
    expected = max(piece.offset + part.seconds for piece, part in zip(pieces, wanted, strict=True))
    key = secrets.token_hex(16)
    target = work.services.files.path(key)
    target.parent.mkdir(parents=True, exist_ok=True)

    async def progress(seconds: float) -> None:
        await work.progress(round(seconds), round(expected), tell=True)

    try:
        mixed = await mix(pieces, target, expected, progress)
    except BaseException:
        target.unlink(missing_ok=True)
        raise
    if await _keep(work, call_id, key, mixed, parts):
        await _delete(settings.parts_dir, [part.file for part in parts])
    else:
        await work.services.files.remove(key)


async def _keep(work: Work, call_id: int, key: str, mixed: Mixed, parts: list[Part]) -> bool:
    """False when the call was erased meanwhile."""
    keep = timedelta(days=work.services.settings.recording_days)
    async with work.database.transaction() as tx:
        call = await tx.scalar(select(Call).where(Call.id == call_id).with_for_update())
        if call is None:
            return False
        row = Recording(
            call_id=call_id,
            kind="sound",
            file=key,
            seconds=mixed.seconds,
            size=mixed.size,
            peaks=mixed.peaks,
            made_at=now(),
            keep_until=now() + keep,
        )
        await keep_recording(tx, system(call.workspace_id), call, row, parts)
        return True


async def _drop_parts(work: Work, parts: list[Part]) -> None:
    """Of people who took their yes back."""
    async with work.database.transaction() as tx:
        for part in parts:
            await tx.delete(await tx.get_one(Part, part.id))
    await _delete(work.services.settings.parts_dir, [part.file for part in parts])


async def _delete(folder: Path, names: list[str]) -> None:
    for name in names:
        (folder / name).unlink(missing_ok=True)


@job("calls.forget", every=timedelta(hours=1))
async def forget_old(work: Work) -> None:
    """Recordings that are older than they are kept, and files that nobody has told of."""
    before = now() - timedelta(days=work.services.settings.recording_days)
    mixes = select(Recording.call_id).where(Recording.keep_until < now())
    parts = select(Part.call_id).where(Part.started_at < before)
    async with work.database.transaction() as tx:
        old = select(Call).where(Call.legal_hold.is_(False), or_(Call.id.in_(mixes), Call.id.in_(parts)))
        for call in await tx.scalars(old.order_by(Call.id).limit(AT_ONCE)):
            await remove_recording(tx, system(call.workspace_id), call, "retention")
    await _sweep_parts(work)


@job("calls.delete_files")
async def delete_files(work: Work) -> None:
    """Mixes have keys of files, parts names of their own folder."""
    for name in work.args["files"]:
        if name.endswith(".webm"):
            (work.services.settings.parts_dir / name).unlink(missing_ok=True)
        else:
            await work.services.files.remove(name)


async def _sweep_parts(work: Work) -> None:
    folder, old = work.services.settings.parts_dir, now().timestamp() - SPARED
    if not folder.is_dir():
        return
    names = sorted(path.name for path in folder.glob("*.webm") if path.stat().st_mtime < old)
    for start in range(0, len(names), AT_ONCE):
        some = names[start : start + AT_ONCE]
        async with work.database.transaction(read=True) as tx:
            known = set(await tx.scalars(select(Part.file).where(Part.file.in_(some))))
        await _delete(folder, [name for name in some if name not in known])
