"""What is recorded, as it came: one file per line and part, remuxed by a thread of its own, never decoded."""

import asyncio
import fractions
import logging
import queue
import secrets
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TextIO

import av
from aiortc.codecs.vpx import vp8_depayload
from aiortc.jitterbuffer import JitterBuffer, JitterFrame

from realtime.calls.notes import Note, hold_note
from realtime.calls.ports import Source
from realtime.calls.tap import Packet

log = logging.getLogger(__name__)
MILLISECOND = fractions.Fraction(1, 1000)
RATES = {"audio": 48000, "video": 90000}
HANDFUL = 0.1  # seconds of packets that the thread gets at once
BACKLOG = 20_000  # packets that may wait for a slow disk; more are left out
AHEAD = 10  # seconds that timestamps may run before our own clock; who writes them may claim days
OPTIONS = {"cluster_time_limit": "1000", "flush_packets": "1"}  # what a crash cuts keeps all but its last second

Finished = Callable[["Part"], None]
Work = tuple["Part", Packet | None, Any]  # a packet and when it came; without one, what is called behind the last


class Part:
    """One line from its first packet on; a Sink. After a pause, or when somebody comes back, a new part begins.

    `take` is called in the loop, everything with `_` in the writer's thread.
    """

    def __init__(self, writer: "Writer", call: str, who: int, source: Source) -> None:
        self.call, self.who, self.source, self.file = call, who, source, f"{secrets.token_hex(16)}.webm"
        self.started, self.seconds, self.bytes = 0.0, 0.0, 0
        self.path = writer.folder / self.file
        self._writer = writer
        self._epoch = time.time() - time.monotonic()  # a part's clock is steady, whatever becomes of the machine's
        self._kind = "audio" if source == "audio" else "video"
        self._order = JitterBuffer(16, prefetch=4) if self._kind == "audio" else JitterBuffer(512, is_video=True)
        self._note: TextIO | None = None
        self._container: Any = None
        self._stream: Any = None
        self._first: int | None = None
        self._last = self._at = 0
        self._broken = False

    def take(self, packet: Packet) -> None:
        self._writer.put(self, packet, self._epoch + time.monotonic())

    def write(self, packet: Packet, now: float) -> None:
        if self._broken:
            return
        try:
            payload = packet.payload
            packet._data = vp8_depayload(payload) if self._kind == "video" and payload else payload
            frame = self._order.add(packet)[1]  # type: ignore[arg-type]
            if frame is not None and frame.data:
                self._frame(frame, now)
        except ValueError:
            log.debug("a packet could not be recorded")
        except (OSError, av.FFmpegError):
            self._broken = True
            log.exception("a recording could not be written")

    def _frame(self, frame: JitterFrame, now: float) -> None:
        is_key = self._kind == "audio" or not frame.data[0] & 1
        if self._container is None and not (is_key and self._open(frame, now)):
            return
        if self._first is None:
            self._first = self._last = frame.timestamp
        step = (frame.timestamp - self._last) & 0xFFFFFFFF
        if step >= 1 << 31:
            return  # older than what is written
        self._last = frame.timestamp
        self._at = max(self._at, min(self._at + step, int((now - self.started + AHEAD) * RATES[self._kind])))
        packet = av.Packet(frame.data)
        packet.pts = packet.dts = self._at * 1000 // RATES[self._kind]
        packet.time_base, packet.stream, packet.is_keyframe = MILLISECOND, self._stream, is_key
        if self._kind == "audio":
            packet.duration = 20
        self._container.mux(packet)

    def _open(self, frame: JitterFrame, now: float) -> bool:
        size = picture_size(frame.data) if self._kind == "video" else (0, 0)
        if size is None:
            return False
        self._note = hold_note(self.path.parent, Note(self.file, self.call, self.who, self.source, now))
        self._container = av.open(str(self.path), "w", format="webm", options=OPTIONS)
        if self._kind == "video":
            self._stream = self._container.add_mux_stream("vp8", rate=30, width=size[0], height=size[1])
        else:
            self._stream = self._container.add_stream("libopus", rate=48000)
            self._stream.layout = "stereo"
        self._stream.time_base = MILLISECOND
        self.started = now
        return True

    def finish(self) -> None:
        if self._container is None:
            self._let_go()
            return
        try:
            self._container.close()
            self.seconds = self._at / RATES[self._kind] + (0.02 if self._kind == "audio" else 0)
            self.bytes = self.path.stat().st_size
        except (OSError, av.FFmpegError):
            log.exception("a recording could not be finished")
        self._container = self._stream = None
        self._let_go()

    def _let_go(self) -> None:
        if self._note is not None:
            self._note.close()


def picture_size(frame: bytes) -> tuple[int, int] | None:
    """Width and height that a VP8 key frame tells; None for any other, and for one without a picture."""
    if len(frame) < 10 or frame[0] & 1 or frame[3:6] != b"\x9d\x01\x2a":
        return None
    wide, high = int.from_bytes(frame[6:8], "little") & 0x3FFF, int.from_bytes(frame[8:10], "little") & 0x3FFF
    return (wide, high) if wide and high else None


class Writer:
    """The thread of one process. It lives while something is recorded.

    It is woken a few times a second, not by each packet: a thread that waits for the interpreter gets it whenever the
    loop opens or seals a packet, and everybody's pages would wait until it gives it back.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.parts = 0
        self.left_out = 0
        self._given = self._taken = 0  # packets, counted where they come and in the thread
        self._handful: list[Work] = []
        self._timer: asyncio.TimerHandle | None = None
        self._queue: queue.SimpleQueue[list[Work] | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    def begin(self, call: str, who: int, source: Source) -> Part:
        self.folder.mkdir(parents=True, exist_ok=True)
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="calls-recorder", daemon=True)
            self._thread.start()
        self.parts += 1
        return Part(self, call, who, source)

    def put(self, part: Part, packet: Packet, now: float) -> None:
        if self._given - self._taken >= BACKLOG:
            if not self.left_out:
                log.warning("the disk is too slow for what is recorded: packets are left out")
            self.left_out += 1
            return
        self._given += 1
        self._handful.append((part, packet, now))
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(HANDFUL, self._hand_over)

    def end(self, part: Part, finished: Finished) -> None:
        """Close the file behind what waits; `finished` is called in the loop, also for a part that stayed empty."""
        loop = asyncio.get_running_loop()

        def done() -> None:
            self.parts -= 1
            if self.parts == 0:
                self._queue.put(None)
                self._thread = None
            finished(part)

        self._handful.append((part, None, lambda: loop.call_soon_threadsafe(done)))
        self._hand_over()

    def _hand_over(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._queue.put(self._handful)
        self._handful = []

    def _run(self) -> None:
        while (handful := self._queue.get()) is not None:
            for part, packet, more in handful:
                if packet is not None:
                    part.write(packet, more)
                    self._taken += 1
                else:
                    part.finish()
                    more()
