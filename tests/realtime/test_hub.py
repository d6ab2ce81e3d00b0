"""The hub without sockets: what listeners are told, and when."""

import pytest

from realtime.bus import MemoryBus
from realtime.hub import Hub
from realtime.message import Message
from tests.realtime.fakes import FakeDoors, FakeSource, join, settled, until

T = "contact:7"


async def test_a_published_change_reaches_every_listener_in_its_own_variant(hub: Hub, bus: MemoryBus):
    english, spanish = await join(hub, 5, "en"), await join(hub, 6, "es")
    for connection, _ in (english, spanish):
        await hub.subscribe(connection, {T: 0})
    await bus.publish(Message(T, 1, 1, "p", {"en": b'"html":"Hello"', "es": b'"html":"Hola"'}))
    await until(lambda: english[1].numbers(T) and spanish[1].numbers(T))
    assert english[1].of("p")[-1] == {"t": "p", "topic": T, "n": 1, "html": "Hello"}
    assert spanish[1].of("p")[-1]["html"] == "Hola"


async def test_ok_says_the_head_after_the_replay(hub: Hub, source: FakeSource):
    for _ in range(5):
        source.commit(T)
    connection, writer = await join(hub)
    await hub.subscribe(connection, {T: 2, "room:3": None})
    await until(lambda: writer.of("ok"))
    assert writer.numbers(T) == [3, 4, 5]
    assert writer.of("ok") == [{"t": "ok", "topics": {T: 5, "room:3": 0}}]
    assert writer.frames.index(writer.of("ok")[0]) > writer.frames.index(writer.of("p")[-1])


async def test_from_now_replays_nothing(hub: Hub, source: FakeSource, bus: MemoryBus):
    source.commit(T)
    connection, writer = await join(hub)
    await hub.subscribe(connection, {T: None})
    await bus.publish(source.commit(T))
    await until(lambda: writer.numbers(T))
    assert writer.numbers(T) == [2]


async def test_who_asks_the_same_past_again_is_served_from_memory(hub: Hub, source: FakeSource):
    for _ in range(3):
        source.commit(T)
    first, second = await join(hub, 5), await join(hub, 6)
    await hub.subscribe(first[0], {T: 0})
    await hub.subscribe(second[0], {T: 1})
    await until(lambda: second[1].of("ok"))
    assert second[1].numbers(T) == [2, 3]
    assert [ask for ask in source.asked if ask[0] == "replay"] == [("replay", T, 0)]


async def test_what_cannot_be_replayed_is_a_gap(hub: Hub, source: FakeSource):
    for _ in range(510):
        source.commit(T)
    source.floors["room:3"] = 2
    for _ in range(3):
        source.commit("room:3")
    connection, writer = await join(hub)
    await hub.subscribe(connection, {T: 1, "room:3": 1, "deal:1": 9})
    await until(lambda: writer.of("ok"))
    gaps = [{"t": "gap", "topic": topic, "n": n} for topic, n in ((T, 510), ("room:3", 3), ("deal:1", 0))]
    assert writer.of("gap") == gaps and not writer.of("p", "r")
    assert writer.of("ok")[0]["topics"] == {T: 510, "room:3": 3, "deal:1": 0}


async def test_a_page_that_read_more_than_the_bus_brought_is_no_gap(hub: Hub, source: FakeSource):
    early = await join(hub, 5)
    await hub.subscribe(early[0], {T: 0})
    source.commit(T)  # committed, not published yet; the page of the second person has read it
    late = await join(hub, 6)
    await hub.subscribe(late[0], {T: 1})
    await until(lambda: late[1].of("ok") and early[1].numbers(T))
    assert late[1].of("gap", "p") == [] and late[1].of("ok")[0]["topics"] == {T: 1}


async def test_live_changes_wait_for_the_replay(hub: Hub, source: FakeSource, bus: MemoryBus, monkeypatch):
    import asyncio

    for _ in range(3):
        source.commit(T)
    connection, writer = await join(hub)
    source.gate = asyncio.Event()
    hub.want(connection, {T: 0})
    await until(lambda: ("replay", T, 0) in source.asked)
    await bus.publish(source.commit(T))
    await settled()
    assert writer.numbers(T) == []
    source.gate.set()
    await until(lambda: writer.of("ok"))
    await bus.publish(source.commit(T))
    await until(lambda: len(writer.numbers(T)) == 5)
    assert writer.numbers(T) == [1, 2, 3, 4, 5]


async def test_refused_topics_are_answered_no(hub: Hub, doors: FakeDoors, bus: MemoryBus, source: FakeSource):
    doors.locked = {"case:9:team"}
    connection, writer = await join(hub)
    await hub.subscribe(connection, {"case:9:team": 0, T: 0})
    await bus.publish(source.commit("case:9:team"))
    await until(lambda: writer.of("ok"))
    assert writer.of("no") == [{"t": "no", "topic": "case:9:team"}]
    assert writer.of("ok")[0]["topics"] == {T: 0} and not writer.of("p")
    assert doors.asked == [(5, {"case:9:team", T})]


async def test_unsubscribed_is_silent_but_ones_own_topic_stays(hub: Hub, bus: MemoryBus, source: FakeSource):
    connection, writer = await join(hub)
    await hub.subscribe(connection, {T: 0})
    hub.unsubscribe(connection, [T, "user:5"])
    await bus.publish(source.commit(T))
    await bus.publish(source.commit("user:5"))
    await until(lambda: writer.numbers("user:5"))
    assert writer.numbers(T) == []


async def test_refresh_carries_a_spread_that_grows_with_the_listeners(hub: Hub, bus: MemoryBus, source: FakeSource):
    people = [await join(hub, id) for id in range(1, 62)]
    for connection, _ in people:
        await hub.subscribe(connection, {"board:2": 0})
    await bus.publish(source.commit("board:2", kind="r"))
    await until(lambda: all(writer.numbers("board:2") for _, writer in people))
    assert people[0][1].of("r") == [{"t": "r", "topic": "board:2", "n": 1, "regions": ["list"], "spread": 4}]


async def test_a_slow_reader_is_closed_and_the_others_feel_nothing(hub: Hub, bus: MemoryBus, source: FakeSource):
    slow, quick = await join(hub, 5), await join(hub, 6)
    for connection, _ in (slow, quick):
        await hub.subscribe(connection, {T: 0})
    slow[1].slow = True
    for _ in range(3):
        await bus.publish(source.commit(T))
    await until(lambda: len(quick[1].numbers(T)) == 3)
    assert slow[1].code == 4408 and quick[1].code is None and hub.connections == 1


async def test_a_long_replay_is_paced(hub: Hub, source: FakeSource):
    for _ in range(40):
        source.commit(T, "x" * 10_000)
    connection, writer = await join(hub)
    await hub.subscribe(connection, {T: 0})
    await until(lambda: writer.of("ok"))
    assert writer.numbers(T) == list(range(1, 41)) and writer.drained >= 5


async def test_kicked_is_closed_everywhere_and_forgotten(hub: Hub):
    one, two, other = await join(hub, 5), await join(hub, 5), await join(hub, 6)
    hub.kick("user:5")
    assert (one[1].code, two[1].code, other[1].code) == (4401, 4401, None)
    assert hub.connections == 1


async def test_stop_says_when_to_come_back(make_hub):
    hub = await make_hub()
    _, writer = await join(hub)
    await hub.stop()
    assert writer.frames == [{"t": "bye", "code": "restart", "retry": [1, 8]}] and writer.code == 1012


async def test_heartbeats_carry_the_heads_of_live_topics(make_hub, source: FakeSource):
    hub = await make_hub(heartbeat_every=0.2)
    source.commit(T)
    connection, writer = await join(hub)
    await hub.subscribe(connection, {T: 0})
    await until(lambda: len(writer.of("hb")) >= 2)
    assert writer.of("hb")[-1] == {"t": "hb", "n": {"user:5": 0, T: 1}}


async def test_gauges(hub: Hub, source: FakeSource):
    source.commit(T)
    connection, _ = await join(hub)
    await hub.subscribe(connection, {T: None})
    assert hub.connections == 1 and hub.topics == 2 and hub.heads() == {"user:5": 0, T: 1}
    assert hub.lag()["behind"] == 0 and hub.lag()["bus_up"] is True
    hub.leave(connection)
    hub.leave(connection)
    assert hub.connections == 0


async def test_a_database_that_is_away_closes_with_come_back_later(hub: Hub, source: FakeSource, caplog):
    connection, writer = await join(hub)
    source.failing = True
    await hub.subscribe(connection, {T: 0})
    assert writer.code == 1013 and not writer.of("ok", "gap")


async def test_a_round_that_fails_again_and_again_is_told_with_one_trace(make_hub, source: FakeSource, caplog):
    """A database that is away for minutes would fill the log."""
    await make_hub(check_every=0.01)
    source.failing = True
    await until(lambda: len(caplog.records) >= 3)
    assert [bool(record.exc_info) for record in caplog.records[:3]] == [True, False, False]
    assert "the database is away" in caplog.records[2].getMessage()


@pytest.mark.parametrize("gone", [True, False])
async def test_nobody_is_let_in_whose_session_ended_meanwhile(hub: Hub, doors: FakeDoors, gone: bool):
    if gone:
        doors.gone.add(5)
    connection, _ = await join(hub)
    assert (connection.closed == 4401) is gone and hub.connections == (0 if gone else 1)
