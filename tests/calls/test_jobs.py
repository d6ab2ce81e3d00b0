"""As time passes: rings end, empty rooms end, the dead are noticed, recordings are mixed and forgotten."""

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
from realtime.calls.ports import Emptied, Joined, Left, Recorded
from server.calls.book import CallBook
from server.calls.models import Call, Part, Recording
from server.kit.clock import frozen, now
from server.kit.jobs import JOBS, JobRow, Work
from tests import make
from tests.calls.conftest import AGREED, Client, Facts, guest, read_call, told
from tests.live import assert_live_equals_reload


async def run(app: Starlette, name: str) -> None:
    await JOBS[name].run(Work(app.state.services, 0, 0, {}))


async def names(facts: Facts) -> list[str]:
    return [name for name, _data in await facts()]


async def test_a_ring_that_nobody_hears_is_missed(app: Starlette, mateo: Client, call: str, facts: Facts) -> None:
    with frozen() as clock:
        clock.forward(seconds=30)
        await app.state.worker.drain()
        assert "call.missed" not in await names(facts)
        clock.forward(seconds=20)
        await app.state.worker.drain()
        assert (await names(facts)).count("call.missed") == 1
        assert "Call back" in (await mateo.get("/tasks")).text
        assert 'id="ring-1"' not in (await mateo.get("/calls/ringing")).text
        clock.forward(minutes=6)
        await app.state.worker.drain()
    call_row = await read_call(app)
    assert (call_row.reason, call_row.seconds, call_row.missed_at is not None) == ("empty", 0, True)


async def test_two_who_talk_have_not_missed_each_other(
    app: Starlette, ana: Client, mateo: Client, call: str, book: CallBook, facts: Facts
) -> None:
    room = (await read_call(app)).room
    await ana.post(f"{call}/messages", data={"text": "Hello"})
    async with app.state.database.transaction() as tx:
        await tx.execute(update(Call).values(answered_by=None))
    _visitor, one = await guest(app, ana, call, auto_admit="1")
    await told(book, Joined(room, time.time(), 1), Joined(room, time.time(), one.id))
    with frozen() as clock:
        clock.forward(seconds=50)
        await app.state.worker.drain()
    assert "call.missed" not in await names(facts)
    assert (await read_call(app)).is_open


async def test_a_room_that_all_have_left_ends(app: Starlette, call: str, book: CallBook, facts: Facts) -> None:
    """Its end is when the last one left."""
    with frozen() as clock:
        at = clock.at.timestamp()
        room = (await read_call(app)).room
        await told(book, Joined(room, at, 1))
        await told(book, Left(room, at + 60, 1, "left"), Emptied(room, at + 60))
        clock.forward(seconds=100)
        await app.state.worker.drain()
    ended = await read_call(app)
    assert (ended.reason, ended.seconds) == ("empty", 60)
    assert (await names(facts))[-1] == "call.ended"


async def test_a_call_whose_owner_died_ends(app: Starlette, call: str, book: CallBook, facts: Facts) -> None:
    with frozen() as clock:
        room = (await read_call(app)).room
        await book.claim(room, "dead")
        await told(book, Joined(room, clock.at.timestamp(), 1))
        clock.forward(seconds=20)
        await run(app, "calls.sweep")
        assert (await read_call(app)).is_open, "somebody may take it over"
        clock.forward(seconds=30)
        await run(app, "calls.sweep")
        await run(app, "calls.sweep")
    ended = await read_call(app)
    assert (ended.reason, ended.seconds) == ("lost", 10), "to the end of its lease"
    assert (await names(facts)).count("call.left") == (await names(facts)).count("call.ended") == 1


TONE = """
import av, sys
from array import array
path, seconds, pitch = sys.argv[1], float(sys.argv[2]), int(sys.argv[3])
file = av.open(path, "w", format="webm")
stream = file.add_stream("libopus", rate=48000)
stream.layout = "mono"
for n in range(int(seconds * 50)):
    frame = av.AudioFrame(format="s16", layout="mono", samples=960)
    frame.planes[0].update(bytes(array("h", [6000 if (i * pitch // 24000) % 2 else -6000 for i in range(960)])))
    frame.rate, frame.pts = 48000, n * 960
    file.mux(stream.encode(frame))
file.mux(stream.encode(None))
file.close()
"""


async def tone(path: Path, seconds: float, pitch: int = 440) -> None:
    """A sound file, made by a process of its own so that this one need not import av."""
    path.parent.mkdir(parents=True, exist_ok=True)
    child = await asyncio.create_subprocess_exec(sys.executable, "-c", TONE, str(path), str(seconds), str(pitch))
    assert await child.wait() == 0


@pytest.fixture
async def recorded(app: Starlette, ana: Client, mateo: Client, call: str, book: CallBook) -> Path:
    """Ana said yes and spoke from the first second to the third, Mateo said no."""
    room, at, folder = (await read_call(app)).room, time.time(), app.state.settings.parts_dir
    await mateo.put(f"{call}/answer")
    await ana.put(f"{call}/consent", data=AGREED)
    await mateo.delete(f"{call}/consent")
    for file, seconds in (("a.webm", 2.0), ("b.webm", 1.5), ("c.webm", 2.0)):
        await tone(folder / file, seconds)
    size = (folder / "a.webm").stat().st_size
    await told(book, Joined(room, at, 1), Joined(room, at, 2), Recorded(room, at, 1, "audio", "a.webm", at, 2.0, size),
               Recorded(room, at, 1, "audio", "b.webm", at + 4, 1.5, size),
               Recorded(room, at, 2, "audio", "c.webm", at, 2.0, size))  # fmt: skip
    await ana.delete(call)
    return folder


async def drain_later(app: Starlette, **delta: float) -> None:
    with frozen(now() + timedelta(**delta)):
        await app.state.worker.drain()


async def test_the_mix_holds_who_said_yes(app: Starlette, ana: Client, call: str, recorded: Path, facts: Facts) -> None:
    """The parts go when the mix was opened and is long enough."""
    await app.state.worker.drain()
    await drain_later(app, seconds=10)
    async with app.state.database.transaction(read=True) as tx:
        mix = await tx.scalar(select(Recording))
        assert mix is not None and await tx.scalar(select(Part.id)) is None
    assert 5.3 < mix.seconds < 5.8, "with the silence between the parts"
    assert len(mix.peaks) <= 240 and max(mix.peaks) > 20
    quiet = mix.peaks[len(mix.peaks) * 27 // 55 : len(mix.peaks) * 36 // 55]
    assert max(quiet) <= 3, mix.peaks
    assert sorted(path.name for path in recorded.iterdir()) == []
    assert (await ana.get(f"{call}/recording")).content[:4] == b"\x1aE\xdf\xa3"
    assert (await facts())[-1] == ("call.recorded", {"kind": "sound", "seconds": round(mix.seconds)})
    page = (await ana.get(call)).text
    assert "<audio" in page and "recording is being prepared" not in page


async def test_a_part_that_comes_when_the_call_is_over_says_that_there_will_be_a_recording(
    app: Starlette, ana: Client, call: str, book: CallBook
) -> None:
    room, at = (await read_call(app)).room, time.time()
    await ana.put(f"{call}/consent", data=AGREED)
    await told(book, Joined(room, at, 1))
    await ana.delete(call)
    await app.state.relay.drain()
    part = Recorded(room, at, 1, "audio", "a.webm", at, 2.0, 1000)
    screen = await assert_live_equals_reload(app, ana, call, lambda: told(book, part), regions=("call-1-recording",))
    assert "recording is being prepared" in screen.page.text()


async def test_a_part_that_cannot_be_read_keeps_all_parts(
    app: Starlette, ana: Client, call: str, recorded: Path
) -> None:
    (recorded / "a.webm").write_bytes(b"nothing of that kind")
    await app.state.worker.drain()
    await drain_later(app, seconds=10)
    async with app.state.database.transaction(read=True) as tx:
        job = await tx.scalar(select(JobRow).where(JobRow.name == "calls.mix"))
        assert job is not None and job.error and await tx.scalar(select(Recording.id)) is None
    assert len(list(recorded.iterdir())) == 3
    assert len(list(app.state.services.files.older_than(time.time() + 60))) == 0, "nor does a piece of a mix stay"


async def test_recordings_are_kept_ninety_days(
    app: Starlette, ana: Client, call: str, recorded: Path, facts: Facts
) -> None:
    await app.state.worker.drain()
    await drain_later(app, seconds=10)
    with frozen(now() + timedelta(days=89)):
        await run(app, "calls.forget")
    assert "recording.removed" not in await names(facts)
    assert (await ana.put(f"{call}/legal-hold")).status_code == 200
    with frozen(now() + timedelta(days=91)):
        await run(app, "calls.forget")
        assert "recording.removed" not in await names(facts)
    async with app.state.database.transaction() as tx:
        await tx.execute(update(Call).values(legal_hold=False))
    with frozen(now() + timedelta(days=91)):
        await run(app, "calls.forget")
        await app.state.worker.drain()
    assert (await facts())[-1] == ("recording.removed", {"why": "retention"})
    assert app.state.services.files.older_than(time.time() + 60) == []


async def test_however_many_have_come_to_their_end_all_of_them_go(
    app: Starlette, ana: Client, lucia: str, facts: Facts, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A house that records more than a round takes keeps nothing for longer than it says."""
    monkeypatch.setattr("server.calls.jobs.AT_ONCE", 2)
    for number in range(1, 6):
        await ana.post("/calls/logged", data={"about": lucia})
        await make.recording(app, number)
    with frozen(now() + timedelta(days=91)):
        await run(app, "calls.forget")
    assert (await names(facts)).count("recording.removed") == 5


async def test_the_mixing_process_says_how_far_it_is(tmp_path: Path) -> None:
    await tone(tmp_path / "a.webm", 1.0)
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "server.calls.mixing", stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    asked = {"parts": [{"path": str(tmp_path / "a.webm"), "offset": 0.0}], "target": str(tmp_path / "mix.webm")}
    said, _none = await child.communicate(json.dumps(asked).encode())
    last = json.loads(said.splitlines()[-1])
    assert last["done"] and 0.9 < last["length"] < 1.1 and last["size"] > 500


async def test_a_part_that_was_cut_off_before_it_held_anything_is_told_once(
    app: Starlette, ana: Client, mateo: Client, call: str, facts: Facts
) -> None:
    """Its process was killed; what it left is not looked at every hour."""
    room, folder = (await read_call(app)).room, app.state.settings.parts_dir
    folder.mkdir(parents=True, exist_ok=True)
    hold_note(folder, Note("x.webm", room, 1, "audio", time.time())).close()
    (folder / "x.webm").write_bytes(b"nothing of that kind")
    await ana.delete(call)
    await app.state.relay.drain()
    screen = await assert_live_equals_reload(
        app, mateo, "/contacts/1", lambda: run(app, "calls.forget"), regions=("timeline-contact-1",)
    )
    assert "its file could not be read" in screen.page.text()
    await run(app, "calls.forget")
    told = [data for name, data in await facts() if name == "recording.lost"]
    assert told == [{"name": "Ana Beltrán", "seconds": 0, "why": "unreadable"}]
    assert list(folder.iterdir()) == []
