"""The server speaks, and keys are typed: while others are forwarded, by sound and by the data channel."""

import asyncio
import struct
import wave
from itertools import pairwise
from pathlib import Path

from aiortc.rtp import RtpPacket

from realtime.calls.inside import EVENTS
from realtime.calls.lines import Line
from realtime.calls.ports import Clip, Digit, Spoken
from realtime.calls.tap import Packet, Tap
from tests.realtime.calls.conftest import everybody_hears
from tests.realtime.calls.scripted import Caller, Table, opus
from tests.realtime.calls.test_sfu import seated
from tests.realtime.fakes import until


async def test_the_announcer_speaks_while_two_are_forwarded_and_a_third_types(table: Table, tmp_path: Path) -> None:
    await seated(table, 1, 2, 3)
    await everybody_hears(table, 1, 2, 3)
    table.sfu.play(Clip("greeting", str(tone(tmp_path / "greeting.wav")), to=3, stops_on_digit=True, repeats=True))
    assert table.sfu.speaks
    await until(lambda: table.callers[3].voice().packets >= 20)
    assert not table.callers[1].voice().packets
    await asyncio.gather(everybody_hears(table, 1, 2, 3), press(table.callers[3], "4711#"))
    await until(lambda: len(table.told(Digit)) >= 5)
    assert "".join(fact.digit for fact in table.told(Digit)) == "4711#"
    assert {fact.participant for fact in table.told(Digit)} == {3}
    await until(lambda: table.told(Spoken))
    assert table.told(Spoken)[0].how == "digit"
    assert not table.sfu.speaks
    await everybody_hears(table, 1, 2, 3, more=30)
    assert set(table.callers[1].of(3, "audio").payloads) <= set(opus()), "keys are heard by nobody"


def test_keys_leave_no_hole_in_the_numbers_of_the_sound() -> None:
    class Sink:
        def __init__(self) -> None:
            self.numbers: list[int] = []

        def take(self, packet: Packet) -> None:
            self.numbers.append(packet.sequence_number)

    class Pipe:
        def listen(self, *words: object) -> None:
            return

    tap, sink, typed = Tap("audio", 1, lambda key: typed.append(key)), Sink(), []  # type: ignore[var-annotated]
    tap.negotiated(Line((96,), {}, frozenset({110}), (), "0", ""), Pipe())  # type: ignore[arg-type]
    tap.add(sink)
    for number in range(65_500, 65_600):
        is_event = number % 10 in (3, 4, 5)
        payload = struct.pack("!BBH", 7, 0x80 if number % 10 > 3 else 0, 960) if is_event else b"sound"
        stamp = number // 10 * 10_000 if is_event else number * 960
        packet = RtpPacket(
            payload_type=110 if is_event else 96, sequence_number=number & 0xFFFF, timestamp=stamp, ssrc=7
        )
        packet.payload = payload
        tap.rtp(packet.serialize(), 1.0)
    assert len(sink.numbers) == 70 and typed == ["7"] * 10
    assert all((after - before) & 0xFFFF == 1 for before, after in pairwise(sink.numbers))


async def press(caller: Caller, keys: str) -> None:
    """Telephone-events among the sound, as a browser sends them: the end three times."""
    assert caller.connection is not None
    sender = caller.connection.getTransceivers()[0].sender
    codec_type = EVENTS[48000][0]
    for number, key in enumerate(keys):
        for end in (False, False, True, True, True):
            payload = struct.pack("!BBH", "0123456789*#ABCD".index(key), 0x8A if end else 0x0A, 960)
            await say_event(sender, codec_type, payload, 480_000 + number * 9600)
        await asyncio.sleep(0)


async def say_event(sender: object, type_: int, payload: bytes, timestamp: int) -> None:
    """One event in the numbering of the sender's own packets: the next sound is numbered after it."""
    waiting = asyncio.get_running_loop().create_future()
    original = sender.transport._send_rtp  # type: ignore[attr-defined]
    sent = vars(sender).setdefault("events_sent", 0)

    async def send(data: bytes) -> None:
        if not waiting.done() and data[1] & 127 == 96:
            shift = vars(sender)["events_sent"]
            number = (int.from_bytes(data[2:4], "big") + shift) & 0xFFFF
            event = RtpPacket(
                payload_type=type_, sequence_number=number, timestamp=timestamp, ssrc=sender._ssrc, payload=payload
            )  # type: ignore[attr-defined]
            await original(event.serialize())
            vars(sender)["events_sent"] = shift + 1
            waiting.set_result(None)
        await original(renumbered(data, vars(sender)["events_sent"]))

    del sent
    vars(sender.transport).setdefault("plain_send", original)  # type: ignore[attr-defined]
    plain = vars(sender.transport)["plain_send"]  # type: ignore[attr-defined]
    original = plain
    vars(sender.transport)["_send_rtp"] = send  # type: ignore[attr-defined]
    await waiting


def renumbered(data: bytes, shift: int) -> bytes:
    if data[1] & 127 != 96 or 192 <= data[1] <= 208:
        return data
    return data[:2] + ((int.from_bytes(data[2:4], "big") + shift) & 0xFFFF).to_bytes(2, "big") + data[4:]


def tone(path: Path, seconds: float = 0.5) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16000)
        file.writeframes(b"".join(struct.pack("<h", (at % 40 - 20) * 400) for at in range(int(16000 * seconds))))
    return path


async def test_a_clip_for_all_ends_by_itself_and_a_strange_file_says_so(table: Table, tmp_path: Path) -> None:
    await seated(table, 1, 2, video=False)
    table.sfu.play(Clip("notice", str(tone(tmp_path / "notice.wav", 0.3))))
    await until(lambda: table.told(Spoken))
    assert table.told(Spoken)[0].how == "ended"
    assert all(caller.voice().packets >= 10 for caller in table.callers.values())
    (tmp_path / "no.wav").write_bytes(b"nothing of the kind")
    table.sfu.play(Clip("broken", str(tmp_path / "no.wav")))
    await until(lambda: len(table.told(Spoken)) == 2)
    assert table.told(Spoken)[1].how == "failed"
    table.sfu.play(Clip("long", str(tone(tmp_path / "long.wav")), repeats=True))
    await until(lambda: table.callers[1].voice().packets >= 30)
    table.sfu.hush(None)
    await until(lambda: len(table.told(Spoken)) == 3)
    assert table.told(Spoken)[2].how == "stopped"


async def test_digits_by_the_data_channel(table: Table) -> None:
    await seated(table, 1, video=False)
    caller = table.callers[1]
    await until(lambda: caller.channel is not None and caller.channel.readyState == "open")
    caller.channel.send("4711#")
    await until(lambda: len(table.told(Digit)) == 5)
    assert "".join(fact.digit for fact in table.told(Digit)) == "4711#"
