"""The video of a call: all pictures beside each other with the sound, made when somebody asks for it."""

import asyncio
import json
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update
from starlette.applications import Starlette

from realtime.calls.notes import Note, hold_note
from realtime.calls.ports import Joined, Recorded
from server.calls.book import CallBook
from server.calls.models import Call, Part, Participant, Recording
from server.kit.clock import frozen, now
from tests.calls.conftest import AGREED, Client, Facts, read_call, told
from tests.calls.test_jobs import drain_later, run, tone
from tests.live import assert_live_equals_reload

PICTURES = """
import av, sys
path, seconds, wide, high, level = sys.argv[1], float(sys.argv[2]), *map(int, sys.argv[3:])
file = av.open(path, "w", format="webm")
stream = file.add_stream("libvpx", rate=20, options={"deadline": "realtime", "cpu-used": "8"})
stream.pix_fmt, stream.width, stream.height = "yuv420p", wide, high
for n in range(int(seconds * 20)):
    frame = av.VideoFrame(wide, high, "yuv420p")
    for plane, value in zip(frame.planes, (level, 128, 128)):
        plane.update(bytes([value]) * plane.buffer_size)
    frame.pts = n
    file.mux(stream.encode(frame))
file.mux(stream.encode(None))
file.close()
"""
# Four places near the middle of a picture, left and right in turn, at these seconds.
LOOK = """
import av, json, sys
found, moments = [], json.loads(sys.argv[2])
with av.open(sys.argv[1]) as file:
    kinds = sorted(stream.type for stream in file.streams)
    for frame in file.decode(video=0):
        if moments and float(frame.time) >= moments[0]:
            moments.pop(0)
            plane, wide = bytes(frame.planes[0]), frame.planes[0].line_size
            places = [(frame.width * x // 4, frame.height * y // 8) for y in (3, 5) for x in (1, 3)]
            found.append([plane[y * wide + x] for x, y in places])
print(json.dumps([kinds, [frame.width, frame.height], found]))
"""


async def child(*words: object) -> bytes:
    """What a process says; this one need not import av."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", *map(str, words), stdout=asyncio.subprocess.PIPE
    )
    said, _none = await process.communicate()
    assert process.returncode == 0
    return said


async def pictures(path: Path, seconds: float, wide: int, high: int, level: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    await child(PICTURES, path, seconds, wide, high, level)


@pytest.fixture
async def filmed(app: Starlette, ana: Client, mateo: Client, call: str, book: CallBook) -> Path:
    """Ana was seen from the first second, after a reload in another size; Mateo a second later; both said yes."""
    room, at, folder = (await read_call(app)).room, time.time(), app.state.settings.parts_dir
    await mateo.put(f"{call}/answer")
    await ana.put(f"{call}/consent", data=AGREED)
    await mateo.put(f"{call}/consent", data=AGREED)
    await tone(folder / "a.webm", 4.0)
    for file, seconds, wide, high, level in (
        ("b.webm", 1.5, 320, 240, 200),
        ("c.webm", 1.5, 640, 480, 120),
        ("d.webm", 2.0, 640, 360, 60),
    ):
        await pictures(folder / file, seconds, wide, high, level)
    facts = [Recorded(room, at, 1, "audio", "a.webm", at, 4.0, 1), Recorded(room, at, 1, "camera", "b.webm", at, 1.5, 1),
             Recorded(room, at, 1, "camera", "c.webm", at + 2, 1.5, 1), Recorded(room, at, 2, "camera", "d.webm", at + 1, 2.0, 1)]  # fmt: skip
    await told(book, Joined(room, at, 1), Joined(room, at, 2), *facts)
    await ana.delete(call)
    return folder


async def mixed(app: Starlette) -> None:
    await app.state.worker.drain()
    await drain_later(app, seconds=10)


async def recordings(app: Starlette) -> dict[str, Recording]:
    async with app.state.database.transaction(read=True) as tx:
        return {one.kind: one for one in await tx.scalars(select(Recording))}


async def seen(app: Starlette, key: str, *moments: float) -> tuple[list[str], list[int], list[list[int]]]:
    kinds, size, found = json.loads(await child(LOOK, app.state.services.files.path(key), json.dumps(moments)))
    return kinds, size, found


def like(found: list[int], *wanted: int) -> bool:
    return all(abs(one - other) <= 12 for one, other in zip(found, wanted, strict=True))


async def test_a_video_shows_all_beside_each_other(
    app: Starlette, ana: Client, call: str, filmed: Path, facts: Facts
) -> None:
    assert (await ana.put(f"{call}/recording/video")).status_code == 409, "the sound first"
    await mixed(app)
    page = (await ana.get(call)).text
    assert "Make a video" in page and "<video" not in page
    assert (await ana.put(f"{call}/recording/video")).status_code == 202
    assert "The video is being made." in (await ana.get(call)).text
    assert (await ana.put(f"{call}/recording/video")).status_code == 202, "asked for twice, made once"
    await app.state.worker.drain()
    made = await recordings(app)
    assert made["video"].seconds == pytest.approx(4.0, abs=0.2)
    assert made["video"].keep_until == made["sound"].keep_until
    kinds, size, found = await seen(app, made["video"].file, 0.5, 1.3, 2.5)
    assert (kinds, size) == (["audio", "video"], [1280, 720])
    back = found[0][1]
    assert like(found[0], 200, back, 200, back) and back < 40, found
    assert like(found[1], 200, 60, 200, 60) and like(found[2], 120, 60, 120, 60), found
    assert [path.name for path in filmed.iterdir()] == []
    assert (await facts())[-1] == ("call.recorded", {"kind": "video", "seconds": 4})
    page = (await ana.get(call)).text
    assert f'src="{call}/recording/video"' in page and "Make a video" not in page


async def test_a_video_leaves_out_who_took_their_yes_back(app: Starlette, ana: Client, call: str, filmed: Path) -> None:
    await mixed(app)
    async with app.state.database.transaction() as tx:
        await tx.execute(update(Participant).where(Participant.user_id == 2).values(consent="no"))
    await ana.put(f"{call}/recording/video")
    await app.state.worker.drain()
    _kinds, _size, found = await seen(app, (await recordings(app))["video"].file, 1.3)
    assert like(found[0], 200, 200, 200, 200), "one picture fills it"
    assert [path.name for path in filmed.iterdir()] == []


async def test_a_video_has_the_rights_and_the_end_of_its_recording(
    app: Starlette, ana: Client, mateo: Client, call: str, filmed: Path, facts: Facts
) -> None:
    await mixed(app)
    assert (await ana.put(f"{call}/legal-hold")).status_code == 200
    await ana.put(f"{call}/recording/video")
    await app.state.worker.drain()
    assert sorted(path.name for path in filmed.iterdir()) == ["b.webm", "c.webm", "d.webm"], "held for legal reasons"
    piece = await mateo.get(f"{call}/recording/video", headers={"range": "bytes=0-3"})
    assert (piece.status_code, piece.content, piece.headers["content-type"]) == (206, b"\x1aE\xdf\xa3", "video/webm")
    assert piece.headers["cache-control"] == "no-store"
    about = (await read_call(app)).about
    await ana.put(f"/{about.replace(':', 's/')}/restriction", data={"who": "user:1"})
    assert (await mateo.get(f"{call}/recording/video")).status_code == 404
    assert (await mateo.put(f"{call}/recording/video")).status_code == 404
    assert (await ana.delete(f"{call}/recording")).status_code == 409
    await ana.delete(f"{call}/legal-hold")
    with frozen(now() + timedelta(days=91)):
        await run(app, "calls.forget")
        await app.state.worker.drain()
    assert (await facts())[-1] == ("recording.removed", {"why": "retention"})
    assert app.state.services.files.older_than(time.time() + 60) == [] and list(filmed.iterdir()) == []


async def test_a_track_that_cannot_be_read_keeps_all(app: Starlette, ana: Client, call: str, filmed: Path) -> None:
    await mixed(app)
    (filmed / "d.webm").write_bytes(b"nothing of that kind")
    await ana.put(f"{call}/recording/video")
    await app.state.worker.drain()
    assert "video" not in await recordings(app)
    assert len(list(filmed.iterdir())) == 3
    assert len(app.state.services.files.older_than(time.time() + 60)) == 1, "the sound alone"


async def test_nothing_to_see_makes_no_video(app: Starlette, ana: Client, call: str) -> None:
    assert (await ana.put(f"{call}/recording/video")).status_code == 409, "it goes on"
    await ana.delete(call)
    await mixed(app)
    assert (await ana.put(f"{call}/recording/video")).status_code == 404
    assert (await ana.get(f"{call}/recording/video")).status_code == 404


async def test_the_page_follows(app: Starlette, ana: Client, call: str, filmed: Path) -> None:
    await mixed(app)

    async def act() -> None:
        await ana.put(f"{call}/recording/video")
        await app.state.worker.drain()

    await assert_live_equals_reload(app, ana, call, act)


@pytest.fixture
async def killed(app: Starlette, ana: Client, call: str, book: CallBook) -> Path:
    """Ana's sound and picture lie there as a process that was killed left them: nobody told of them."""
    folder, room = app.state.settings.parts_dir, (await read_call(app)).room
    await ana.put(f"{call}/consent", data=AGREED)
    await told(book, Joined(room, time.time(), 1))
    await tone(folder / "a.webm", 3.0)
    await pictures(folder / "b.webm", 2.0, 320, 240, 200)
    for file, source in (("a.webm", "audio"), ("b.webm", "camera")):
        hold_note(folder, Note(file, room, 1, source, time.time())).close()
    return folder


async def test_parts_of_a_killed_process_are_mixed(app: Starlette, ana: Client, call: str, killed: Path) -> None:
    await run(app, "calls.forget")
    async with app.state.database.transaction(read=True) as tx:
        assert await tx.scalar(select(Part.id)) is None, "it goes on: they may be written yet"
    await ana.delete(call)
    await mixed(app)
    assert (await recordings(app))["sound"].seconds == pytest.approx(3.0, abs=0.1)
    async with app.state.database.transaction(read=True) as tx:
        camera = await tx.scalar(select(Part))
    assert camera is not None and camera.source == "camera" and camera.seconds == pytest.approx(2.0, abs=0.1)
    assert sorted(path.name for path in killed.iterdir()) == ["b.webm", "b.webm.note"]


async def test_what_is_still_written_is_left_alone(app: Starlette, ana: Client, call: str, killed: Path) -> None:
    """The lock on its note says so; once it is free, the hourly look finds the part."""
    room = (await read_call(app)).room
    with hold_note(killed, Note("a.webm", room, 1, "audio", time.time())):
        await ana.delete(call)
        await mixed(app)
        assert "sound" not in await recordings(app)
    await run(app, "calls.forget")
    await mixed(app)
    assert "sound" in await recordings(app)


async def test_a_removed_recording_does_not_come_back(app: Starlette, ana: Client, call: str, killed: Path) -> None:
    await ana.delete(call)
    await mixed(app)
    hold_note(killed, Note("late.webm", (await read_call(app)).room, 1, "audio", time.time())).close()
    await tone(killed / "late.webm", 1.0)
    assert (await ana.delete(f"{call}/recording")).status_code == 200
    await app.state.worker.drain()
    await run(app, "calls.forget")
    assert list(killed.iterdir()) == [] and await recordings(app) == {}


async def test_parts_of_an_erased_call_go_after_a_day(app: Starlette, ana: Client, call: str, killed: Path) -> None:
    async with app.state.database.transaction() as tx:
        await tx.delete(await tx.get_one(Call, 1))
    await run(app, "calls.forget")
    assert len(list(killed.iterdir())) == 4
    with frozen(now() + timedelta(days=2)):
        await run(app, "calls.forget")
    assert list(killed.iterdir()) == []


async def test_what_is_missing_is_told(app: Starlette, ana: Client, mateo: Client, call: str, filmed: Path) -> None:
    """A part whose file is gone, and those of who took their yes back; the others are mixed all the same."""
    (filmed / "a.webm").unlink()
    await mixed(app)
    screen = await assert_live_equals_reload(
        app, mateo, "/contacts/1", lambda: drop(app, mateo, call, filmed), regions=("timeline-contact-1",)
    )
    text = screen.page.text()
    assert "its file could not be read" in text and "who did not agree to it" in text


async def drop(app: Starlette, mateo: Client, call: str, folder: Path) -> None:
    async with app.state.database.transaction() as tx:
        await tx.execute(update(Participant).where(Participant.user_id == 2).values(consent="no"))
        await tx.execute(update(Participant).where(Participant.user_id == 1).values(consent="no"))
    assert (await mateo.put(f"{call}/recording/video")).status_code == 202
    await mixed(app)
