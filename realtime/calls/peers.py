"""One participant's connection: three lines in, as many out as others show something, and only the server offers."""

import asyncio
import logging
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Protocol

from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.rtcconfiguration import RTCBundlePolicy
from aiortc.rtcrtpparameters import RTCRtpCodecCapability
from aiortc.rtcrtpsender import RTCRtpSender
from aiortc.rtcrtptransceiver import RTCRtpTransceiver
from aiortc.rtp import RtcpRrPacket
from aiortc.sdp import candidate_from_sdp

from realtime.calls.addresses import NoAddress, bind_within, is_hidden, with_public, without_hidden
from realtime.calls.digits import keys_in
from realtime.calls.inside import Pipe, label, sources_of, take_over
from realtime.calls.ports import SOURCES, MediaSettings, Source
from realtime.calls.sender import Sender
from realtime.calls.tap import Tap

log = logging.getLogger(__name__)
PATIENCE = 10.0  # seconds for the first answer, and then for a path
LATER = 30.0  # seconds for a later answer: a frozen tab is the room's business
CANDIDATES = 64  # of one connection
CHUNK = 1100  # bytes of reports in one datagram
CODECS = {"audio": ("audio/opus", "audio/telephone-event"), "video": ("video/vp8", "video/rtx")}


class Watcher(Protocol):
    """Whom a peer tells what becomes of it."""

    def offered(self, peer: "Peer", sdp: str) -> None: ...

    def connected(self, peer: "Peer") -> None: ...

    def failed(self, peer: "Peer", why: str) -> None: ...

    def pressed(self, peer: "Peer", key: str) -> None: ...

    def limited(self) -> None: ...


@dataclass(slots=True)
class Slot:
    """A line out. `who` None = free: its place in the description stays, and is used again."""

    transceiver: RTCRtpTransceiver
    sender: Sender
    who: int | None = None
    source: Source = "audio"


def kind_of(source: Source) -> str:
    return "audio" if source == "audio" else "video"


class Peer:
    """`round` is the room's count of this participant's connections, `offer` the number of the newest offer."""

    def __init__(self, who: int, round_: int, first_offer: int, settings: MediaSettings, watcher: Watcher) -> None:
        loop = asyncio.get_running_loop()
        self.who, self.round, self.first_offer, self.offer = who, round_, first_offer, first_offer - 1
        self.is_connected = False
        self.slots: list[Slot] = []
        self._settings, self._watcher = settings, watcher
        self._dirty = asyncio.Event()
        self._answer: asyncio.Future[str] = loop.create_future()
        self._candidates = 0
        self._closed = False
        self.connection = RTCPeerConnection(RTCConfiguration(iceServers=[], bundlePolicy=RTCBundlePolicy.MAX_BUNDLE))
        self._own: dict[Source, RTCRtpTransceiver] = {
            source: self._line(kind_of(source), "sendrecv" if source == "audio" else "recvonly") for source in SOURCES
        }
        self.pipe = Pipe(self.connection, loop.time)
        bind_within(self.pipe.candidates, settings)
        self.taps: dict[Source, Tap] = {source: self._tap(source) for source in SOURCES}
        self.voice = Sender("audio", sources_of(self._own["audio"].sender))
        for source, transceiver in self._own.items():
            take_over(transceiver, self.taps[source], self.voice if source == "audio" else None, self.pipe)
        label(self._own["audio"].sender, "voice", "voice")
        channel = self.connection.createDataChannel("digits")
        channel.on("message", self._typed)
        self.connection.on("connectionstatechange", self._state)
        self._timer = loop.call_later(PATIENCE, self._late)
        self._task = asyncio.create_task(self._negotiate())
        self._dirty.set()

    # --- lines

    def _line(self, kind: str, direction: str) -> RTCRtpTransceiver:
        transceiver = self.connection.addTransceiver(kind, direction=direction)
        transceiver.setCodecPreferences(preferred(kind))
        return transceiver

    def _tap(self, source: Source) -> Tap:
        own, _ = sources_of(self._own[source].sender)
        return Tap(kind_of(source), own, lambda key: self._watcher.pressed(self, key))

    def show(self, wanted: Collection[tuple[int, Source]]) -> None:
        """Make the lines out those of these people and sources; an offer follows when that changes anything."""
        missing, changed = set(wanted), False
        for slot in self.slots:
            if slot.who is not None and (slot.who, slot.source) in missing:
                missing.discard((slot.who, slot.source))
            elif slot.who is not None:
                slot.who, slot.transceiver.direction, changed = None, "inactive", True
                slot.sender.attach(None)
        for who, source in sorted(missing):
            self._give(who, source)
        if changed or missing:
            self._dirty.set()

    def _give(self, who: int, source: Source) -> None:
        kind = kind_of(source)
        slot = next((slot for slot in self.slots if slot.who is None and slot.sender.kind == kind), None)
        if slot is None:
            transceiver = self._line(kind, "sendonly")
            slot = Slot(transceiver, Sender(kind, sources_of(transceiver.sender), self._watcher.limited))
            take_over(transceiver, None, slot.sender, self.pipe)
            self.slots.append(slot)
        slot.who, slot.source, slot.transceiver.direction = who, source, "sendonly"
        stream = f"p{who}-screen" if source == "screen" else f"p{who}"  # voice and camera are kept in step
        label(slot.transceiver.sender, stream, f"p{who}-{source}")

    def lines(self) -> dict[str, dict[str, Any]]:
        """What each line of the newest offer is, by its mid."""
        lines: dict[str, dict[str, Any]] = {}
        for source, transceiver in self._own.items():
            lines[transceiver.mid or ""] = {"who": self.who, "source": source, "own": True}
        for slot in self.slots:
            if slot.who is not None and slot.transceiver.mid is not None:
                lines[slot.transceiver.mid] = {"who": slot.who, "source": slot.source}
        return lines

    # --- negotiation

    async def _negotiate(self) -> None:
        try:
            while True:
                await self._dirty.wait()
                self._dirty.clear()
                await self._round()
        except TimeoutError:
            self._fail("answer")
        except NoAddress as problem:
            log.error("%s", problem)
            self._fail(problem.why)
        except Exception:
            log.info("an answer of participant %d could not be used", self.who, exc_info=True)
            self._fail("answer")

    async def _round(self) -> None:
        await self.connection.setLocalDescription(await self.connection.createOffer())
        self.offer += 1
        self._answer = asyncio.get_running_loop().create_future()
        self._watcher.offered(self, with_public(self.connection.localDescription.sdp, self._settings.address))
        async with asyncio.timeout(LATER if self.is_connected else PATIENCE):
            sdp = await self._answer
        await self.connection.setRemoteDescription(RTCSessionDescription(without_hidden(sdp), "answer"))
        if not self.is_connected:
            self._timer.cancel()
            self._timer = asyncio.get_running_loop().call_later(PATIENCE, self._late)

    def answered(self, round_: int, sdp: str) -> None:
        if round_ == self.offer and not self._answer.done():
            self._answer.set_result(sdp)

    async def candidate(self, round_: int, line: str, mid: str | None) -> None:
        """A path the browser offers. Hidden names are left out: its own checks will show where it is."""
        if not line or round_ < self.first_offer or is_hidden(line) or self._candidates >= CANDIDATES or self._closed:
            return
        self._candidates += 1
        candidate = candidate_from_sdp(line.removeprefix("candidate:"))
        candidate.sdpMid = self._own["audio"].mid  # all lines are bundled into one
        try:
            await self._own["audio"].receiver.transport.transport.addRemoteCandidate(candidate)
        except ValueError:
            log.debug("a candidate of participant %d could not be used", self.who)

    # --- states

    def _state(self) -> None:
        if self.connection.connectionState == "connected" and not self.is_connected:
            self.is_connected = True
            self._timer.cancel()
            self._watcher.connected(self)
        elif self.connection.connectionState == "failed":
            self._fail("lost" if self.is_connected else self.pipe.stage)

    def _late(self) -> None:
        if not self.is_connected:
            self._fail(self.pipe.stage)

    def _fail(self, why: str) -> None:
        if not self._closed:
            self._timer.cancel()
            self._watcher.failed(self, why)

    def _typed(self, text: object) -> None:
        for key in keys_in(text):
            self._watcher.pressed(self, key)

    # --- reports

    def report(self, now: float) -> None:
        """Once a second: what we sent and when it was meant, and how what came in arrived."""
        if not self.is_connected:
            return
        parts = [sender.report(now) for sender in (self.voice, *(slot.sender for slot in self.slots))]
        own, _ = sources_of(self._own["audio"].sender)
        reports = [report for tap in self.taps.values() if (report := tap.report(now)) is not None]
        if reports:
            parts.append(bytes(RtcpRrPacket(ssrc=own, reports=reports)))
        chunk = b""
        for part in parts:
            if len(chunk) + len(part) > CHUNK:
                self.pipe.send_reports(chunk)
                chunk = b""
            chunk += part
        self.pipe.send_reports(chunk)

    async def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        self._timer.cancel()
        self._task.cancel()
        for sender in (self.voice, *(slot.sender for slot in self.slots)):
            sender.close()
        for tap in self.taps.values():
            tap.close()
        self.pipe.close()
        await asyncio.wait([self._task])
        await self.connection.close()


def preferred(kind: str) -> list[RTCRtpCodecCapability]:
    """VP8 with its retransmissions, Opus with keys; nothing else is offered."""
    codecs: list[RTCRtpCodecCapability] = RTCRtpSender.getCapabilities(kind).codecs
    return [codec for codec in codecs if codec.mimeType.lower() in CODECS[kind]]
