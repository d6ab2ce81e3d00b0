"""Digits, losses, the speaker, addresses and credentials: the small pure parts."""

import base64
import hashlib
import hmac
import struct
from pathlib import Path

import pytest

from realtime.calls.digits import Digits, keys_in
from realtime.calls.losses import ASK_FOR, STRANGE, Losses
from realtime.calls.ports import MediaSettings, ports_of
from realtime.calls.speaker import PATIENCE, Speaker
from realtime.calls.tap import starts_key
from realtime.calls.turn import ice_servers


def event(key: int, end: bool = False) -> bytes:
    return struct.pack("!BBH", key, 0x80 if end else 0, 960)


def test_a_key_counts_once_however_often_it_is_sent() -> None:
    digits, typed = Digits(), ""
    for at, key in enumerate((4, 7, 1, 1, 11)):
        for end in (False, False, True, True, True):
            typed += digits.feed(event(key, end), 1000 * at)
    assert typed == "4711#"


def test_a_key_whose_end_was_lost_counts_when_the_next_one_begins() -> None:
    digits = Digits()
    assert digits.feed(event(5), 100) == ""
    assert digits.feed(event(6), 900) == "5"
    assert digits.feed(event(6, True), 900) == "6"
    assert digits.feed(event(6, True), 900) == ""


@pytest.mark.parametrize("payload", [b"", b"\x01", event(16, True), event(255, True)])
def test_what_is_no_key_is_nothing(payload: bytes) -> None:
    assert Digits().feed(payload, 1) == ""


def test_digits_of_the_data_channel() -> None:
    assert keys_in("12a#\n*D") == "12#*D"
    assert keys_in("1" * 1000) == "1" * 32
    assert keys_in(b"12") == ""


def test_losses_are_noticed_asked_for_and_forgiven() -> None:
    losses = Losses()
    assert all(losses.came(number & 0xFFFF, 1.0) for number in (65534, 65535, 0, 3))
    assert losses.worth_asking(1.1) == [1, 2]
    assert losses.came(1, 1.2) and not losses.came(1, 1.2)
    assert losses.worth_asking(1.0 + ASK_FOR - 0.01) == [2]
    assert losses.worth_asking(1.0 + ASK_FOR) == []
    report = losses.report(7, 2.0)
    assert (report.packets_lost, report.highest_sequence) == (1, 0x10003)
    assert losses.fraction == 256 // 6


def test_a_source_that_counts_anew_is_followed() -> None:
    losses = Losses()
    for number in range(10_000, 10_010):
        losses.came(number, 0.0)
    assert [losses.came(number, 0.0) for number in range(50_000, 50_000 + STRANGE)].count(True) == 1
    assert losses.came(50_000 + STRANGE, 0.0)


def test_the_speaker_is_who_is_loudest_for_long_enough() -> None:
    speaker, now = Speaker(), 0.0
    for _ in range(8):
        now += 0.25
        who = speaker.look({1: 110.0, 2: 20.0}, now)
    assert who == 1
    assert speaker.look({1: 110.0, 2: 125.0}, now + 0.25) == 1, "a cough does not turn the screen"
    for _ in range(8):
        now += 0.25
        who = speaker.look({1: 10.0, 2: 110.0}, now)
    assert who == 2
    end = now + PATIENCE
    while now < end + 3:
        now += 0.25
        who = speaker.look({1: 5.0, 2: 5.0}, now)
    assert who is None
    assert speaker.look({}, now) is None


@pytest.mark.parametrize(
    ("payload", "is_key"),
    [
        (b"\x10\x00", True),
        (b"\x10\x01", False),
        (b"\x00\x00", False),
        (b"\x11\x00", False),
        (b"\x90\x80\x05\x00", True),
        (b"\x90\x80\x85\x01\x00", True),
        (b"\x90\xf0\x85\x01\x07\x20\x00", True),
        (b"\x90\xf0\x85\x01\x07\x20\x01", False),
        (b"\x90", False),
        (b"\x90\x80", False),
        (b"", False),
    ],
)
def test_where_a_picture_can_begin(payload: bytes, is_key: bool) -> None:
    assert starts_key(payload) is is_key


def test_credentials_of_the_relay_end_and_name_the_participant() -> None:
    settings = MediaSettings(
        Path("x"), turn_url="turn:t.example.org:3478?transport=udp, turn:t.example.org", turn_secret="s"
    )
    (server,) = ice_servers(settings, "room.7", 1_000_000.0)
    assert server["urls"] == ["turn:t.example.org:3478?transport=udp", "turn:t.example.org"]
    assert server["username"] == "1003600:room.7"
    assert server["credential"] == base64.b64encode(hmac.digest(b"s", b"1003600:room.7", hashlib.sha1)).decode()
    assert ice_servers(MediaSettings(Path("x")), "room.7", 0.0) == []
    assert "turn_secret" not in repr(settings)


@pytest.mark.parametrize("text", ["1", "40000", "40100-40000", "80-90000", "40000-40003", "a-b", "100-200"])
def test_a_range_of_ports_is_checked(text: str) -> None:
    with pytest.raises(ValueError):
        ports_of(text)


def test_a_good_range_of_ports() -> None:
    assert ports_of("40000-40009") == (40000, 40009)
    assert ports_of("") is None
