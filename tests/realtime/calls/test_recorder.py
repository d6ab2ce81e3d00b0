"""Recordings: one file per line, opened at the first sound or picture that can be decoded, whole after a crash."""

import asyncio
import queue
import shutil
import threading
from pathlib import Path

import av
import pytest

from realtime.calls.ports import Recorded, Source
from realtime.calls.recorder import Part, Writer
from realtime.calls.tap import Packet
from tests.realtime.calls.conftest import plan
from tests.realtime.calls.scripted import Caller, Table, opus, vp8
from tests.realtime.fakes import until


def heard(path: Path) -> tuple[str, list[tuple[int, int]], float]:
    """The codec, the sizes of the pictures, the seconds: decoded from the file."""
    with av.open(str(path)) as file:
        stream = file.streams[0]
        frames = list(file.decode(stream))
        sizes = [(frame.width, frame.height) for frame in frames] if stream.type == "video" else []
        last = frames[-1]
        return stream.codec_context.name, sizes, float(last.time or 0)


def sound(part: Part, frames: int, first: int = 0) -> None:
    for number in range(first, first + frames):
        payload = opus()[number % 50]
        part.write(Packet(number, number * 960, 0, payload, b"", 0), 1000 + number * 0.02)


def pictures(part: Part, frames: tuple[bytes, ...], first: int, begin: int = 0) -> int:
    """Each frame in one packet behind the descriptor that says where it begins."""
    for number, frame in enumerate(frames[begin:]):
        part.write(Packet(first + number, (first + number) * 4500, 1, b"\x10" + frame, b"", 0), 1000.0)
    return first + len(frames) - begin


@pytest.fixture
def writer(tmp_path: Path) -> Writer:
    return Writer(tmp_path)


def test_sound_is_recorded_from_its_first_packet(writer: Writer) -> None:
    part = Part(writer, "room", 1, "audio")
    sound(part, 100)
    part.finish()
    codec, _, seconds = heard(part.path)
    assert codec == "opus" or codec == "libopus"
    assert part.started == pytest.approx(1000, abs=0.2)
    assert part.seconds == pytest.approx(seconds + 0.02, abs=0.1)
    assert part.bytes == part.path.stat().st_size > 1000


def test_pictures_begin_with_a_key_frame(writer: Writer) -> None:
    part = Part(writer, "room", 1, "camera")
    after = pictures(part, vp8()[:10], 0, begin=3)
    assert not part.path.exists()
    pictures(part, vp8(), after)
    part.finish()
    codec, sizes, _ = heard(part.path)
    assert codec.startswith("vp8") or codec == "libvpx"
    assert set(sizes) == {(320, 240)} and len(sizes) >= 15


def test_a_size_that_changes_in_the_middle(writer: Writer) -> None:
    part = Part(writer, "room", 1, "camera")
    after = pictures(part, vp8(320, 240), 0)
    pictures(part, vp8(640, 480), after)
    part.finish()
    _, sizes, _ = heard(part.path)
    assert sizes.count((320, 240)) >= 15 and sizes.count((640, 480)) >= 15


def test_a_file_cut_by_a_crash_keeps_its_packets(writer: Writer, tmp_path: Path) -> None:
    part = Part(writer, "room", 1, "audio")
    sound(part, 500)
    cut = tmp_path / "cut.webm"
    shutil.copy(part.path, cut)  # as it lies on the disk now; nothing was closed
    part.finish()
    _, _, seconds = heard(cut)
    assert seconds >= 10 - 1.5, "all but the last second"


def test_nothing_came_nothing_is_kept(writer: Writer) -> None:
    part = Part(writer, "room", 1, "audio")
    part.finish()
    assert part.bytes == 0 and not part.path.exists()


def test_a_broken_packet_harms_nothing(writer: Writer) -> None:
    part = Part(writer, "room", 1, "camera")
    part.write(Packet(0, 0, 1, b"\x90\x80", b"", 0), 1.0)
    part.write(Packet(1, 0, 1, b"", b"", 0), 1.0)
    pictures(part, vp8(), 2)
    part.finish()
    assert part.bytes


def test_names_tell_nothing(writer: Writer) -> None:
    names = {Part(writer, "room", 1, "audio").file for _ in range(50)}
    assert len(names) == 50 and all(len(name) == 37 for name in names)


async def test_the_thread_gets_packets_by_the_handful_and_all_of_them(writer: Writer) -> None:
    handed: list[object] = []

    class Watched(queue.SimpleQueue):
        def put(self, item: object, block: bool = True, timeout: float | None = None) -> None:
            handed.append(item)
            super().put(item)

    writer._queue = Watched()
    part, done = writer.begin("room", 1, "audio"), asyncio.Event()
    for number in range(50):
        part.take(Packet(number, number * 960, 0, opus()[number], b"", 0))
    assert not handed, "a packet wakes nobody"
    await until(lambda: handed)
    part.take(Packet(50, 50 * 960, 0, opus()[0], b"", 0))
    writer.end(part, lambda ended: done.set())
    await done.wait()
    assert len(handed) == 3, "what was gathered, the last packet with the end, nothing more to come"
    assert part.seconds == pytest.approx(51 * 0.02, abs=0.1)


async def test_what_a_slow_disk_cannot_take_is_left_out_and_said(
    writer: Writer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("realtime.calls.recorder.BACKLOG", 100)
    disk = threading.Event()
    part, done = writer.begin("room", 1, "audio"), asyncio.Event()
    write = part.write
    monkeypatch.setattr(part, "write", lambda packet, now: disk.wait() and write(packet, now))
    for number in range(150):  # within one handful: what may wait is counted by packets
        part.take(Packet(number, number * 960, 0, opus()[number % 50], b"", 0))
    assert writer.left_out == 50
    assert caplog.text.count("too slow") == 1
    disk.set()
    writer.end(part, lambda ended: done.set())
    await done.wait()
    assert part.seconds == pytest.approx(100 * 0.02, abs=0.1)
    part = writer.begin("room", 1, "audio")
    part.take(Packet(0, 0, 0, opus()[0], b"", 0))
    assert writer.left_out == 50, "what was written makes room"
    done.clear()
    writer.end(part, lambda ended: done.set())
    await done.wait()


@pytest.mark.parametrize("source", ["audio", "camera"])
def test_timestamps_that_claim_days_make_no_long_recording(writer: Writer, source: Source) -> None:
    part = Part(writer, "room", 1, source)
    for number in range(60):  # half a day between each two, within one second and a fifth
        payload = opus()[number % 50] if source == "audio" else b"\x10" + vp8()[number % 20]
        timestamp = number * ((1 << 31) - 1) & 0xFFFFFFFF
        part.write(Packet(number, timestamp, 1, payload, b"", 0), 1000 + number * 0.02)
    part.finish()
    assert 1 < part.seconds < 12
    assert heard(part.path)[2] < 12


def test_a_key_frame_without_a_picture_begins_nothing(writer: Writer) -> None:
    part = Part(writer, "room", 1, "camera")
    first = vp8()[0]
    after = pictures(part, (first[:6] + bytes(4) + first[10:],), 0)
    pictures(part, vp8() * 2, after)
    part.finish()
    assert part.bytes and set(heard(part.path)[1]) == {(320, 240)}


async def test_only_who_agreed_is_recorded_and_a_pause_leaves_a_hole(table: Table) -> None:
    for who in (1, 2):
        table.callers[who] = Caller()
    table.sfu.apply(plan(1, 2))
    await until(lambda: len(table.connected_) == 2)
    await record_a_while(table)
    await record_a_while(table)  # after a pause
    facts = table.told(Recorded)
    assert {(fact.participant, fact.source) for fact in facts} == {(1, "audio"), (1, "camera")}
    folder = table.sfu._writer.folder
    assert {fact.file for fact in facts} == {path.name for path in folder.glob("*.webm")}
    for fact in facts:
        _, sizes, seconds = heard(folder / fact.file)
        assert fact.seconds == pytest.approx(seconds, abs=0.2)
        assert not sizes or set(sizes) == {(320, 240)}
    assert table.sfu._writer.parts == 0


async def record_a_while(table: Table) -> None:
    before = len(table.told(Recorded))
    table.sfu.apply(plan(1, 2, recorded={1}))
    audio, camera = table.sfu._peers[1].taps["audio"], table.sfu._peers[1].taps["camera"]
    sounds, pictures_ = audio.packets + 50, camera.packets + 60
    await until(lambda: audio.packets >= sounds and camera.packets >= pictures_)
    table.sfu.apply(plan(1, 2))
    await until(lambda: len(table.told(Recorded)) == before + 2)


async def test_a_muted_voice_is_not_recorded(table: Table) -> None:
    table.callers[1] = Caller(video=False)
    table.sfu.apply(plan(1, recorded={1}, muted={1}, shows={1: frozenset()}))
    await until(lambda: table.connected_)
    await until(lambda: table.sfu._peers[1].taps["audio"].packets >= 30)
    table.sfu.apply(plan(1))
    await until(lambda: table.sfu._writer.parts == 0)
    assert not table.told(Recorded)
