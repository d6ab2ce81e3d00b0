"""Calls of one process, put together: what `main` builds, starts and stops, and what verbs talk to."""

import asyncio
import importlib
import secrets
import time
from collections.abc import Callable
from typing import Any

from realtime.bus import Bus, BusDown
from realtime.calls.envelope import call_channel, clip_packed, packed
from realtime.calls.front import Desk, Front, Tell
from realtime.calls.host import Host, Probe
from realtime.calls.media import MakeMedia
from realtime.calls.ports import Book, Clip, MediaSettings
from realtime.calls.turn import ice_servers
from realtime.tasks import Tasks

LOOK = 1.0  # seconds after which changed rights are asked again


class Calls:
    """`host` is None in a process that carries no media. Everything here may be called in any process."""

    def __init__(self, bus: Bus, desk: Desk, host: Host | None) -> None:
        self.desk, self.host = desk, host
        self._bus = bus
        self._tasks, self._stopping = Tasks(), asyncio.Event()

    def front(self, tell: Tell, *, probes: bool = False) -> Front:
        """For one door: `live_route(hub, doors, calls=calls.front(hub.tell))`.

        `probes`: the self-checks of this door are answered.
        """
        return Front(self.desk, tell, probes=probes)

    async def start(self) -> None:
        await self._bus.listen(lambda message: None, self._heard, lambda: None, lambda topic: ())
        await self.desk.start()
        if self.host is not None:
            await self.host.start()
        self._tasks.start(self._look())

    async def stop(self) -> None:
        """Before the hub closes its sockets: the goodbyes of calls go through them."""
        if self.host is not None:
            await self.host.stop()
        self._stopping.set()
        await self._tasks.stop()

    def _heard(self, channel: str, data: bytes) -> None:
        self.desk.heard(channel, data)
        if self.host is not None:
            self.host.heard(channel, data)

    async def _look(self) -> None:
        while not self._stopping.is_set():
            try:
                async with asyncio.timeout(LOOK):
                    await self._stopping.wait()
            except TimeoutError:
                await self.desk.look()

    # --- for verbs; the bus is a hurry-up, so none of these fails

    async def poke(self, call: str) -> None:
        """What is wanted of this call has changed in the database, and is committed."""
        await self._tell(call, packed(do="poke"))

    async def leave(self, call: str, participant: int) -> None:
        """The page goes away (the beacon of pagehide)."""
        await self._tell(call, packed(do="leave", who=participant))

    async def play(self, call: str, clip: Clip) -> None:
        await self._tell(call, clip_packed(clip))

    async def hush(self, call: str, to: int | None = None) -> None:
        await self._tell(call, packed(do="hush", to=to))

    async def _tell(self, call: str, data: bytes) -> None:
        try:
            await self._bus.publish_raw(call_channel(call), data)
        except BusDown:
            return


def open_calls(book: Book, bus: Bus, settings: MediaSettings, *, owns: bool = True, process: str = "") -> Calls:
    """`owns=False`: another process carries the media (`calls:` of the Procfile, over Redis)."""
    process = process or secrets.token_hex(8)
    host = Host(book, bus, process, preparation(settings), ice_of(settings), prober(settings)) if owns else None
    return Calls(bus, Desk(book, bus, process), host)


def preparation(settings: MediaSettings) -> Callable[[], Any]:
    """aiortc and av are heavy: imported when the first call opens, and beside the loop."""
    made: list[MakeMedia] = []

    async def prepare() -> MakeMedia:
        if not made:
            sfu = await asyncio.to_thread(importlib.import_module, "realtime.calls.sfu")
            recorder = await asyncio.to_thread(importlib.import_module, "realtime.calls.recorder")
            writer = recorder.Writer(settings.folder)
            made.append(lambda call, told: sfu.Sfu(call, told, settings, writer))
        return made[0]

    return prepare


def prober(settings: MediaSettings) -> Probe:
    """Heavy as well, and for the self-check alone."""

    async def probe(sdp: str, tell: Callable[..., None], stopping: asyncio.Event) -> None:
        found = await asyncio.to_thread(importlib.import_module, "realtime.calls.probe")
        await found.probe(sdp, settings, tell, stopping)

    return probe


def ice_of(settings: MediaSettings) -> Callable[[str], list[dict[str, Any]]]:
    return lambda who: ice_servers(settings, who, time.time())
