"""Tables of scripted callers, on loopback: aioice would skip it, so the media is bound there by its setting."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from realtime.calls.people import Plan
from realtime.calls.ports import MediaSettings
from realtime.calls.recorder import Writer
from realtime.calls.sfu import Sfu
from tests.realtime.calls.scripted import Table
from tests.realtime.fakes import until

NOBODY: frozenset[int] = frozenset()


def plan(*people: int, rounds: dict[int, int] | None = None, **more: Any) -> Plan:
    """Everybody with a camera; `rounds` for who came back."""
    peers = {who: (rounds or {}).get(who, 1) for who in people}
    shows = {who: more.get("shows", {}).get(who, frozenset({"camera"})) for who in people}
    sets = (frozenset(more.get(name, ())) for name in ("muted", "held", "recorded"))
    return Plan(peers, shows, *sets, more.get("direct", False))


@pytest.fixture
def settings(tmp_path: Path) -> MediaSettings:
    return MediaSettings(tmp_path / "parts", bind="127.0.0.1")


@pytest.fixture
async def table(settings: MediaSettings) -> AsyncIterator[Table]:
    table = Table()
    table.sfu = Sfu("room", table, settings, Writer(settings.folder))
    yield table
    await table.close()


async def everybody_hears(table: Table, *people: int, more: int = 5) -> None:
    """Each of these gets new sound and pictures of each other."""
    lines = [
        (viewer, who, source) for viewer in people for who in people if who != viewer for source in shown(table, who)
    ]
    before = {line: table.callers[line[0]].of(line[1], line[2]).packets for line in lines}
    await until(lambda: all(table.callers[v].of(w, s).packets >= before[v, w, s] + more for v, w, s in lines))


def shown(table: Table, who: int) -> list[str]:
    return ["audio"] + (["camera"] if table.callers[who].camera is not None else [])
