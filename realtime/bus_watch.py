"""Knows whether the bus carries: without it changes come with the database's round alone, some seconds late."""

from collections.abc import Awaitable, Callable

from realtime.bus import Bus, BusDown
from realtime.frames import Frame, json_frame

IN_A_ROW = 2  # probes that fail until it is said: a connection that is made anew at once is nobody's concern


class BusWatch:
    """`tell` says a frame to everybody here; `catch_up` reads from the database what the bus did not bring."""

    def __init__(self, bus: Bus, tell: Callable[[Frame], None], catch_up: Callable[[], Awaitable[None]]) -> None:
        self._bus, self._tell, self._catch_up = bus, tell, catch_up
        self._failed = 0
        self.up = True

    async def look(self) -> None:
        """Send a word through the bus and wait for it: a connection that is open and silent carries nothing either."""
        try:
            await self._bus.probe()
        except BusDown:
            self._failed += 1
            if self.up and self._failed >= IN_A_ROW:
                self.up = False
                self._tell(self.frame())
            return
        self._failed = 0
        if not self.up:
            await self._catch_up()
            self.up = True
            self._tell(self.frame())

    def frame(self) -> Frame:
        return json_frame(t="bus", up=self.up)
