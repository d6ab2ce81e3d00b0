"""What is made of recorded parts when a call is over: the mix of its sound, and a video of its pictures when asked."""

import secrets
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import select

from realtime.calls.notes import Note, drop_part, left_notes
from server.calls.mixer import Mixed, Piece, Progress, lengths, make_grid, mix
from server.calls.models import Call, Part, Participant, Recording
from server.calls.queries import call_of_room, known_parts
from server.calls.recordings import keep_part, keep_recording, lose_note, lose_parts, mix_soon, parts_of
from server.kit.access import system
from server.kit.clock import now
from server.kit.jobs import Work, job, later

SLACK = timedelta(seconds=1)  # between the clocks of two processes

Make = Callable[[Path, Progress], Awaitable[Mixed]]


@later("call.ended")
async def mix_what_was_recorded(work: Work) -> None:
    async with work.database.transaction() as tx:
        call = await tx.get(Call, int(work.args["subject"].partition(":")[2]))
        if call is None:
            return
        if await parts_of(tx, call.id) or left_notes(work.services.settings.parts_dir, call.room):
            await mix_soon(tx, system(call.workspace_id), call)


@job("calls.mix", is_long=True, attempts=3)
async def make_mix(work: Work) -> None:
    """The sound of those who said yes. The parts go when the mix was opened and is long enough."""
    call_id, folder = work.args["call"], work.services.settings.parts_dir
    async with work.database.transaction(read=True) as tx:
        call = await tx.get(Call, call_id)
        room = call.room if call is not None else ""
    if room:
        await salvage(work, left_notes(folder, room))
    parts, wanted = await _readable(work, *await _agreed(work, call_id, "audio"))
    if not wanted or await _made(work, call_id, "sound") is not None:
        return await _drop(work, [part for part in parts if part not in wanted])
    begun = min(part.started_at for part in wanted)
    pieces = [_piece(folder, part, begun) for part in wanted]
    expected = max(piece.offset + part.seconds for piece, part in zip(pieces, wanted, strict=True))

    async def make(target: Path, progress: Progress) -> Mixed:
        return await mix(pieces, target, expected, progress)

    await _make(work, "sound", begun, expected, parts, make)


@job("calls.video", is_long=True, attempts=3)
async def make_video(work: Work) -> None:
    """The pictures of those who said yes beside each other, with the mix as its sound. Single tracks stay under a
    legal hold."""
    call_id, folder = work.args["call"], work.services.settings.parts_dir
    sound = await _made(work, call_id, "sound")
    parts, wanted = await _readable(work, *await _agreed(work, call_id, "camera", "screen"))
    if not wanted or await _made(work, call_id, "video") is not None:
        return await _drop(work, [part for part in parts if part not in wanted])
    begun = min([part.started_at for part in wanted] + ([sound.begun_at] if sound else []))
    tiles: dict[tuple[int, str], list[Piece]] = {}
    for part in wanted:
        tiles.setdefault((part.participant_id, part.source), []).append(_piece(folder, part, begun))
    ends = [(part.started_at - begun).total_seconds() + part.seconds for part in wanted]
    heard = None
    if sound is not None:
        heard = Piece(str(work.services.files.path(sound.file)), (sound.begun_at - begun).total_seconds())
        ends.append(heard.offset + sound.seconds)

    async def make(target: Path, progress: Progress) -> Mixed:
        return await make_grid(list(tiles.values()), heard, target, max(ends), progress)

    await _make(work, "video", begun, max(ends), parts, make)


def _piece(folder: Path, part: Part, begun: datetime) -> Piece:
    return Piece(str(folder / part.file), (part.started_at - begun).total_seconds())


async def _agreed(work: Work, call_id: int, *sources: str) -> tuple[list[Part], list[Part]]:
    """All parts of these kinds, and those of people who have not taken their yes back."""
    async with work.database.transaction(read=True) as tx:
        parts = [part for part in await parts_of(tx, call_id) if part.source in sources]
        people = {one.id: one for one in await tx.scalars(select(Participant).where(Participant.call_id == call_id))}
    return parts, [part for part in parts if is_agreed(people[part.participant_id], part)]


async def _readable(work: Work, parts: list[Part], wanted: list[Part]) -> tuple[list[Part], list[Part]]:
    """Without those whose file is gone: the others are mixed all the same, and the timeline says what is missing."""
    gone = [part for part in parts if not (work.services.settings.parts_dir / part.file).exists()]
    if gone:
        await _drop(work, gone, "unreadable")
    return [one for one in parts if one not in gone], [one for one in wanted if one not in gone]


def is_agreed(one: Participant, part: Part) -> bool:
    """Also what was left as a message, whatever they said later about the talk."""
    if one.consent == "yes" or one.message_at is None:
        return one.consent == "yes"
    return one.message_at - SLACK <= part.started_at <= (one.message_until or part.started_at)


async def _made(work: Work, call_id: int, kind: str) -> Recording | None:
    async with work.database.transaction(read=True) as tx:
        return await tx.scalar(select(Recording).where(Recording.call_id == call_id, Recording.kind == kind))


async def _make(work: Work, kind: str, begun: datetime, expected: float, parts: list[Part], make: Make) -> None:
    key = secrets.token_hex(16)
    target = work.services.files.path(key)
    target.parent.mkdir(parents=True, exist_ok=True)

    async def progress(seconds: float) -> None:
        await work.progress(round(seconds), round(expected), tell=True)

    try:
        mixed = await make(target, progress)
    except BaseException:
        target.unlink(missing_ok=True)
        raise
    gone = await _keep(work, kind, begun, key, mixed, parts)
    if gone is None:
        await work.services.files.remove(key)
    else:
        _delete(work, gone)


async def _keep(work: Work, kind: str, begun: datetime, key: str, mixed: Mixed, parts: list[Part]) -> list[Part] | None:
    """The parts whose place it took; None when the call was erased meanwhile. A video is kept as long as its sound."""
    async with work.database.transaction() as tx:
        call = await tx.scalar(select(Call).where(Call.id == work.args["call"]).with_for_update())
        if call is None:
            return None
        sound = select(Recording.keep_until).where(Recording.call_id == call.id, Recording.kind == "sound")
        keep = now() + timedelta(days=work.services.settings.recording_days)
        row = Recording(
            call_id=call.id,
            kind=kind,
            file=key,
            begun_at=begun,
            seconds=mixed.seconds,
            size=mixed.size,
            peaks=mixed.peaks,
            made_at=now(),
            keep_until=await tx.scalar(sound) or keep,
        )
        replaced = [] if kind == "video" and call.legal_hold else parts
        await keep_recording(tx, system(call.workspace_id), call, row, replaced)
        return replaced


async def _drop(work: Work, parts: list[Part], why: str = "withdrawn") -> None:
    """Of people who took their yes back, or what cannot be read."""
    if not parts:
        return
    async with work.database.transaction() as tx:
        if (call := await tx.get(Call, work.args["call"])) is not None:
            await lose_parts(tx, call, parts, why)
    _delete(work, parts)


def _delete(work: Work, parts: list[Part]) -> None:
    for part in parts:
        drop_part(work.services.settings.parts_dir, part.file)


async def salvage(work: Work, notes: list[Note]) -> None:
    """Parts that nobody could tell of, because their process was killed: measured, and told of now."""
    folder = work.services.settings.parts_dir
    async with work.database.transaction(read=True) as tx:
        known = await known_parts(tx, [note.file for note in notes])
    left = [note for note in notes if note.file not in known and (folder / note.file).exists()]
    if not left:
        return
    found = await lengths([str(folder / note.file) for note in left])
    async with work.database.transaction() as tx:
        for note, seconds in zip(left, found, strict=True):
            call = await call_of_room(tx, note.call)
            if call is not None and any(one.id == note.participant for one in call.people):
                if seconds <= 0:
                    await lose_note(tx, call, note.participant)
                    continue
                size = (folder / note.file).stat().st_size
                await keep_part(tx, call, note.participant, note.source, note.file, note.started, seconds, size)
    for note, seconds in zip(left, found, strict=True):
        if seconds <= 0:
            drop_part(folder, note.file)
