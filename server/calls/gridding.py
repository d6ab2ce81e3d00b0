"""Puts recorded pictures beside each other in one video, in a process of its own: `python -m server.calls.gridding`.

It reads what to show as JSON, says how far it is once a second, and at last the length it found in the file."""

import fractions
import heapq
import itertools
import json
import math
import os
import sys
import time
from collections.abc import Iterator
from typing import Any

import av
from av.filter import Graph

from server.calls.mixing import Said, length_of, say

WIDTH, HEIGHT, FPS = 1280, 720, 15
TICK = fractions.Fraction(1, FPS)
MILLISECOND = fractions.Fraction(1, 1000)
BACK = "0x17191e"  # behind pictures that do not fill their place
STALE = 3.0  # seconds after which a picture is no longer one of now: the camera is off
BITS = 1_200_000
PLAIN = av.VideoFormat("yuv420p")
QUICK = {"deadline": "realtime", "cpu-used": "8", "g": str(5 * FPS), "lag-in-frames": "0"}


def places(count: int) -> tuple[int, int, list[tuple[int, int]]]:
    """Width and height of a tile, and where each stands; the last row is in the middle."""
    columns = math.ceil(math.sqrt(count))
    rows = math.ceil(count / columns)
    wide, high = WIDTH // columns // 2 * 2, HEIGHT // rows // 2 * 2
    found = []
    for number in range(count):
        row, column = divmod(number, columns)
        in_row = min(columns, count - row * columns)
        found.append(((WIDTH - in_row * wide) // 4 * 2 + column * wide, (HEIGHT - rows * high) // 4 * 2 + row * high))
    return wide, high, found


def frames_of(parts: list[Said]) -> Iterator[tuple[float, Any]]:
    """(moment, picture) of one person's parts, in order; what a crash has cut off ends early."""
    yield from heapq.merge(*(_frames_of_part(part) for part in parts), key=lambda found: found[0])


def _frames_of_part(part: Said) -> Iterator[tuple[float, Any]]:
    with av.open(part["path"]) as file:
        try:
            for frame in file.decode(video=0):
                yield part["offset"] + float(frame.time or 0.0), frame
        except (av.error.EOFError, av.error.InvalidDataError):
            return


class Tile:
    """One person's place: the picture of each moment, as large as fits in it, whatever size it came in."""

    def __init__(self, parts: list[Said], wide: int, high: int) -> None:
        self._frames = frames_of(parts)
        self._next = next(self._frames, None)
        self._size = wide, high
        self._from: tuple[int, int] | None = None
        self._graph: Any = None
        self._seen = -STALE
        self._blank = self._shown = blank(wide, high)

    def at(self, moment: float) -> Any:
        newest = None
        while self._next is not None and self._next[0] <= moment:
            self._seen, newest = self._next
            self._next = next(self._frames, None)
        if newest is not None:
            self._shown = self._fitted(newest)
        return self._shown if moment - self._seen < STALE else self._blank

    def _fitted(self, frame: Any) -> Any:
        if self._from != (frame.width, frame.height):
            self._from = frame.width, frame.height
            self._graph = fitting(frame, *self._size)
        self._graph.push(frame)
        return self._graph.pull()


def fitting(frame: Any, wide: int, high: int) -> Graph:
    graph = Graph()
    source = graph.add_buffer(width=frame.width, height=frame.height, format=frame.format, time_base=MILLISECOND)
    ways = [
        graph.add("scale", f"{wide}:{high}:force_original_aspect_ratio=decrease:force_divisible_by=2"),
        graph.add("pad", f"{wide}:{high}:(ow-iw)/4*2:(oh-ih)/4*2:color={BACK}"),
        graph.add("setsar", "1"),
        graph.add("format", "yuv420p"),
        graph.add("buffersink"),
    ]
    for one, other in itertools.pairwise([source, *ways]):
        one.link_to(other)
    graph.configure()
    return graph


def blank(wide: int, high: int) -> Any:
    graph = Graph()
    ways = [
        graph.add("color", f"c={BACK}:s={wide}x{high}:r=1:d=1"),
        graph.add("format", "yuv420p"),
        graph.add("buffersink"),
    ]
    for one, other in itertools.pairwise(ways):
        one.link_to(other)
    graph.configure()
    return ways[-1].pull()


class Wall:
    """All tiles at one moment as one picture."""

    def __init__(self, tiles: list[list[Said]]) -> None:
        wide, high, where = places(len(tiles))
        self._tiles = [Tile(parts, wide, high) for parts in tiles]
        self._graph, count = Graph(), len(tiles)
        self._sources = [
            self._graph.add_buffer(width=wide, height=high, format=PLAIN, time_base=TICK, name=f"in{number}")
            for number in range(count)
        ]
        self._sink = self._graph.add("buffersink")
        canvas = self._graph.add("pad", f"{WIDTH}:{HEIGHT}:0:0:color={BACK}")
        if count > 1:
            layout = "|".join(f"{x}_{y}" for x, y in where)
            stack = self._graph.add("xstack", f"inputs={count}:layout={layout}:fill={BACK}")
            for number, source in enumerate(self._sources):
                source.link_to(stack, 0, number)
            stack.link_to(canvas)
        else:
            self._sources[0].link_to(canvas)
        canvas.link_to(self._sink)
        self._graph.configure()

    def at(self, tick: int) -> Any:
        for tile, source in zip(self._tiles, self._sources, strict=True):
            frame = tile.at(tick / FPS)
            frame.pts, frame.time_base = tick, TICK
            source.push(frame)
        return self._sink.pull()


class Sound:
    """The mix, packed as it is, from its moment on."""

    def __init__(self, sound: Said | None, target: Any) -> None:
        self._file = av.open(sound["path"]) if sound is not None else None
        self._offset = sound["offset"] if sound is not None else 0.0
        self._target = target
        if self._file is not None:
            self._stream = target.add_stream_from_template(self._file.streams.audio[0])
            self._packets = (packet for packet in self._file.demux(audio=0) if packet.pts is not None)
            self._next: Any = next(self._packets, None)

    def until(self, moment: float) -> None:
        if self._file is None:
            return
        while self._next is not None and float(self._next.pts * self._next.time_base) + self._offset <= moment:
            packet = self._next
            packet.pts = packet.dts = packet.pts + round(self._offset / packet.time_base)
            packet.stream = self._stream
            self._target.mux(packet)
            self._next = next(self._packets, None)

    def close(self) -> None:
        self.until(math.inf)
        if self._file is not None:
            self._file.close()


def write(asked: Said) -> None:
    wall, told, ticks = Wall(asked["tiles"]), time.monotonic(), math.ceil(asked["length"] * FPS)
    with av.open(asked["target"], "w", format="webm") as file:
        stream: Any = file.add_stream("libvpx", rate=FPS, options=QUICK)
        stream.width, stream.height, stream.pix_fmt, stream.bit_rate = WIDTH, HEIGHT, "yuv420p", BITS
        sound = Sound(asked["sound"], file)
        for tick in range(ticks):
            file.mux(stream.encode(wall.at(tick)))
            sound.until(tick / FPS)
            if time.monotonic() - told >= 1:
                told = time.monotonic()
                say(seconds=tick / FPS)
        file.mux(stream.encode(None))
        sound.close()


def seen_length(path: str) -> float:
    """As a player finds it: opened and decoded to its end."""
    with av.open(path) as file:
        return sum(1 for _frame in file.decode(video=0)) / FPS


def main() -> None:
    os.nice(10)
    asked = json.load(sys.stdin)
    write(asked)
    with open(asked["target"], "rb") as file:
        os.fsync(file.fileno())
    if asked["sound"] is not None and length_of(asked["target"]) < length_of(asked["sound"]["path"]) - 0.5:
        sys.exit("the sound did not come along")
    say(done=True, length=seen_length(asked["target"]), peaks=[], size=os.path.getsize(asked["target"]))


if __name__ == "__main__":
    main()
