"""Media among scripted callers: who gets whose packets, after whatever happens."""

import asyncio
import gc
import os
import threading
from itertools import pairwise

import pytest

from realtime.calls.people import Plan
from realtime.calls.ports import MediaSettings
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
