"""Rights: asked before the first word, asked again at every change (P12 in the process)."""

import asyncio

from realtime.bus import MemoryBus
from realtime.hub import Hub
from tests.realtime.fakes import FakeDoors, FakePerson, FakeSource, FakeWriter, join, settled, until

T, U = "contact:7", "room:3"


async def test_after_a_recheck_the_refused_hear_nothing_more(hub, doors: FakeDoors, source: FakeSource, bus: MemoryBus):
    out, stays = await join(hub, 5), await join(hub, 6)
    for connection, _ in (out, stays):
        await hub.subscribe(connection, {T: 0, U: 0})
    await bus.publish(source.commit(T))
    await until(lambda: out[1].numbers(T) == [1])

    async def may_listen(person, topics):
        return set(topics) - ({T} if person.id == 5 else set())

    doors.may_listen = may_listen
    await bus.publish(source.commit(T, recheck=True))
    for _ in range(5):
        await bus.publish(source.commit(T))
    await bus.publish(source.commit(U))
    await until(lambda: stays[1].numbers(T) == [1, 2, 3, 4, 5, 6, 7] and out[1].of("drop"))
    assert out[1].numbers(T) == [1] and out[1].of("drop") == [{"t": "drop", "topic": T}]
    await until(lambda: out[1].numbers(U) == [1])


async def test_nothing_is_said_while_rights_are_asked(hub: Hub, doors: FakeDoors, source: FakeSource, bus: MemoryBus):
    connection, writer = await join(hub)
    await hub.subscribe(connection, {T: 0})
    doors.gate = asyncio.Event()
    await bus.publish(source.commit(T, recheck=True))
    await bus.publish(source.commit(T))
    await settled()
    assert writer.numbers(T) == []
    doors.gate.set()
    await until(lambda: writer.numbers(T) == [1, 2])


async def test_an_error_counts_as_refused(hub: Hub, doors: FakeDoors, source: FakeSource, bus: MemoryBus, caplog):
    connection, writer = await join(hub)
    await hub.subscribe(connection, {T: 0})
    doors.failing = True
    await hub.subscribe(connection, {U: 0})
    await bus.publish(source.commit(T, recheck=True))
    await until(lambda: writer.of("drop") and writer.of("no"))
    await bus.publish(source.commit(T))
    await settled()
    assert writer.numbers(T) == [] and writer.of("no") == [{"t": "no", "topic": U}]


async def test_a_recheck_meanwhile_repeats_the_question(hub: Hub, doors: FakeDoors, source: FakeSource, bus: MemoryBus):
    """The doors said yes before the right was taken away, but the answer came after."""
    connection, writer = await join(hub)
    doors.gate = asyncio.Event()
    hub.want(connection, {T: 0})
    await until(lambda: doors.asked)
    doors.locked.add(T)
    await bus.publish(source.commit(T, recheck=True))
    doors.gate.set()
    await until(lambda: writer.of("no"))
    assert not writer.of("ok", "p") and len(doors.asked) == 2


async def test_a_lost_recheck_is_found_by_the_check(make_hub, doors: FakeDoors, source: FakeSource):
    hub = await make_hub(check_every=0.02)
    connection, writer = await join(hub)
    await hub.subscribe(connection, {T: 0})
    doors.locked.add(T)
    source.commit(T, recheck=True)
    await until(lambda: writer.of("drop"))
    assert writer.numbers(T) == []


async def test_a_gap_may_have_held_a_recheck_so_rights_are_asked(hub: Hub, doors: FakeDoors, source: FakeSource):
    connection, writer = await join(hub)
    await hub.subscribe(connection, {T: 0})
    doors.locked.add(T)
    for _ in range(600):
        source.commit(T)
    await hub.check()
    await until(lambda: writer.of("drop"))
    assert not writer.of("gap", "p")


async def test_history_before_a_recheck_is_never_replayed_from_memory(hub: Hub, source: FakeSource, bus: MemoryBus):
    first = await join(hub, 5)
    await hub.subscribe(first[0], {T: 0})
    await bus.publish(source.commit(T, "secret"))
    await until(lambda: first[1].numbers(T) == [1])
    message = source.rows[T][0]
    source.rows[T][0] = type(message)(T, 1, message.position, "p", {"en": b'"html":""'})  # renders to nothing by now
    await bus.publish(source.commit(T, recheck=True))
    late = await join(hub, 6)
    await hub.subscribe(late[0], {T: 0})
    await until(lambda: late[1].of("ok"))
    assert [frame["html"] for frame in late[1].of("p")] == ["", f"{T} 2"]


async def test_a_recheck_of_a_user_asks_for_all_its_topics(
    hub: Hub, doors: FakeDoors, source: FakeSource, bus: MemoryBus
):
    one, two, other = await join(hub, 5), await join(hub, 5), await join(hub, 6)
    for connection, _ in (one, two, other):
        await hub.subscribe(connection, {T: 0, U: 0})
    doors.locked.add(U)
    again = doors.again_asked
    await bus.publish(source.commit("user:5", recheck=True))
    await until(lambda: one[1].of("drop") and two[1].of("drop"))
    await bus.publish(source.commit(U))
    await bus.publish(source.commit(T))
    await until(lambda: all(writer.numbers(T) == [1] for _, writer in (one, two, other)))
    assert one[1].of("drop") == two[1].of("drop") == [{"t": "drop", "topic": U}]
    assert one[1].numbers(U) == two[1].numbers(U) == [] and other[1].numbers(U) == [1] and not other[1].of("drop")
    assert doors.again_asked == again + 2


async def test_who_was_read_with_the_newest_number_is_not_asked_for_twice(
    hub: Hub, doors: FakeDoors, source: FakeSource, bus: MemoryBus
):
    source.commit("user:5", recheck=True)
    known = await hub.connect(FakePerson(5, head=1), FakeWriter())
    assert (doors.again_asked, known.closed) == (0, None)
    await bus.publish(source.commit("user:5", recheck=True))
    await until(lambda: doors.again_asked == 1)


async def test_who_was_read_before_a_change_is_asked_for_again(hub: Hub, doors: FakeDoors, source: FakeSource):
    source.commit("user:5", recheck=True)
    doors.gone.add(5)
    late = await hub.connect(FakePerson(5, head=0), FakeWriter())
    assert (doors.again_asked, late.closed) == (1, 4401)


async def test_whose_session_is_gone_is_closed(hub: Hub, doors: FakeDoors, source: FakeSource, bus: MemoryBus):
    one, two, other = await join(hub, 5), await join(hub, 5), await join(hub, 6)
    await hub.subscribe(one[0], {T: 0})
    doors.gone.add(5)
    await bus.publish(source.commit("user:5", recheck=True))
    await bus.publish(source.commit(T))
    await until(lambda: one[1].code and two[1].code)
    assert (one[1].code, two[1].code, other[1].code) == (4401, 4401, None)
    assert not one[1].of("p")


async def test_a_person_that_cannot_be_loaded_is_sent_away_for_now(hub, doors: FakeDoors, source, bus, caplog):
    connection, writer = await join(hub)
    await hub.subscribe(connection, {T: 0})

    async def broken(person):
        raise OSError("the database is away")

    doors.again = broken
    await bus.publish(source.commit(T, recheck=True))
    await until(lambda: writer.code == 1013)
    assert not writer.of("p")


async def test_many_rechecks_in_a_row_end_with_the_last_word(
    hub: Hub, doors: FakeDoors, source: FakeSource, bus: MemoryBus
):
    connection, writer = await join(hub)
    await hub.subscribe(connection, {T: 0})
    for at in range(20):
        doors.locked = {T} if at % 2 == 0 else set()
        await bus.publish(source.commit(T, recheck=True))
        await asyncio.sleep(0)
    doors.locked = {T}
    await bus.publish(source.commit(T, recheck=True))
    await until(lambda: writer.of("drop"))
    await bus.publish(source.commit(T))
    await settled()
    assert 22 not in writer.numbers(T)


async def test_a_recheck_in_a_paced_replay_stops_it(hub: Hub, doors: FakeDoors, source: FakeSource, bus: MemoryBus):
    for _ in range(40):
        source.commit(T, "x" * 10_000)
    connection, writer = await join(hub)
    writer.gate = asyncio.Event()
    hub.want(connection, {T: 0})
    await until(lambda: writer.drained)
    told = writer.numbers(T)
    doors.locked.add(T)
    await bus.publish(source.commit(T, recheck=True))
    writer.gate.set()
    await until(lambda: writer.of("no"))
    assert 0 < len(told) < 40 and writer.numbers(T) == told


async def test_a_peer_that_never_takes_its_replay_is_closed(hub: Hub, source: FakeSource, monkeypatch):
    monkeypatch.setattr("realtime.admission.ANSWER", 0.02)
    for _ in range(40):
        source.commit(T, "x" * 10_000)
    connection, writer = await join(hub)
    writer.gate = asyncio.Event()
    await hub.subscribe(connection, {T: 0})
    assert writer.code == 4408 and len(writer.numbers(T)) < 40


async def test_questions_to_the_doors_are_bounded(hub: Hub, doors: FakeDoors):
    people = [await join(hub, id) for id in range(1, 61)]
    running = most = 0

    async def may_listen(person, topics):
        nonlocal running, most
        running += 1
        most = max(most, running)
        await settled(3)
        running -= 1
        return set(topics)

    doors.may_listen = may_listen
    await asyncio.gather(*(hub.subscribe(connection, {T: 0}) for connection, _ in people))
    assert 1 < most <= 16


async def test_a_no_that_became_a_yes_meanwhile_is_a_yes(
    hub: Hub, doors: FakeDoors, source: FakeSource, bus: MemoryBus
):
    connection, writer = await join(hub)
    doors.locked, doors.gate = {T}, asyncio.Event()
    hub.want(connection, {T: 0})
    await until(lambda: doors.asked)
    doors.locked = set()
    await bus.publish(source.commit(T, recheck=True))
    doors.gate.set()
    await until(lambda: writer.of("ok"))
    assert not writer.of("no") and writer.numbers(T) == [1]


async def test_who_chose_another_language_hears_it_from_now_on(
    hub: Hub, doors: FakeDoors, source: FakeSource, bus: MemoryBus
):
    connection, writer = await join(hub, 5)
    await hub.subscribe(connection, {T: 0})
    await bus.publish(source.commit(T))
    await until(lambda: writer.numbers(T) == [1])

    async def again(person):
        return FakePerson(person.id, "es")

    doors.again = again
    await bus.publish(source.commit("user:5", recheck=True))
    await bus.publish(source.commit(T))
    await until(lambda: writer.numbers(T) == [1, 2])
    first, second = (frame for frame in writer.of("p") if frame["topic"] == T)
    assert connection.variant == "es" and first["html"] != second["html"], (first, second)
