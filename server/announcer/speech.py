"""Sentences as sound files: by espeak-ng where it is installed, else the prompts that ship; never in the loop."""

import asyncio
import hashlib
import secrets
import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from server.announcer.script import File, Piece, Prompt, Text
from server.announcer.words import SOUNDS, files_of, text_of
from server.kit.logging import log

PROMPTS = Path(__file__).with_name("prompts")
LANGUAGES = {"en": "en-gb", "es": "es"}
LONGEST = 1000  # characters
PATIENCE = 10.0  # seconds
AT_ONCE = 2
PASSING = "passing-"
KEPT = 500  # spoken sentences


@dataclass(frozen=True, slots=True)
class Sound:
    """`passing`: to be deleted when it was heard, for it says something about a person."""

    path: Path
    passing: bool = False


class Speech(Protocol):
    """The port. Other voices (a service, a neural one) are other classes of this shape."""

    async def sounds(self, piece: Piece, language: str, voice: str) -> list[Sound]:
        """What is to be played for it, in order; [] when it cannot be said."""


class PromptFiles:
    """The Null twin: our own sentences as they ship. Words of the workspace and names it cannot say."""

    def __init__(self, files: Callable[[str], Path]) -> None:
        self._files = files

    async def sounds(self, piece: Piece, language: str, voice: str) -> list[Sound]:
        match piece:
            case File(key=key):
                return [Sound(self._files(key))]
            case Text(instead=instead):
                return await self.sounds(instead, language, voice) if instead is not None else []
            case Prompt(key=key) if key in SOUNDS:
                return [Sound(PROMPTS / f"{key}.opus")]
            case Prompt():
                return [Sound(PROMPTS / language / f"{name}.opus") for name in files_of(piece)]


class EspeakVoice:
    """Every sentence by a short process of its own, two at once; kept by its words and its voice."""

    def __init__(self, folder: Path, null: PromptFiles, program: str = "espeak-ng") -> None:
        self._folder, self._null, self._program = folder, null, program
        self._slots = asyncio.Semaphore(AT_ONCE)

    async def sounds(self, piece: Piece, language: str, voice: str) -> list[Sound]:
        if isinstance(piece, File) or (isinstance(piece, Prompt) and piece.key in SOUNDS):
            return await self._null.sounds(piece, language, voice)
        text = piece.text if isinstance(piece, Text) else text_of(piece, language)
        name = hashlib.sha256(f"{language}\n{voice}\n{text}".encode()).hexdigest()
        if piece.private:
            name = PASSING + secrets.token_hex(16)
        path = self._folder / f"{name}.wav"
        if piece.private or not path.exists():
            try:
                await self._speak(text[:LONGEST], language, voice, path)
            except (OSError, TimeoutError, RuntimeError):
                log.warning("speech.failed")  # not what was to be said
                return await self._null.sounds(piece, language, voice)
        return [Sound(path, piece.private)]

    async def _speak(self, text: str, language: str, voice: str, path: Path) -> None:
        async with self._slots:
            await asyncio.to_thread(self._make_room)
            unfinished = path.with_suffix(".part")
            name = LANGUAGES[language] + (f"+{voice}" if voice else "")
            child = await asyncio.create_subprocess_exec(
                "nice", "-n", "5", self._program, "-v", name, "-s", "150", "-w", str(unfinished), "--stdin",
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.DEVNULL,
            )  # fmt: skip
            try:
                async with asyncio.timeout(PATIENCE):
                    await child.communicate(text.encode())
            finally:
                if child.returncode is None:
                    child.kill()
                    await child.wait()
            if child.returncode != 0 or not unfinished.exists():
                unfinished.unlink(missing_ok=True)
                raise RuntimeError("no sound was made")
            unfinished.replace(path)

    def _make_room(self) -> None:
        """The folder holds so many; those that were made first go."""
        self._folder.mkdir(parents=True, exist_ok=True)
        files = sorted(self._folder.glob("*.wav"), key=lambda file: file.stat().st_mtime)
        for old in files[: max(0, len(files) - KEPT)]:
            old.unlink(missing_ok=True)


def sweep(folder: Path, before: float) -> None:
    """What was to be deleted once it was heard, by a process that was killed meanwhile."""
    for file in [*folder.glob(f"{PASSING}*"), *folder.glob("*.part")]:
        with suppress(FileNotFoundError):  # heard just now
            if file.stat().st_mtime < before:
                file.unlink()


def program_of(name: str) -> str | None:
    """The program of this name where it is installed."""
    return shutil.which(name) if name else None


def find_speech(folder: Path, files: Callable[[str], Path], name: str) -> Speech:
    null, program = PromptFiles(files), program_of(name)
    return EspeakVoice(folder, null, program) if program else null
