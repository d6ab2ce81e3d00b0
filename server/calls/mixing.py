"""Mixes recorded sound to one file, in a process of its own: `python -m server.calls.mixing` reads what to mix as JSON.

It says how far it is, one line of JSON a second, and at last the length it found when it opened the file again."""

import fractions
import heapq
import itertools
import json
import os
import sys
import time
from array import array
from collections.abc import Iterator
from typing import Any

import av
from av.filter import Graph

RATE, FRAME = 48_000, 960
BITS = 48_000
PEAKS = 240  # columns of the waveform
BUCKET = RATE // 10  # samples behind one value, before there are as many as columns
STRIDE = 8  # of the samples one in so many is looked at: what is drawn needs no more
Said = dict[str, Any]


def graph_of(offsets: list[float]) -> tuple[Graph, list[Any], Any]:
    """Each part begins when it began; holes are silence; what is too loud together is limited."""
    graph = Graph()
    sources = []
    mixer = graph.add("amix", f"inputs={len(offsets)}:duration=longest:normalize=0")
    for number, offset in enumerate(offsets):
        source = graph.add_abuffer(
            sample_rate=RATE, format="s16", layout="mono", time_base=fractions.Fraction(1, RATE), name=f"in{number}"
        )
        filled = graph.add("aresample", "async=1:first_pts=0")
        moved = graph.add("adelay", f"{round(offset * 1000)}:all=1")
        source.link_to(filled)
        filled.link_to(moved)
        moved.link_to(mixer, 0, number)
        sources.append(source)
    limiter, shaper, sink = (
        graph.add("alimiter", "limit=0.95:level=0"),
        graph.add("aformat", f"sample_fmts=s16:sample_rates={RATE}:channel_layouts=mono"),
        graph.add("abuffersink"),
    )
    for one, other in ((mixer, limiter), (limiter, shaper), (shaper, sink)):
        one.link_to(other)
    graph.configure()
    return graph, sources, sink


def frames_of(path: str) -> Iterator[Any]:
    """The part's sound with its times in samples; what a crash has cut off ends early."""
    resampler = av.AudioResampler("s16", "mono", RATE)
    with av.open(path) as file:
        try:
            for frame in file.decode(audio=0):
                yield from resampler.resample(frame)
        except (av.error.EOFError, av.error.InvalidDataError):
            return


def fed(parts: list[Said], sources: list[Any]) -> Iterator[float]:
    """Gives each part's frames to the graph, the earliest first, and says which moment was reached."""
    streams = [frames_of(part["path"]) for part in parts]
    waiting: list[tuple[float, int, Any]] = []

    def next_of(number: int) -> None:
        frame = next(streams[number], None)
        if frame is None:
            sources[number].push(None)
            return
        frame.time_base = fractions.Fraction(1, RATE) if frame.time_base is None else frame.time_base
        heapq.heappush(waiting, (parts[number]["offset"] + float(frame.time or 0.0), number, frame))

    for number in range(len(parts)):
        next_of(number)
    while waiting:
        moment, number, frame = heapq.heappop(waiting)
        sources[number].push(frame)
        next_of(number)
        yield moment
    yield float("inf")


def drained(sink: Any) -> Iterator[Any]:
    while True:
        try:
            yield sink.pull()
        except (av.error.BlockingIOError, av.error.EOFError):
            return


class Waveform:
    """The loudest of each tenth of a second."""

    def __init__(self) -> None:
        self._loud: list[int] = []
        self._samples = 0

    def add(self, frame: Any) -> None:
        samples = array("h", bytes(frame.planes[0])[: frame.samples * 2])
        for start in range(0, len(samples), FRAME):
            piece = samples[start : start + FRAME : STRIDE]
            at = self._samples // BUCKET
            if len(self._loud) <= at:
                self._loud.append(0)
            self._loud[at] = max(self._loud[at], max(piece), -min(piece))
            self._samples += min(FRAME, len(samples) - start)

    def peaks(self) -> list[int]:
        """At most as many columns as are drawn, 0 to 255."""
        count = min(PEAKS, len(self._loud))
        edges = [len(self._loud) * one // count for one in range(count + 1)] if count else []
        return [max(self._loud[a:b]) * 255 // 32768 if b > a else 0 for a, b in itertools.pairwise(edges)]


def write(parts: list[Said], target: str) -> list[int]:
    _graph, sources, sink = graph_of([part["offset"] for part in parts])
    waveform, told = Waveform(), time.monotonic()
    with av.open(target, "w", format="webm") as file:
        stream: Any = file.add_stream("libopus", rate=RATE)
        stream.layout, stream.bit_rate = "mono", BITS
        for moment in fed(parts, sources):
            for frame in drained(sink):
                waveform.add(frame)
                file.mux(stream.encode(frame))
            if time.monotonic() - told >= 1 and moment != float("inf"):
                told = time.monotonic()
                say(seconds=moment)
        file.mux(stream.encode(None))
    return waveform.peaks()


def length_of(path: str) -> float:
    """As a player finds it: opened and decoded to its end."""
    samples = 0
    with av.open(path) as file:
        for frame in file.decode(audio=0):
            samples += frame.samples
    return samples / RATE


def measured(path: str) -> float:
    """Seconds in a file that a crash may have cut off; 0 for what cannot be read."""
    seconds = 0.0
    try:
        with av.open(path) as file:
            for packet in file.demux():
                if packet.pts is not None and packet.time_base is not None:
                    seconds = max(seconds, float((packet.pts + (packet.duration or 0)) * packet.time_base))
    except (OSError, av.FFmpegError):
        pass
    return seconds


def say(**members: Any) -> None:
    print(json.dumps(members), flush=True)


def main() -> None:
    os.nice(10)
    asked = json.load(sys.stdin)
    if "measure" in asked:
        return say(done=True, lengths=[measured(path) for path in asked["measure"]])
    peaks = write(asked["parts"], asked["target"])
    with open(asked["target"], "rb") as file:
        os.fsync(file.fileno())
    say(done=True, length=length_of(asked["target"]), peaks=peaks, size=os.path.getsize(asked["target"]))


if __name__ == "__main__":
    main()
