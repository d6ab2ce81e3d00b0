"""The traps of aiortc: when an upgrade moves a private name that inside.py, addresses.py or cipher.py use, this fails."""

import importlib.metadata
import inspect
import subprocess
import sys

import aioice.ice
import aiortc.codecs
import pylibsrtp
import pytest
from aiortc import RTCConfiguration, RTCPeerConnection
from aiortc.rtcconfiguration import RTCBundlePolicy
from aiortc.rtcdtlstransport import RTCDtlsTransport
from aiortc.rtcrtpreceiver import RTCRtpReceiver
from aiortc.rtcrtpsender import RTCRtpSender

from realtime.calls.inside import AIORTC, ESTIMATOR, Pipe, extension, sources_of, take_over
from realtime.calls.lines import LEVEL, MID, SEND_TIME


def test_the_version_is_the_one_that_was_read() -> None:
    assert importlib.metadata.version("aiortc") == AIORTC


async def test_every_private_name_is_where_it_was() -> None:
    connection = RTCPeerConnection(RTCConfiguration(iceServers=[], bundlePolicy=RTCBundlePolicy.MAX_BUNDLE))
    transceiver = connection.addTransceiver("video")
    second = connection.addTransceiver("audio")
    dtls = transceiver.receiver.transport
    assert second.receiver.transport is dtls, "all lines share one transport"
    assert {"_rx_srtp", "_tx_srtp"} <= vars(dtls).keys()
    ice = dtls.transport._connection
    assert {"_nominated", "_queue", "_protocols"} <= vars(ice).keys()
    for name in ("data_received", "check_incoming", "get_component_candidates"):
        assert callable(getattr(ice, name)) and name not in vars(ice), "found on the class, replaced on the instance"
    assert all(isinstance(source, int) for source in sources_of(transceiver.sender))
    assert {"_stream_id", "_track_id"} <= vars(transceiver.sender).keys()
    assert {"_codecs", "_headerExtensions"} <= vars(transceiver).keys()
    assert vars(transceiver.receiver)[ESTIMATOR] is not None
    pipe = Pipe(connection, lambda: 0.0)
    assert pipe.stage == "answer"
    take_over(transceiver, None, None, pipe)
    assert vars(transceiver.receiver)[ESTIMATOR] is None, "its thousand objects are gone"
    await connection.close()


@pytest.mark.parametrize(
    ("owner", "name", "parameters"),
    [
        (RTCRtpReceiver, "receive", ["self", "parameters"]),
        (RTCRtpReceiver, "stop", ["self"]),
        (RTCRtpReceiver, "_handle_disconnect", ["self"]),
        (RTCRtpSender, "send", ["self", "parameters"]),
        (RTCRtpSender, "stop", ["self"]),
        (aioice.ice.Connection, "data_received", ["self", "data", "component"]),
        (aioice.ice.Connection, "check_incoming", ["self", "message", "addr", "protocol"]),
        (aioice.ice.Connection, "get_component_candidates", ["self", "component", "addresses", "timeout"]),
        (aioice.ice.StunProtocol, "datagram_received", ["self", "data", "addr"]),
    ],
)
def test_what_we_stand_in_for_is_asked_the_same_way(owner: type, name: str, parameters: list[str]) -> None:
    assert list(inspect.signature(getattr(owner, name)).parameters) == parameters


def test_where_aiortc_hands_packets_on() -> None:
    assert "_recv_next" in vars(RTCDtlsTransport), "the loop that reads what the pipe leaves to it"
    gathering = inspect.getsource(aioice.ice.Connection.gather_candidates)
    assert "self.get_component_candidates(component=component, addresses=addresses)" in gathering
    connecting = inspect.getsource(RTCPeerConnection._RTCPeerConnection__connect)  # type: ignore[attr-defined]
    assert "transceiver.sender.send(self.__localRtp(transceiver))" in connecting
    assert "transceiver.receiver.receive(" in connecting


def test_srtp_sessions_are_what_the_cipher_takes_them_for() -> None:
    from pylibsrtp._binding import ffi, lib

    assert {"srtp_protect", "srtp_unprotect"} <= set(dir(lib))
    policy = pylibsrtp.Policy(key=b"\x01" * 30, ssrc_type=pylibsrtp.Policy.SSRC_ANY_OUTBOUND)
    assert isinstance(pylibsrtp.Session(policy)._srtp[0], ffi.CData)


def test_the_cipher_and_the_session_understand_each_other() -> None:
    from realtime.calls.cipher import Cipher

    def session(direction: int) -> pylibsrtp.Session:
        return pylibsrtp.Session(pylibsrtp.Policy(key=b"\x01" * 30, ssrc_type=direction))

    out, into = pylibsrtp.Policy.SSRC_ANY_OUTBOUND, pylibsrtp.Policy.SSRC_ANY_INBOUND
    header, rest = b"\x80\x60\x00\x01\x00\x00\x00\x00\x00\x00\x00\x07", b"x" * 1000
    sealed = Cipher(session(out)).seal(header, rest)
    assert session(into).unprotect(sealed) == header + rest
    opener = Cipher(session(into))
    assert opener.open(sealed) == header + rest
    assert opener.open(sealed) == b"", "the same packet twice"
    assert opener.open(sealed[:-1] + b"\x00") == b""
    assert opener.open(b"x" * 5000) == b""


def test_ids_of_the_header_extensions() -> None:
    ids = {
        ext.uri.rsplit(":", 1)[-1].rsplit("/", 1)[-1]: ext.id
        for kind in ("audio", "video")
        for ext in aiortc.codecs.HEADER_EXTENSIONS[kind]
    }
    assert ids == {"mid": MID, "ssrc-audio-level": LEVEL, "abs-send-time": SEND_TIME}


@pytest.mark.parametrize(
    ("packet", "wanted", "found"),
    [
        (b"\x90" + bytes(11) + b"\xbe\xde\x00\x01\x10\x37\x20\x05", MID, b"7"),
        (b"\x90" + bytes(11) + b"\xbe\xde\x00\x01\x10\x37\x20\x05", LEVEL, b"\x05"),
        (b"\x90" + bytes(11) + b"\xbe\xde\x00\x01\x00\x00\x20\x05", LEVEL, b"\x05"),
        (b"\x90" + bytes(11) + b"\xbe\xde\x00\xff\x1f\x37", LEVEL, b""),
        (b"\x90" + bytes(11) + b"\xbe\xde", LEVEL, b""),
        (b"\x90" + bytes(11), LEVEL, b""),
        (b"\x80" + bytes(11) + b"\xbe\xde\x00\x01\x10\x37\x20\x05", LEVEL, b""),
        (b"\x9f" + bytes(11), LEVEL, b""),
    ],
)
def test_header_extensions_are_read_and_broken_ones_are_none(packet: bytes, wanted: int, found: bytes) -> None:
    assert extension(packet, wanted) == found


def test_starting_the_app_imports_no_media() -> None:
    program = (
        "import sys, server.main, realtime.calls.calls\n"
        "heavy = {name.split('.')[0] for name in sys.modules} & {'av', 'aiortc', 'aioice', 'pylibsrtp'}\n"
        "sys.exit(', '.join(heavy) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
