"""Has recorded parts mixed by a process of its own, so that nothing that serves people waits for it."""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

PATIENCE = 600.0  # seconds without a word
SLACK = 2.0  # seconds that a mix may be shorter than its parts say, and a hundredth of it
Progress = Callable[[float], Awaitable[None]]


class NotMixed(Exception):
    """What the process said, or that the file is shorter than it should be."""


@dataclass(frozen=True, slots=True)
class Piece:
    """`offset`: seconds from the beginning of the mix to its own."""

    path: str
    offset: float


@dataclass(frozen=True, slots=True)
class Mixed:
    seconds: float
    size: int
    peaks: list[int]


async def mix(pieces: list[Piece], target: Path, expected: float, progress: Progress) -> Mixed:
    """One file of all of them, opened again and as long as `expected`, or NotMixed."""
    asked = {"parts": [asdict(one) for one in pieces], "target": str(target)}
    return checked(await _child("mixing", asked, progress), expected)


async def make_grid(
    tiles: list[list[Piece]], sound: Piece | None, target: Path, expected: float, progress: Progress
) -> Mixed:
    """One picture of all of them with this sound, opened again and as long as `expected`, or NotMixed."""
    shown = [[asdict(one) for one in tile] for tile in tiles]
    heard = asdict(sound) if sound is not None else None
    asked = {"tiles": shown, "sound": heard, "target": str(target), "length": expected}
    return checked(await _child("gridding", asked, progress), expected)


async def lengths(paths: list[str]) -> list[float]:
    """Of files that may have been cut off; 0 for what cannot be read."""

    async def progress(_seconds: float) -> None:
        return None

    found: list[float] = (await _child("mixing", {"measure": paths}, progress))["lengths"]
    return found


def checked(last: dict[str, Any], expected: float) -> Mixed:
    if last["length"] < expected * 0.99 - SLACK:
        raise NotMixed(f"the mix is {last['length']:.1f} s long, not {expected:.1f} s")
    return Mixed(last["length"], last["size"], last["peaks"])


async def _child(module: str, asked: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """What a process of ours says at last, or NotMixed."""
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        f"server.calls.{module}",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert child.stdin is not None and child.stdout is not None and child.stderr is not None
    try:
        child.stdin.write(json.dumps(asked).encode())
        child.stdin.close()
        complaint = asyncio.create_task(child.stderr.read())
        last = await _heard(child.stdout, progress)
        said = (await complaint).decode(errors="replace").strip()
        await child.wait()
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    if not last.get("done"):
        raise NotMixed(said.rpartition("\n")[2][:300] or "the mixing process ended without a word")
    return last


async def _heard(lines: asyncio.StreamReader, progress: Progress) -> dict[str, Any]:
    """The last line; those before say how far it is."""
    last: dict[str, Any] = {}
    while True:
        async with asyncio.timeout(PATIENCE):
            line = await lines.readline()
        if not line:
            return last
        last = json.loads(line)
        if "seconds" in last:
            await progress(last["seconds"])
