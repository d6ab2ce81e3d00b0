"""The one module that knows the private names of aiortc and aioice: media in and out without a task per packet.

Written for aiortc 1.16.0; tests/realtime/calls/test_inside.py fails when an upgrade moves what is used here.
Instances are changed, never classes: another user of aiortc in the process feels nothing of it.
"""

import struct
from collections.abc import Callable, Iterable
from typing import Any

import aiortc.codecs
from aiortc import RTCPeerConnection
from aiortc.rtcrtpparameters import RTCRtpCodecParameters, RTCRtpReceiveParameters, RTCRtpSendParameters
from aiortc.rtcrtpreceiver import RTCRtpReceiver
from aiortc.rtcrtpsender import RTCRtpSender
from aiortc.rtcrtptransceiver import RTCRtpTransceiver
from aiortc.rtp import RtcpPacket, RtcpPsfbPacket, RtcpRrPacket, RtcpRtpfbPacket, RtcpSrPacket, unpack_remb_fci
from pylibsrtp import Error as SrtpError

from realtime.calls.cipher import BIGGEST, Cipher
from realtime.calls.lines import MID, NOBODY, Ear, Line, Mouth, extension

AIORTC = "1.16.0"
WAITING = 256  # datagrams of a handshake that may wait for it
EVENTS = {48000: (110, "0-15"), 8000: (126, "0-16")}  # of telephone-event: type and keys, unlike by clock rate
PLI, FIR, APP, NACK = 1, 4, 15, 1
ESTIMATOR = "_RTCRtpReceiver__remote_bitrate_estimator"  # a thousand objects a line, which nobody would ask


def path_of(connection: RTCPeerConnection) -> Any:
    """aioice's connection of one that has a data channel alone, for whoever decides which addresses are offered."""
    assert connection.sctp is not None
    return connection.sctp.transport.transport._connection


class Pipe:
    """The packets of one peer connection, taken from its socket and written to it directly.

    `heard` is when something authentic came last: media, reports, or a check of the path.
    """

    def __init__(self, connection: RTCPeerConnection, clock: Callable[[], float]) -> None:
        self.clock = clock
        self.heard = 0.0
        self._dtls = connection.getTransceivers()[0].receiver.transport
        self._ice = self._dtls.transport._connection
        self._in: Cipher | None = None
        self._out: Cipher | None = None
        self._ears: dict[int, Ear] = {}
        self._by_mid: dict[bytes, Ear] = {}
        self._mouths: dict[int, Mouth] = {}
        self._check = self._ice.check_incoming
        vars(self._ice).update(data_received=self._datagram, check_incoming=self._checked)

    @property
    def candidates(self) -> Any:
        """aioice's connection, for whoever decides which addresses are offered."""
        return self._ice

    @property
    def stage(self) -> str:
        """How far it came: answer, path, secure or connected."""
        if self._dtls.state == "connected":
            return "connected"
        if self._dtls.transport.state == "new":
            return "answer"
        return "path" if self._dtls.transport.state in ("checking", "failed") else "secure"

    # --- in

    def _checked(self, message: Any, addr: Any, protocol: Any) -> None:
        self.heard = self.clock()
        self._check(message, addr, protocol)

    def _datagram(self, data: bytes, component: int) -> None:
        if data and 127 < data[0] < 192 and self._dtls._rx_srtp is not None:
            if len(data) >= 12:
                self._media(data)
        elif self._ice._queue.qsize() < WAITING:
            self._ice._queue.put_nowait((data, component))

    def _media(self, data: bytes) -> None:
        if 192 <= data[1] <= 208:
            self._reports(data)
            return
        cipher = self._in
        if cipher is None:
            cipher = self._in = Cipher(self._dtls._rx_srtp)
        plain = cipher.open(data)
        if not plain:
            return
        now = self.heard = self.clock()
        ssrc = int.from_bytes(plain[8:12], "big")
        ear = self._ears.get(ssrc) or self._by_its_mid(plain, ssrc)
        if ear is not None:
            ear.rtp(plain, now)

    def _by_its_mid(self, plain: bytes, ssrc: int) -> Ear | None:
        """A source the answer did not name says itself which line it belongs to."""
        ear = self._by_mid.get(extension(plain, MID))
        if ear is not None and len(self._ears) < 64:
            self._ears[ssrc] = ear
        return ear

    def _reports(self, data: bytes) -> None:
        try:
            packets = RtcpPacket.parse(self._dtls._rx_srtp.unprotect_rtcp(data))
        except (ValueError, SrtpError, struct.error, IndexError):
            return
        now = self.heard = self.clock()
        for packet in packets:
            if isinstance(packet, RtcpSrPacket | RtcpRrPacket):
                self._report(packet, now)
            elif isinstance(packet, RtcpRtpfbPacket) and packet.fmt == NACK:
                if (mouth := self._mouths.get(packet.media_ssrc)) is not None:
                    mouth.lost(packet.lost)
            elif isinstance(packet, RtcpPsfbPacket):
                self._feedback(packet)

    def _report(self, packet: RtcpSrPacket | RtcpRrPacket, now: float) -> None:
        if isinstance(packet, RtcpSrPacket) and (ear := self._ears.get(packet.ssrc)) is not None:
            ear.sender_report(packet.sender_info.ntp_timestamp, packet.sender_info.rtp_timestamp, now)
        for report in packet.reports:
            if (mouth := self._mouths.get(report.ssrc)) is not None:
                mouth.reported(report.fraction_lost)

    def _feedback(self, packet: RtcpPsfbPacket) -> None:
        if packet.fmt == APP:
            try:
                rate, sources = unpack_remb_fci(packet.fci)
            except (ValueError, struct.error, IndexError):
                return
            mouths = [mouth for ssrc in sources if (mouth := self._mouths.get(ssrc)) is not None and mouth.is_flowing]
            for mouth in mouths:
                mouth.can_take(rate // len(mouths))  # it is meant for all of them together
        elif (mouth := self._mouths.get(packet.media_ssrc)) is not None and packet.fmt in (PLI, FIR):
            mouth.wants_key()

    # --- out

    def send(self, header: bytes, rest: bytes) -> None:
        cipher = self._out
        if cipher is None:
            if self._dtls._tx_srtp is None:
                return
            cipher = self._out = Cipher(self._dtls._tx_srtp)
        pair = self._ice._nominated.get(1)
        if pair is None or len(rest) > BIGGEST - 12:
            return
        sealed = cipher.seal(header, rest)
        if sealed:
            pair.protocol.transport.sendto(sealed, pair.remote_addr)

    def send_reports(self, data: bytes) -> None:
        pair = self._ice._nominated.get(1)
        if pair is not None and self._dtls._tx_srtp is not None and data:
            pair.protocol.transport.sendto(self._dtls._tx_srtp.protect_rtcp(data), pair.remote_addr)

    # --- lines

    def listen(self, ear: Ear, sources: Iterable[int], mid: str) -> None:
        self._by_mid[mid.encode()] = ear
        for ssrc in sources:
            self._ears[ssrc] = ear

    def speak(self, mouth: Mouth, ssrc: int) -> None:
        self._mouths[ssrc] = mouth

    def close(self) -> None:
        """No packet goes anywhere any more; what listened may be forgotten."""
        self._ears.clear()
        self._by_mid.clear()
        self._mouths.clear()


def _line(parameters: RTCRtpReceiveParameters | RTCRtpSendParameters) -> Line:
    media: list[int] = []
    again: dict[int, int] = {}
    events: set[int] = set()
    for codec in parameters.codecs:
        type_, original = int(codec.payloadType or 0), codec.parameters.get("apt")
        match codec.name.lower():
            case "vp8" | "opus":
                media.append(type_)
            case "rtx" if isinstance(original, int):
                again[type_] = original
            case "telephone-event":
                events.add(type_)
    sources: list[int] = []
    if isinstance(parameters, RTCRtpReceiveParameters):
        for encoding in parameters.encodings:
            sources += [int(each.ssrc) for each in (encoding, encoding.rtx) if each and each.ssrc is not None]
    mid, cname = parameters.muxId, parameters.rtcp.cname or ""
    return Line(tuple(media), again, frozenset(events), tuple(sources), mid, cname)


class _Receiver(RTCRtpReceiver):
    """No decoder, no thread: packets go to the ear."""

    ear: Ear
    pipe: Pipe

    async def receive(self, parameters: RTCRtpReceiveParameters) -> None:
        self.ear.negotiated(_line(parameters), self.pipe)

    async def stop(self) -> None:
        return

    def _handle_disconnect(self) -> None:
        return


class _Sender(RTCRtpSender):
    """No encoder, no task: packets come from the mouth."""

    mouth: Mouth
    pipe: Pipe

    async def send(self, parameters: RTCRtpSendParameters) -> None:
        self.mouth.negotiated(_line(parameters), self.pipe)

    async def stop(self) -> None:
        return


def take_over(transceiver: RTCRtpTransceiver, ear: Ear | None, mouth: Mouth | None, pipe: Pipe) -> None:
    """Put our ear and our mouth in the place of the transceiver's receiver and sender."""
    transceiver.receiver.__class__, transceiver.sender.__class__ = _Receiver, _Sender
    vars(transceiver.receiver).update(ear=ear or NOBODY, pipe=pipe, **{ESTIMATOR: None})
    vars(transceiver.sender).update(mouth=mouth or NOBODY, pipe=pipe)


def sources_of(sender: RTCRtpSender) -> tuple[int, int]:
    """What our line is called in the offer: its source, and that of what is sent again."""
    return sender._ssrc, sender._rtx_ssrc


def label(sender: RTCRtpSender, stream: str, track: str) -> None:
    """Names in the offer: lines of one stream are kept in step by the browser."""
    sender._stream_id, sender._track_id = stream, track


def offer_digits() -> None:
    """Let offers name telephone-event; before the first connection is made."""
    audio = aiortc.codecs.CODECS["audio"]
    if not any(codec.name == "telephone-event" for codec in audio):
        for rate, (type_, keys) in EVENTS.items():
            audio.append(
                RTCRtpCodecParameters(
                    mimeType="audio/telephone-event",
                    clockRate=rate,
                    channels=1,
                    payloadType=type_,
                    parameters={keys: None},
                )
            )
