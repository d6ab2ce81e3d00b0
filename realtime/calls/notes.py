"""A note beside each recorded part: whose it is, so that it finds its call when who wrote it was killed."""

import fcntl
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TextIO

from realtime.calls.ports import Source

SUFFIX = ".note"


@dataclass(frozen=True, slots=True)
class Note:
    """`call`: its name on the wire. `started`: the part's first packet, seconds since the epoch."""

    file: str
    call: str
    participant: int
    source: Source
    started: float


def hold_note(folder: Path, note: Note) -> TextIO:
    """Written and locked. The lock ends when the file is closed or its process does, whatever way that is."""
    held = (folder / (note.file + SUFFIX)).open("w", encoding="utf-8")
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        json.dump(asdict(note), held)
        held.flush()
    except BaseException:
        held.close()
        raise
    return held


def left_notes(folder: Path, call: str = "") -> list[Note]:
    """Of parts that nobody writes any more; of all calls or of one. A note that was not finished tells nothing."""
    found = []
    for path in sorted(folder.glob("*" + SUFFIX)):
        try:
            with open(path, encoding="utf-8") as file:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
                note = Note(**json.load(file))
        except (OSError, ValueError, TypeError):
            continue
        if not call or note.call == call:
            found.append(note)
    return found


def drop_part(folder: Path, name: str) -> None:
    """A part's file and its note."""
    (folder / name).unlink(missing_ok=True)
    (folder / (name + SUFFIX)).unlink(missing_ok=True)
