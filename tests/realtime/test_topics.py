"""Order, holes and the silent losses of a bus (P2, P3, P4)."""

import asyncio
import random
from dataclasses import replace

from realtime.bus import BusDown, MemoryBus
from realtime.hub import Hub
from realtime.message import Message
from tests.realtime.fakes import FakeSource, join, rendered_for, settled, until

T = "contact:7"


async def test_a_number_too_early_waits_for_the_one_before_it(make_hub, source: FakeSource):
    hub = await make_hub(patience=3600)
    connection, writer = await join(hub)
    await hub.subscribe(connection, {T: 0})
    one, two, three = (source.commit(T) for _ in range(3))
    hub.deliver(three)
    hub.deliver(two)
    await settled()
    assert writer.numbers(T) == []
    hub.deliver(one)
    await until(lambda: writer.numbers(T) == [1, 2, 3])
    assert not [ask for ask in source.asked if ask[0] == "replay"]


async def test_a_hole_is_read_from_the_database(hub: Hub, source: FakeSource):
    connection, writer = await join(hub)
    await hub.subscribe(connection, {T: 0})
    for _ in range(3):
        last = source.commit(T)
    hub.deliver(last)
    await until(lambda: writer.numbers(T) == [1, 2, 3])
    assert ("replay", T, 0) in source.asked


async def test_repeats_are_ignored(hub: Hub, source: FakeSource):
    connection, writer = await join(hub)
    await hub.subscribe(connection, {T: 0})
    one, two = source.commit(T), source.commit(T)
    for message in (one, one, two, one, two):
        hub.deliver(message)
    await until(lambda: len(writer.numbers(T)) >= 2)
    await settled()
    assert writer.numbers(T) == [1, 2]


async def test_any_disorder_comes_out_dense_and_the_same_for_all(hub: Hub, source: FakeSource):
    chance = random.Random(7)
    early, late = await join(hub, 5), await join(hub, 6)
    await hub.subscribe(early[0], {T: 0})
    messages = [source.commit(T) for _ in range(300)]
    sent = [m for m in messages for _ in range(chance.choice([0, 1, 1, 2]))]  # lost, once, twice
    chance.shuffle(sent)
    for at, message in enumerate(sent):
        hub.deliver(message)
        if at == len(sent) // 2:
            await hub.subscribe(late[0], {T: 100})
    await hub.check()
    await until(lambda: early[1].numbers(T)[-1:] == [300] and late[1].numbers(T)[-1:] == [300])
    assert early[1].numbers(T) == list(range(1, 301))
    assert late[1].numbers(T) == list(range(101, 301)) and not late[1].of("gap")


async def test_a_silent_loss_is_noticed_by_the_regular_check(make_hub, source: FakeSource):
    hub = await make_hub(check_every=0.05)
    connection, writer = await join(hub)
    await hub.subscribe(connection, {T: 0})
    source.commit(T)  # the bus never says a word
    await until(lambda: writer.numbers(T) == [1])


async def test_the_promised_five_seconds_hold_by_default():
    import inspect

    settings = inspect.signature(Hub).parameters
    assert settings["check_every"].default + settings["patience"].default < 5


async def test_a_bus_that_came_back_is_checked_at_once(hub: Hub, source: FakeSource, bus: MemoryBus):
    connection, writer = await join(hub)
    await hub.subscribe(connection, {T: 0})
    source.commit(T)
    bus._listeners.reconnected()
    await until(lambda: writer.numbers(T) == [1])


async def test_without_a_bus_topics_open_all_the_same(make_hub, source: FakeSource, bus: MemoryBus):
    await bus.stop()
    hub = await make_hub(check_every=0.05)
    source.commit(T)
    connection, writer = await join(hub)
    await hub.subscribe(connection, {T: 0})
    source.commit(T)
    await until(lambda: writer.numbers(T) == [1, 2])
    assert hub.lag()["bus_up"] is False


async def test_a_hole_too_wide_is_a_gap_for_the_listeners(hub: Hub, source: FakeSource):
    connection, writer = await join(hub)
    await hub.subscribe(connection, {T: 0})
    for _ in range(600):
        source.commit(T)
    await hub.check()
    await until(lambda: writer.of("gap"))
    assert writer.of("gap") == [{"t": "gap", "topic": T, "n": 600}] and writer.numbers(T) == []
    hub.deliver(source.commit(T))
    await until(lambda: writer.numbers(T) == [601])


async def test_a_database_that_fails_is_asked_again(make_hub, source: FakeSource, caplog, monkeypatch):
    monkeypatch.setattr("realtime.topics.RETRY", 0.02)
    hub = await make_hub(patience=0.01)
    connection, writer = await join(hub)
    await hub.subscribe(connection, {T: 0})
    source.commit(T)
    source.failing = True
    hub.deliver(source.commit(T))
    await until(lambda: "trying again" in caplog.text)
    assert hub.lag()["behind"] == 1
    source.failing = False
    await until(lambda: writer.numbers(T) == [1, 2])


async def test_what_the_bus_invents_is_not_waited_for(make_hub, source: FakeSource):
    from realtime.message import Message

    hub = await make_hub(patience=0.01)
    connection, writer = await join(hub)
    await hub.subscribe(connection, {T: 0})
    hub.deliver(Message(T, 10**12, 1, "p", {}))
    await until(lambda: ("replay", T, 0) in source.asked and hub.lag()["behind"] == 0)
    hub.deliver(source.commit(T))
    await until(lambda: writer.numbers(T) == [1])


async def test_a_database_set_back_is_a_gap(hub: Hub, source: FakeSource):
    connection, writer = await join(hub)
    await hub.subscribe(connection, {T: 0})
    for _ in range(3):
        hub.deliver(source.commit(T))
    await until(lambda: writer.numbers(T) == [1, 2, 3])
    await hub.check()
    del source.rows[T][1:]
    source.position = 1
    await hub.check()
    await until(lambda: writer.of("gap"))
    assert writer.of("gap") == [{"t": "gap", "topic": T, "n": 1}]


async def test_a_rendering_for_others_is_not_shown_to_a_newcomer(hub: Hub, source: FakeSource):
    """What was read for English listeners only must not reach a Spanish one as an empty patch."""
    english = await join(hub, 5, "en")
    await hub.subscribe(english[0], {T: 0})
    source.commit(T)
    await hub.check()
    await until(lambda: english[1].numbers(T) == [1])
    spanish = await join(hub, 6, "es")
    await hub.subscribe(spanish[0], {T: 0})
    await until(lambda: spanish[1].of("ok"))
    assert spanish[1].of("p")[0]["html"] == f"{T} 1"


async def test_many_newcomers_cost_one_reading_per_topic(hub: Hub, source: FakeSource):
    for _ in range(9):
        source.commit(T)
    people = [await join(hub, id) for id in range(1, 101)]
    source.asked.clear()
    await asyncio.gather(*(hub.subscribe(c, {T: c.person.id % 9}) for c, _ in people))
    await until(lambda: all(writer.of("ok") for _, writer in people))
    assert sorted(ask[0] for ask in source.asked) == ["heads", "replay"]
    assert all(w.numbers(T) == list(range(c.person.id % 9 + 1, 10)) for c, w in people)


async def test_a_topic_is_kept_a_while_and_then_let_go(make_hub, source: FakeSource, bus: MemoryBus):
    hub = await make_hub(linger=0, check_every=0.02)
    connection, _ = await join(hub)
    await hub.subscribe(connection, {T: 0})
    assert T in hub.heads()
    hub.unsubscribe(connection, [T])
    await until(lambda: T not in hub.heads())
    assert "user:5" in hub.heads() and bus._wanted[T] == 0


async def test_a_source_that_breaks_its_word_does_not_make_us_spin(make_hub, source: FakeSource, monkeypatch):
    hub = await make_hub(patience=0.01)
    connection, writer = await join(hub)
    await hub.subscribe(connection, {T: 0})
    source.commit(T)
    second = source.commit(T)

    async def replay(topic, after, variants):
        source.asked.append(("replay", topic, after))
        return [second]  # the first is left out

    monkeypatch.setattr(source, "replay", replay)
    hub.deliver(second)
    await until(lambda: ("replay", T, 0) in source.asked and hub.lag()["behind"] == 0)
    await settled()
    assert writer.numbers(T) == [] and source.asked.count(("replay", T, 0)) == 1


async def test_a_topic_failing_to_open_can_be_opened_again(hub: Hub, source: FakeSource, caplog):
    one, _ = await join(hub, 5)
    two, writer = await join(hub, 6)
    source.failing = True
    await hub.subscribe(one, {T: 0})
    source.failing = False
    source.commit(T)
    await hub.subscribe(two, {T: 0})
    await until(lambda: writer.numbers(T) == [1])


async def test_the_bus_going_down_in_a_subscription_is_no_error(
    hub: Hub, bus: MemoryBus, monkeypatch, source: FakeSource
):
    async def down(topic: str) -> None:
        raise BusDown("gone")

    monkeypatch.setattr(bus, "subscribe", down)
    connection, writer = await join(hub)
    await hub.subscribe(connection, {T: 0})
    await until(lambda: writer.of("ok"))


async def test_who_goes_live_while_others_are_read_for_gets_its_own_rendering(hub: Hub, source: FakeSource):
    english = await join(hub, 5, "en")
    await hub.subscribe(english[0], {T: 0})
    source.commit(T)
    source.gate = asyncio.Event()
    await hub.check()
    await until(lambda: ("replay", T, 0) in source.asked)  # for English listeners only
    spanish = await join(hub, 6, "es")
    await hub.subscribe(spanish[0], {T: None})
    source.gate.set()
    await until(lambda: english[1].numbers(T) == [1] == spanish[1].numbers(T))
    assert spanish[1].of("p")[0]["html"] == f"{T} 1"


async def test_what_was_drawn_for_some_is_read_again_for_others(make_hub, source: FakeSource):
    def drawn_for_en() -> Message:
        return replace(rendered_for(source.commit(T), {"en"}), covers=frozenset({"en"}))

    hub = await make_hub(patience=0.01)
    connection, writer = await join(hub)
    await hub.subscribe(connection, {T: 0})
    hub.deliver(drawn_for_en())
    await until(lambda: writer.numbers(T) == [1])
    late, spanish = await join(hub, 6, "es")
    await hub.subscribe(late, {T: 0})
    await until(lambda: spanish.numbers(T) == [1])
    hub.deliver(drawn_for_en())  # on its way while the other came
    await until(lambda: writer.numbers(T) == spanish.numbers(T) == [1, 2])
    assert ("replay", T, 1) in source.asked
