"""What is spoken about a person leaves nothing behind, whoever was killed in the midst of it."""

import os
from datetime import timedelta
from pathlib import Path

from starlette.applications import Starlette

from server.announcer.script import Prompt
from server.announcer.words import files_of
from server.kit.clock import now
from tests.calls.test_jobs import run


def spoken(folder: Path, name: str, minutes: int) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / name
    file.write_bytes(b"RIFF")
    at = (now() - timedelta(minutes=minutes)).timestamp()
    os.utime(file, (at, at))
    return file


async def test_sentences_that_a_killed_process_left_are_swept(app: Starlette) -> None:
    """Those that are being heard stay, and so do those that are about nobody."""
    folder = app.state.settings.data_dir / "speech"
    gone = [spoken(folder, "passing-1.wav", 40), spoken(folder, "passing-2.part", 40), spoken(folder, "abc.part", 40)]
    stay = [spoken(folder, "passing-3.wav", 1), spoken(folder, "abc.wav", 4000)]
    await run(app, "announcer.sweep")
    assert [file.exists() for file in gone + stay] == [False] * 3 + [True] * 2


def test_a_place_beyond_nine_is_said_by_its_figures() -> None:
    """Where nothing can speak: a sentence that ends in "at number" says nothing."""
    assert files_of(Prompt("place", ("3",))) == ("place", "digit_3")
    assert files_of(Prompt("place", ("12",))) == ("place", "digit_1", "digit_2")
