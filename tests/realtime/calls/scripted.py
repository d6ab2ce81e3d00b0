"""Participants without a browser: aiortc peers that send packets encoded once, and count what they get."""

import asyncio
import fractions
import functools
import math
import random
from array import array
from collections import defaultdict
from typing import Any

import av
from aiortc import MediaStreamTrack, RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.rtcconfiguration import RTCBundlePolicy

from realtime.calls.recorder import picture_size

FPS = 20


@functools.cache
def vp8(
    width: int = 320, height: int = 240, frames: int = 20, every: int = 10, rate: int = 400_000
) -> tuple[bytes, ...]:
    """Moving noise as VP8 frames, a key frame `every` so many."""
    encoder = av.CodecContext.create("libvpx", "w")
    encoder.width, encoder.height, encoder.pix_fmt = width, height, "yuv420p"
    encoder.time_base, encoder.framerate, encoder.bit_rate = fractions.Fraction(1, FPS), fractions.Fraction(FPS), rate
    encoder.gop_size = every
    encoder.options = {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0"}
    noise = random.Random(7).randbytes(width * height * 2)
    data: list[bytes] = []
    for number in range(frames):
        frame = av.VideoFrame(width, height, "yuv420p")
        for plane in frame.planes:
            plane.update(noise[number * 64 : number * 64 + plane.buffer_size])
        frame.pts = number
        data += [bytes(packet) for packet in encoder.encode(frame)]
    data += [bytes(packet) for packet in encoder.encode(None)]
    return tuple(data)


@functools.cache
def opus(frames: int = 50) -> tuple[bytes, ...]:
    encoder = av.CodecContext.create("libopus", "w")
    encoder.sample_rate, encoder.layout, encoder.format = 48000, "mono", "s16"
    data: list[bytes] = []
    for number in range(frames):
        tone = array("h", (int(12000 * math.sin((number * 960 + at) * 0.0576)) for at in range(960)))
        frame = av.AudioFrame(format="s16", layout="mono", samples=960)
        frame.planes[0].update(tone.tobytes())
        frame.sample_rate, frame.pts = 48000, number * 960
        data += [bytes(packet) for packet in encoder.encode(frame)]
    return tuple(data)


class Replay(MediaStreamTrack):
    """Encoded packets in time, over and over."""

    def __init__(self, kind: str, packets: tuple[bytes, ...]) -> None:
        super().__init__()
        self.kind = kind
        self.packets = packets
        self.paused = False
        self._number, self._due = 0, 0.0
        self._beat = 0.02 if kind == "audio" else 1 / FPS
        self._rate = fractions.Fraction(1, 48000 if kind == "audio" else 90000)

    async def recv(self) -> av.Packet:
        loop = asyncio.get_running_loop()
        self._due = max(self._due + self._beat, loop.time() - 0.5) if self._due else loop.time()
        await asyncio.sleep(max(0.0, self._due - loop.time()))
        while self.paused:
            await asyncio.sleep(0.01)
        packet = av.Packet(self.packets[self._number % len(self.packets)])
        packet.time_base = self._rate
        packet.pts = packet.dts = int(self._number * self._beat * self._rate.denominator)
        self._number += 1
        return packet


class Heard:
    """What came on one line, in the place of aiortc's jitter buffer. `sizes`: of the key frames that began."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.packets = self.keys = self.bytes = 0
        self.numbers: list[int] = []
        self.payloads: list[bytes] = []
        self.sizes: list[tuple[int, int]] = []

    def add(self, packet: Any) -> tuple[bool, None]:
        self.packets += 1
        self.bytes += len(packet.payload)
        self.numbers = [*self.numbers[-500:], packet.sequence_number]
        self.payloads = [*self.payloads[-200:], packet.payload]
        size = picture_size(packet._data) if self.kind == "video" and packet.payload[0] & 0x10 else None
        if size is not None:
            self.keys += 1
            self.sizes.append(size)
        return False, None


class Caller:
    """One browser, as far as the server can tell."""

    def __init__(
        self, *, video: bool = True, width: int = 320, height: int = 240, ice: RTCConfiguration | None = None
    ) -> None:
        self.ice = ice or RTCConfiguration(iceServers=[], bundlePolicy=RTCBundlePolicy.MAX_BUNDLE)
        self.audio = Replay("audio", opus())
        self.camera = Replay("video", vp8(width, height)) if video else None
        self.screen: Replay | None = None
        self.connection: RTCPeerConnection | None = None
        self.connections: list[RTCPeerConnection] = []
        self.lines: dict[str, dict[str, Any]] = {}
        self.heard: dict[str, Heard] = {}
        self.offers = 0
        self.media_lines: list[int] = []
        self.channel: Any = None

    async def answer(self, frame: dict[str, Any]) -> str:
        """Take an offer as the page does; the answer's description."""
        if frame["fresh"] or self.connection is None:
            self.connection = RTCPeerConnection(self.ice)
            self.connections.append(self.connection)
            self.connection.on("datachannel", self._opened)
            self.heard = {}
        connection = self.connection
        self.offers += 1
        self.lines = frame["lines"]
        self.media_lines.append(frame["sdp"].count("\r\nm="))
        await connection.setRemoteDescription(RTCSessionDescription(frame["sdp"], "offer"))
        for transceiver in connection.getTransceivers():
            line = self.lines.get(transceiver.mid or "", {})
            if line.get("own"):
                transceiver.direction = "sendrecv" if line["source"] == "audio" else "sendonly"
                transceiver.sender.replaceTrack(getattr(self, line["source"]))
            if transceiver.mid not in self.heard:
                heard = self.heard[transceiver.mid or ""] = Heard(transceiver.kind)
                assert "_RTCRtpReceiver__jitter_buffer" in vars(transceiver.receiver)
                vars(transceiver.receiver)["_RTCRtpReceiver__jitter_buffer"] = heard
        await connection.setLocalDescription(await connection.createAnswer())
        return connection.localDescription.sdp

    def _opened(self, channel: Any) -> None:
        self.channel = channel

    def show(self, source: str, track: Replay | None) -> None:
        """Camera or screen on and off, without another offer."""
        setattr(self, source, track)
        assert self.connection is not None
        for transceiver in self.connection.getTransceivers():
            line = self.lines.get(transceiver.mid or "", {})
            if line.get("own") and line["source"] == source:
                transceiver.sender.replaceTrack(track)

    def of(self, who: int, source: str) -> Heard:
        """What came of somebody's line so far; an empty one before it has a place."""
        for mid, line in self.lines.items():
            if line["who"] == who and line["source"] == source and not line.get("own"):
                return self.heard.get(mid) or Heard(line["source"])
        return Heard("audio" if source == "audio" else "video")

    def voice(self) -> Heard:
        """The server's own: it comes on the own line of sound."""
        return next(
            self.heard[mid] for mid, line in self.lines.items() if line.get("own") and line["source"] == "audio"
        )

    async def close(self) -> None:
        for connection in self.connections:
            await connection.close()


class Table:
    """One Sfu and callers around it, without rooms or sockets: a Told of media.py."""

    def __init__(self) -> None:
        self.sfu: Any = None
        self.callers: dict[int, Caller] = {}
        self.connected_: dict[int, int] = {}
        self.failures: dict[int, str] = {}
        self.facts: list[Any] = []
        self.silent: set[int] = set()  # who does not answer
        self.frames: dict[int, list[dict[str, Any]]] = defaultdict(list)
        self._tasks: set[asyncio.Task[None]] = set()

    def offered(self, who: int, frame: dict[str, Any]) -> None:
        self.frames[who].append(frame)
        if who in self.callers and who not in self.silent:
            task = asyncio.create_task(self._answer(who, frame))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _answer(self, who: int, frame: dict[str, Any]) -> None:
        self.sfu.answered(who, frame["round"], await self.callers[who].answer(frame))

    def connected(self, who: int, round_: int) -> None:
        self.connected_[who] = round_

    def failed(self, who: int, round_: int, why: str) -> None:
        self.failures[who] = why

    def noted(self, fact: Any) -> None:
        self.facts.append(fact)

    def told(self, kind: type[Any]) -> list[Any]:
        return [fact for fact in self.facts if type(fact) is kind]

    async def close(self) -> None:
        await self.sfu.close()
        if self._tasks:
            await asyncio.wait(self._tasks)
        for caller in self.callers.values():
            await caller.close()


__all__ = ["Caller", "Heard", "Replay", "Table", "opus", "vp8"]
