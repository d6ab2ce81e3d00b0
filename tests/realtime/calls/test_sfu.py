"""Media among scripted callers: who gets whose packets, after whatever happens."""

import asyncio
import gc
import os
import struct
import threading
import wave
from itertools import pairwise
from pathlib import Path

import pytest

from realtime.calls.addresses import with_public, without_hidden
from realtime.calls.inside import EVENTS
from realtime.calls.people import Plan
from realtime.calls.ports import Clip, Digit, MediaSettings, Spoken
from realtime.calls.recorder import Writer
from realtime.calls.sfu import FLOOR, Sfu
from tests.realtime.calls.conftest import everybody_hears, plan
from tests.realtime.calls.scripted import Caller, Replay, Table, opus, vp8
from tests.realtime.fakes import settled, until


def sit(table: Table, *people: int, video: bool = True) -> None:
    for who in people:
        table.callers.setdefault(who, Caller(video=video))


async def seated(table: Table, *people: int, video: bool = True) -> Table:
    sit(table, *people, video=video)
    shows = {who: frozenset({"camera"} if table.callers[who].camera else ()) for who in people}
    table.sfu.apply(plan(*people, shows=shows))
    await until(lambda: set(people) <= table.connected_.keys())
    assert not table.failures
    return table


async def test_three_hear_and_see_each_other(table: Table) -> None:
    await seated(table, 1, 2)
    await everybody_hears(table, 1, 2)
    await seated(table, 1, 2, 3)
    await everybody_hears(table, 1, 2, 3)
    for viewer in (1, 2, 3):
        for who in {1, 2, 3} - {viewer}:
            heard = table.callers[viewer].of(who, "camera")
            await until(lambda heard=heard: heard.keys)
            assert heard.sizes[0] == (320, 240)


async def test_payloads_pass_as_they_are_and_numbers_follow_each_other(table: Table) -> None:
    await seated(table, 1, 2)
    await everybody_hears(table, 1, 2, more=40)
    heard = table.callers[2].of(1, "audio")
    assert set(heard.payloads) <= set(opus())
    assert all((after - before) & 0xFFFF == 1 for before, after in pairwise(heard.numbers))


async def test_sound_alone(table: Table) -> None:
    await seated(table, 1, 2, video=False)
    await everybody_hears(table, 1, 2)
    assert all(line["source"] == "audio" or line.get("own") for line in table.callers[1].lines.values())


async def test_lines_of_who_left_are_used_again(table: Table) -> None:
    await seated(table, 1, 2)
    await everybody_hears(table, 1, 2)
    for newcomer in range(3, 8):
        await seated(table, 1, 2, newcomer)
        await everybody_hears(table, 1, 2, newcomer)
        table.sfu.apply(plan(1, 2))
        await until(lambda newcomer=newcomer: all(line["who"] != newcomer for line in table.callers[1].lines.values()))
    assert max(table.callers[1].media_lines) <= 3 + 4 + 1


async def test_whoever_comes_back_replaces_itself_without_a_word_to_the_others(table: Table) -> None:
    await seated(table, 1, 2)
    await everybody_hears(table, 1, 2)
    offers = table.callers[1].offers
    table.sfu.apply(plan(1, 2, rounds={2: 2}))
    await until(lambda: table.connected_[2] == 2)
    assert table.frames[2][-1]["fresh"]
    await everybody_hears(table, 1, 2, more=20)
    assert table.callers[1].offers == offers
    numbers = table.callers[1].of(2, "audio").numbers
    gaps = [(after - before) & 0xFFFF for before, after in pairwise(numbers)]
    assert max(gaps) < 10, "another origin goes on with the same numbers"


async def test_what_was_there_flows_until_the_new_connection_stands(table: Table) -> None:
    await seated(table, 1, 2)
    await everybody_hears(table, 1, 2)
    table.silent.add(2)
    table.sfu.apply(plan(1, 2, rounds={2: 2}))
    await until(lambda: table.frames[2][-1]["fresh"] and len(table.frames[2]) > 1)
    heard = table.callers[1].of(2, "audio")
    before = heard.packets
    await until(lambda: heard.packets >= before + 20)
    table.sfu.apply(plan(1, 2, rounds={2: 3}))
    table.silent.clear()
    await until(lambda: table.connected_[2] == 3)
    await everybody_hears(table, 1, 2)


async def test_muted_and_held(table: Table) -> None:
    await seated(table, 1, 2, 3)
    await everybody_hears(table, 1, 2, 3)
    table.sfu.apply(plan(1, 2, 3, muted={1}))
    quiet = [table.callers[viewer].of(1, "audio") for viewer in (2, 3)]
    await nothing_more(quiet, table.callers[2].of(1, "camera"))
    table.sfu.apply(plan(1, 2, 3, held={3}))
    held = [table.callers[3].of(who, source) for who in (1, 2) for source in ("audio", "camera")]
    held += [table.callers[viewer].of(3, "audio") for viewer in (1, 2)]
    await nothing_more(held, table.callers[2].of(1, "audio"))
    table.sfu.apply(plan(1, 2, 3))
    await everybody_hears(table, 1, 2, 3)


async def nothing_more(silent: list, flowing: object) -> None:  # type: ignore[type-arg]
    """While twenty more packets of one line come, none of the others does."""
    await settled()
    mark = flowing.packets  # type: ignore[attr-defined]
    await until(lambda: flowing.packets >= mark + 3)  # type: ignore[attr-defined]
    before = [heard.packets for heard in silent]
    await until(lambda: flowing.packets >= mark + 23)  # type: ignore[attr-defined]
    assert [heard.packets for heard in silent] == before


async def test_while_two_talk_directly_nothing_is_forwarded(table: Table) -> None:
    await seated(table, 1, 2)
    await everybody_hears(table, 1, 2)
    table.sfu.apply(plan(1, 2, direct=True))
    tap = table.sfu._peers[1].taps["audio"]
    await nothing_more([table.callers[1].of(2, "audio"), table.callers[2].of(1, "audio")], tap)
    table.sfu.apply(plan(1, 2))
    await everybody_hears(table, 1, 2)


async def test_the_screen_beside_the_camera(table: Table) -> None:
    await seated(table, 1, 2)
    await everybody_hears(table, 1, 2)
    table.callers[1].show("screen", Replay("video", vp8(640, 360)))
    table.sfu.apply(plan(1, 2, shows={1: frozenset({"camera", "screen"})}))
    await until(lambda: (640, 360) in table.callers[2].of(1, "screen").sizes)
    await everybody_hears(table, 1, 2)
    assert set(table.callers[2].of(1, "camera").sizes) == {(320, 240)}


async def test_a_key_frame_is_asked_for_until_it_comes(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    await seated(table, 1)
    camera = table.callers[1].camera
    assert camera is not None
    deltas = vp8()[1:10]  # no key frame among them
    camera.packets = deltas
    tap = table.sfu._peers[1].taps["camera"]
    await until(lambda: tap.packets > 20)
    asked = []
    send = tap._send
    monkeypatch.setattr(tap, "_send", lambda packet: (asked.append(packet), send(packet)))
    sit(table, 2)
    table.sfu.apply(plan(1, 2))
    await until(lambda: len(asked) >= 4)
    assert not table.callers[2].of(1, "camera").packets, "a picture that cannot be decoded is not passed on"
    camera.packets = vp8()
    await until(lambda: table.callers[2].of(1, "camera").keys)
    await until(lambda: tap._key_timer is None)


async def test_lost_packets_are_sent_again(table: Table) -> None:
    """A seeded dropper at the sockets of both callers: 5 % of all datagrams that look like media."""
    await seated(table, 1, 2)
    await everybody_hears(table, 1, 2)
    for who, caller in table.callers.items():
        drop(caller, seed=who, part=0.05)
    heard = table.callers[2].of(1, "camera")
    start = heard.packets
    await until(lambda: heard.packets > start + 1500)
    tap = table.sfu._peers[1].taps["camera"]
    losses = tap._lost
    assert losses._came > 0.99 * (losses._highest + losses._cycles - losses._first), "what the server missed came again"
    window = range(heard.numbers[-350], heard.numbers[-100])
    missing = set(window) - set(heard.numbers)
    assert len(missing) < 0.02 * len(window), "and what the browser missed, too"


def drop(caller: Caller, seed: int, part: float) -> None:
    """Loses media in both directions at the socket of a caller."""
    import random

    chance = random.Random(seed)
    assert caller.connection is not None
    ice = caller.connection.getTransceivers()[0].receiver.transport.transport._connection
    protocol = ice._nominated[1].protocol
    receive, send = protocol.datagram_received, protocol.transport.sendto

    class Lossy:
        def __init__(self, transport: object) -> None:
            self._transport = transport

        def sendto(self, data: bytes, address: object) -> None:
            if data[0] < 128 or chance.random() >= part:
                send(data, address)

        def __getattr__(self, name: str) -> object:
            return getattr(self._transport, name)

    def lossy(data: bytes, address: object) -> None:
        if data[0] < 128 or chance.random() >= part:
            receive(data, address)

    protocol.transport, protocol.datagram_received = Lossy(protocol.transport), lossy


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
    numbers = table.callers[1].of(3, "audio").numbers
    assert all((after - before) & 0xFFFF == 1 for before, after in pairwise(numbers))
    assert set(table.callers[1].of(3, "audio").payloads) <= set(opus()), "keys are heard by nobody"


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
    from aiortc.rtp import RtpPacket

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


async def test_the_smallest_viewer_limits_the_sender_but_never_below_the_floor(table: Table) -> None:
    await seated(table, 1, 2, 3)
    await everybody_hears(table, 1, 2, 3)
    told: list[int] = []
    tap = table.sfu._peers[1].taps["camera"]
    tap.limit = told.append
    senders = [slot.sender for who in (2, 3) for slot in table.sfu._peers[who].slots if slot.sender.spring is tap]
    assert len(senders) == 2
    senders[0].can_take(900_000)
    senders[1].can_take(400_000)
    table.sfu.second(asyncio.get_running_loop().time())
    senders[1].can_take(1_000)
    assert 400_000 in told and told[-1] == FLOOR


async def test_who_does_not_answer_is_told_so(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("realtime.calls.peers.PATIENCE", 0.05)
    sit(table, 1)
    table.silent.add(1)
    table.sfu.apply(plan(1))
    await until(lambda: table.failures == {1: "answer"})


@pytest.mark.parametrize(
    "sdp", ["v=0\r\n", "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\nm=audio 9 X 96\r\n", "nonsense"]
)
async def test_a_bad_answer_fails_alone(table: Table, sdp: str) -> None:
    await seated(table, 1)
    table.silent.add(2)
    sit(table, 2)
    table.sfu.apply(plan(1, 2))
    await until(lambda: table.frames[2])
    table.sfu.answered(2, 99, sdp)  # of a round that never was
    assert not table.failures
    table.sfu.answered(2, table.frames[2][-1]["round"], sdp)
    await until(lambda: table.failures == {2: "answer"})


async def test_a_path_that_is_not_there_is_named(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("realtime.calls.peers.PATIENCE", 0.5)
    sit(table, 1)
    table.silent.add(1)
    table.sfu.apply(plan(1))
    await until(lambda: table.frames[1])
    answer = await table.callers[1].answer(table.frames[1][-1])
    deaf = "\r\n".join(line for line in answer.split("\r\n") if not line.startswith("a=candidate"))
    await table.callers[1].close()
    table.callers[1].connection = None
    table.sfu.answered(1, table.frames[1][-1]["round"], deaf)
    await until(lambda: table.failures == {1: "path"})


async def test_only_ports_of_the_range_are_bound(table: Table) -> None:
    table.sfu._settings = MediaSettings(Path("x"), bind="127.0.0.1", ports=(41230, 41239), address="203.0.113.9")
    await seated(table, 1, 2, video=False)
    await everybody_hears(table, 1, 2)
    offer = table.frames[1][-1]["sdp"]
    lines = [line.split(" ") for line in offer.split("\r\n") if line.startswith("a=candidate:")]
    assert {parts[4] for parts in lines} == {"127.0.0.1", "203.0.113.9"}
    assert all(41230 <= int(parts[5]) <= 41239 for parts in lines)


async def test_an_address_that_is_not_ours_is_named(table: Table) -> None:
    table.sfu._settings = MediaSettings(Path("x"), bind="203.0.113.9", ports=(41230, 41239))
    sit(table, 1)
    table.sfu.apply(plan(1))
    await until(lambda: table.failures == {1: "ports"})


def test_the_public_address_stands_beside_the_local_one() -> None:
    sdp = "v=0\r\na=candidate:1 1 udp 2130706431 192.0.2.2 40001 typ host\r\na=candidate:2 1 udp 5 fd00::2 40002 typ host\r\n"
    lines = with_public(sdp, "198.51.100.7").split("\r\n")
    assert lines[2] == "a=candidate:1p 1 udp 2130706430 198.51.100.7 40001 typ host"
    assert len(lines) == 5
    assert with_public(sdp, "") == sdp


def test_hidden_names_and_ends_are_left_out_of_answers() -> None:
    kept = "a=candidate:1 1 udp 5 192.0.2.2 40001 typ host"
    sdp = f"v=0\r\n{kept}\r\na=candidate:2 1 udp 5 ab-12.local 9 typ host\r\na=end-of-candidates\r\n"
    assert without_hidden(sdp) == f"v=0\r\n{kept}\r\n"


async def test_joins_and_leaves_leave_nothing_behind(table: Table) -> None:
    await seated(table, 1, 2, video=False)
    await everybody_hears(table, 1, 2)

    async def come_and_go(times: int) -> None:
        for _ in range(times):
            table.callers.pop(3, None)
            table.connected_.pop(3, None)
            await seated(table, 1, 2, 3, video=False)
            await everybody_hears(table, 1, 2, 3, more=1)
            caller = table.callers[3]
            table.sfu.apply(plan(1, 2, shows={1: frozenset(), 2: frozenset()}))
            await caller.close()
            await until(lambda: len(table.sfu._tasks._running) == 0)

    def left_over() -> tuple[int, int, int, int]:
        gc.collect()
        return (
            len(asyncio.all_tasks()),
            threading.active_count(),
            len(os.listdir("/proc/self/fd")),
            sum(type(each).__name__ in ("RTCPeerConnection", "Peer", "Tap", "Sender") for each in gc.get_objects()),
        )

    await come_and_go(5)
    await settled()
    before = left_over()
    await come_and_go(25)  # a hundred in `make bench-calls`
    await until(lambda: all(now <= then for now, then in zip(left_over(), before, strict=True)))


async def test_closing_ends_everything(settings: MediaSettings) -> None:
    table = Table()
    table.sfu = Sfu("room", table, settings, Writer(settings.folder))
    await seated(table, 1, 2)
    tasks_before = asyncio.all_tasks()
    await table.close()
    assert not table.sfu._peers
    await until(lambda: len(asyncio.all_tasks()) == 1)
    assert len(tasks_before) > 1
    assert isinstance(table.sfu._plan, Plan)
