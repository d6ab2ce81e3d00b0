"""The server's own voice: any sound file, encoded once as Opus, spoken in time to whoever listens."""

import asyncio
import logging
from collections.abc import Callable

import av

from realtime.calls.lines import LEVEL
from realtime.calls.ports import Clip
from realtime.calls.tap import Packet, Sink, some_number

log = logging.getLogger(__name__)
RATE, FRAME = 48000, 960  # twenty milliseconds
BEAT = 0.02
LONGEST = 50 * 60 * 10  # frames: ten minutes
SPEECH = 30  # how loud it says it is
BITS = 32_000


def encoded(path: str) -> list[bytes]:
    """The file as Opus packets of twenty milliseconds. For a thread. Raises OSError, ValueError, FFmpegError."""
    frames: list[bytes] = []
    encoder = av.CodecContext.create("libopus", "w")
    encoder.sample_rate, encoder.layout, encoder.format = RATE, "mono", "s16"
    encoder.bit_rate = BITS
    resampler = av.AudioResampler("s16", "mono", RATE, frame_size=FRAME)
    with av.open(path) as file:
        for frame in file.decode(audio=0):
            for piece in resampler.resample(frame):
                frames += [bytes(packet) for packet in encoder.encode(piece)]
            if len(frames) > LONGEST:
                raise ValueError("longer than ten minutes")
    for piece in resampler.resample(None):
        if piece.samples == FRAME:
            frames += [bytes(packet) for packet in encoder.encode(piece)]
    return frames


class Voice:
    """One clip being spoken: a Spring of tap.py. `ended` is told how it came to its end, once."""

    kind = "audio"

    def __init__(self, clip: Clip, ended: Callable[["Voice", str], None]) -> None:
        self.clip = clip
        self.kept: dict[int, Packet] = {}
        self.origin: tuple[int, int, float] | None = None
        self._ended, self._how = ended, "stopped"
        self._sinks: tuple[Sink, ...] = ()
        self._task = asyncio.create_task(self._speak())
        self._task.add_done_callback(lambda task: self._ended(self, self._how))

    def add(self, sink: Sink) -> None:
        self._sinks = (*self._sinks, sink)

    def remove(self, sink: Sink) -> None:
        self._sinks = tuple(other for other in self._sinks if other is not sink)

    def want_key(self) -> None:
        return

    async def _speak(self) -> None:
        try:
            frames = await asyncio.to_thread(encoded, self.clip.path)
        except (OSError, ValueError, av.FFmpegError, IndexError):
            log.exception("a clip could not be played")
            frames = []
        if not frames:
            self._how = "failed"
            return
        loop = asyncio.get_running_loop()
        due, number, timestamp = loop.time(), some_number(), some_number()
        while True:
            for frame in frames:
                rest = b"\xbe\xde\x00\x01" + bytes((LEVEL << 4, SPEECH, 0, 0)) + frame
                packet = Packet(number & 0xFFFF, timestamp & 0xFFFFFFFF, 0, frame, rest, SPEECH)
                for sink in self._sinks:
                    sink.take(packet)
                number, timestamp, due = number + 1, timestamp + FRAME, due + BEAT
                await asyncio.sleep(max(0.0, due - loop.time()))
            if not self.clip.repeats:
                break
        self._how = "ended"

    def stop(self, how: str = "stopped") -> None:
        if not self._task.done():
            self._how = how
            self._task.cancel()

    async def closed(self) -> None:
        await asyncio.wait([self._task])
