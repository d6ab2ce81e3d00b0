"""Who is where: deltas of ids, at most one a second, over two processes, and never to somebody who may not listen."""

import asyncio
from typing import Any

import pytest

from realtime.bus import MemoryBus
from realtime.hub import Hub
from realtime.presence import merged, who
from tests.realtime.fakes import FakeDoors, FakeSource, FakeWriter, join, settled, until

T, W = "contact:7", "workspace:1"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("realtime.presence.DELTA_EVERY", 0.02)


def crowd(writer: FakeWriter, topic: str = T) -> dict[int, Any]:
    """What a client believes after all the frames it got."""
    people: dict[int, Any] = {}
    for frame in writer.of("who"):
        if frame["topic"] == topic:
            people = {} if frame.get("all") else people
            people |= dict.fromkeys(frame["join"])
            for gone in frame["left"]:
                del people[gone]
            for person, field in frame["editing"].items():
                assert int(person) in people
                people[int(person)] = field
    return people


async def listening(hub: Hub, person: int, topic: str = T):
    connection, writer = await join(hub, person)
    await hub.subscribe(connection, {topic: None})
    return connection, writer


async def test_the_first_frame_after_ok_shows_all_then_come_deltas(hub: Hub):
    ada, ada_writer = await listening(hub, 1)
    assert hub.presence.at(ada, T, "phone", False)
    await until(lambda: crowd(ada_writer) == {1: "phone"})
    bob, bob_writer = await listening(hub, 2)
    await until(lambda: bob_writer.of("ok"))
    assert bob_writer.of("who") == [
        {"t": "who", "topic": T, "join": [1], "left": [], "editing": {"1": "phone"}, "all": True}
    ]
    assert bob_writer.frames.index(bob_writer.of("ok")[0]) < bob_writer.frames.index(bob_writer.of("who")[0])
    hub.presence.at(bob, T, None, False)
    await until(lambda: crowd(ada_writer) == {1: "phone", 2: None} == crowd(bob_writer))
    hub.presence.at(ada, T, None, False)
    await until(lambda: crowd(bob_writer) == {1: None, 2: None})
    assert bob_writer.of("who")[-1] == {"t": "who", "topic": T, "join": [], "left": [], "editing": {"1": None}}
    hub.leave(ada)
    await until(lambda: crowd(bob_writer) == {2: None})
    assert all("all" not in frame for frame in bob_writer.of("who")[1:])


async def test_listening_to_a_workspace_is_being_online(hub: Hub):
    _, ada_writer = await listening(hub, 1, W)
    bob, _ = await listening(hub, 2, W)
    await until(lambda: crowd(ada_writer, W) == {1: None, 2: None})
    hub.presence.at(bob, None, None, False)  # looks at nothing, and is online all the same
    hub.leave(bob)
    await until(lambda: crowd(ada_writer, W) == {1: None})


async def test_looking_elsewhere_leaves_unless_also(hub: Hub):
    ada, writer = await join(hub, 1)
    await hub.subscribe(ada, {T: None, "task:1": None, "task:2": None})
    hub.presence.at(ada, T, None, False)
    hub.presence.at(ada, "task:1", None, True)
    await until(lambda: crowd(writer) == {1: None} == crowd(writer, "task:1"))
    hub.presence.at(ada, "task:2", None, False)
    await until(lambda: crowd(writer) == crowd(writer, "task:1") == {} and crowd(writer, "task:2") == {1: None})


async def test_one_person_on_two_tabs_is_one_and_stays_with_the_last(hub: Hub):
    (one, _), (two, _), (_, writer) = await listening(hub, 1), await listening(hub, 1), await listening(hub, 2)
    hub.presence.at(one, T, "phone", False)
    hub.presence.at(two, T, None, False)
    await until(lambda: crowd(writer) == {1: "phone"})
    hub.leave(one)
    await until(lambda: crowd(writer) == {1: None})
    hub.leave(two)
    await until(lambda: crowd(writer) == {})


async def test_nobody_is_shown_where_the_kind_has_no_presence_or_one_does_not_listen(hub: Hub):
    ada, writer = await listening(hub, 1, "board:2")
    assert not hub.presence.at(ada, "board:2", None, False)
    assert not hub.presence.at(ada, T, None, False)
    assert not hub.presence.typing(ada, T)
    await settled()
    assert not writer.of("who")


async def test_deltas_are_gathered(hub: Hub, monkeypatch):
    monkeypatch.setattr("realtime.presence.DELTA_EVERY", 0.3)
    ada, _ = await listening(hub, 1)
    _, writer = await listening(hub, 2)
    loop = asyncio.get_running_loop()
    begun = loop.time()
    for n in range(50):
        hub.presence.at(ada, T, f"f{n}", False)
        await asyncio.sleep(0.001)
    await until(lambda: crowd(writer) == {1: "f49"})
    assert len(writer.of("who")) <= 2 + (loop.time() - begun) / 0.3


async def test_typing_goes_to_the_others_and_not_too_often(hub: Hub):
    (ada, ada_writer), (_, bob_writer) = await listening(hub, 1, "room:3"), await listening(hub, 2, "room:3")
    for _ in range(20):
        assert hub.presence.typing(ada, "room:3")
    await until(lambda: bob_writer.of("typing"))
    await settled()
    assert bob_writer.of("typing") == [{"t": "typing", "topic": "room:3", "id": 1}] and not ada_writer.of("typing")


async def test_two_processes_see_each_other(make_hub):
    here, there = await make_hub(), await make_hub()
    ada, ada_writer = await listening(here, 1)
    here.presence.at(ada, T, "phone", False)
    await until(lambda: crowd(ada_writer))
    bob, bob_writer = await listening(there, 2)  # new there: asks
    await until(lambda: crowd(bob_writer) == {1: "phone"})
    there.presence.at(bob, T, None, False)
    there.presence.typing(bob, T)
    await until(lambda: crowd(ada_writer) == {1: "phone", 2: None} and ada_writer.of("typing"))
    there.leave(bob)
    await until(lambda: crowd(ada_writer) == {1: "phone"})


async def test_a_process_that_falls_silent_is_forgotten(make_hub, monkeypatch):
    monkeypatch.setattr("realtime.presence.EXPIRE", 0.05)
    here, there = await make_hub(), await make_hub()
    _, writer = await listening(here, 1)
    bob, _ = await listening(there, 2)
    there.presence.at(bob, T, None, False)
    await until(lambda: crowd(writer) == {2: None})
    await asyncio.sleep(0.06)
    here.presence.refresh()
    await until(lambda: crowd(writer) == {})
    there.presence.refresh()  # it was only slow
    await until(lambda: crowd(writer) == {2: None})


async def test_the_refused_vanish_and_hear_nothing(hub: Hub, doors: FakeDoors, source: FakeSource, bus: MemoryBus):
    (ada, ada_writer), (bob, bob_writer) = await listening(hub, 1), await listening(hub, 2)
    for connection in (ada, bob):
        hub.presence.at(connection, T, None, False)
    await until(lambda: len(crowd(bob_writer)) == 2)

    async def may_listen(person, topics):
        return set(topics) if person.id == 2 else set()

    doors.may_listen = may_listen
    await bus.publish(source.commit(T, recheck=True))
    await until(lambda: crowd(bob_writer) == {2: None} and ada_writer.of("drop"))
    told = len(ada_writer.of("who"))
    hub.presence.at(bob, T, "phone", False)
    hub.presence.typing(bob, T)
    await until(lambda: crowd(bob_writer) == {2: "phone"})
    assert len(ada_writer.of("who")) == told and not ada_writer.of("typing")


@pytest.mark.parametrize(
    "talk", [b"who x", b"who []", b'who {"from":"x"}', b'who {"from":"x","here":{"a":1}}', b"\xff", b"call"]
)
async def test_strange_talk_harms_nobody(hub: Hub, bus: MemoryBus, talk: bytes, caplog):
    ada, writer = await listening(hub, 1)
    await bus.publish_raw(T, talk)
    hub.presence.at(ada, T, None, False)
    await until(lambda: crowd(writer) == {1: None})


def test_merging_prefers_a_field():
    assert merged([(1, None), (1, "a"), (1, None), (2, None)]) == {1: "a", 2: None}


def test_an_unchanged_crowd_is_an_empty_delta():
    assert who(T, {1: "a"}, {1: "a"}).payload == b'{"t":"who","topic":"contact:7","join":[],"left":[],"editing":{}}'


async def test_no_delta_comes_before_the_whole_crowd(hub: Hub, source: FakeSource):
    """One topic of a `sub` is live already while another is still replayed: its deltas wait for the greeting."""
    bob, _ = await listening(hub, 2)
    ada, writer = await join(hub, 1)
    source.commit("room:3")
    source.gate = asyncio.Event()
    hub.want(ada, {T: None, "room:3": 0})
    await until(lambda: ("replay", "room:3", 0) in source.asked)
    hub.presence.at(bob, T, "phone", False)
    await until(lambda: hub.presence._crowds[T].shown)
    await settled()
    assert not writer.of("who")
    source.gate.set()
    await until(lambda: crowd(writer) == {2: "phone"})
    assert writer.of("who")[0]["all"] is True
