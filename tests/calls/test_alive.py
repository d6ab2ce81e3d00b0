"""Who was killed is known to be dead, so that their calls go on before their lease is over."""

import asyncio
import sys
from pathlib import Path

import pytest
from starlette.applications import Starlette

from server.calls import alive
from server.calls.alive import Marks
from server.calls.book import CallBook
from tests.calls.conftest import read_call

HOLDER = """
import sys, pathlib
from server.calls.alive import Marks
marks = Marks(pathlib.Path(sys.argv[1]))
marks.hold("theirs")
print("held", flush=True)
sys.stdin.read()
"""


async def holder(folder: Path) -> asyncio.subprocess.Process:
    """Another process that has its mark."""
    pipe = asyncio.subprocess.PIPE
    other = await asyncio.create_subprocess_exec(sys.executable, "-c", HOLDER, str(folder), stdin=pipe, stdout=pipe)
    assert other.stdout is not None
    assert await other.stdout.readline() == b"held\n"
    return other


async def test_a_call_is_taken_from_the_dead_alone(app: Starlette, call: str, tmp_path: Path) -> None:
    room, book = (await read_call(app)).room, CallBook(app.state.database, Marks(tmp_path))
    other = await holder(tmp_path)
    try:
        assert await CallBook(app.state.database).claim(room, "theirs") == "theirs"
        assert await book.claim(room, "ours") == "theirs", "it lives, and its lease too"
    finally:
        other.kill()
        await other.communicate()
    assert await book.claim(room, "ours") == "ours"
    assert await CallBook(app.state.database, Marks(tmp_path)).claim(room, "third") == "ours", "who lives keeps it"


async def test_who_was_dead_before_one_came_is_known_too(tmp_path: Path) -> None:
    """Their mark is cleared away with the first of ours."""
    other = await holder(tmp_path)
    other.kill()
    await other.communicate()
    marks = Marks(tmp_path)
    marks.hold("ours")
    assert [path.name for path in tmp_path.iterdir()] == ["ours.alive"]
    assert marks.is_dead("theirs") and not marks.is_dead("ours")


async def test_of_another_machine_nothing_is_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its locks may not be seen here: its lease runs out as ever."""
    other = await holder(tmp_path)
    other.kill()
    await other.communicate()
    there = tmp_path / "boot_id"
    there.write_text("another\n")
    monkeypatch.setattr(alive, "BOOT", there)
    assert not Marks(tmp_path).is_dead("theirs")
    assert not Marks(tmp_path).is_dead("never seen")


def test_without_a_place_for_marks_leases_go_on_alone(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").touch()
    Marks(tmp_path / "file" / "inside").hold("ours")
    assert "will wait for its lease" in caplog.text
