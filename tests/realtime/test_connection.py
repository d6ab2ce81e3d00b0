"""The outbox: what is due is written once, shared, in order."""

import asyncio

from realtime.connection import Connection, Outbox
from realtime.frames import json_frame
from tests.realtime.fakes import FakePerson, FakeWriter, until


def connection(id: int = 5) -> tuple[Connection, FakeWriter]:
    one, writer = Connection(FakePerson(id)), FakeWriter()
    one.writer = writer
    return one, writer


async def test_the_first_is_written_at_once_and_the_rest_of_the_turn_is_one_shared_buffer():
    outbox = Outbox(lambda slow: None)
    people = [connection(id) for id in range(50)]
    for n in range(10):
        outbox.put(json_frame(t="p", n=n), [c for c, _ in people])
    assert all([f["n"] for f in writer.frames] == [0] for _, writer in people)
    await until(lambda: len(people[-1][1].batches) == 2)
    assert all(len(writer.batches) == 2 and [f["n"] for f in writer.frames] == list(range(10)) for _, writer in people)
    assert len({id(writer.batches[n]) for n in range(2) for _, writer in people}) == 2


async def test_frames_that_keep_coming_are_gathered():
    loop = asyncio.get_running_loop()
    outbox = Outbox(lambda slow: None, window=0.05)
    one, writer = connection()
    begun = loop.time()
    for _ in range(200):
        outbox.put(json_frame(t="a"), [one])
        await asyncio.sleep(0)
    await until(lambda: len(writer.frames) == 200)
    assert len(writer.batches) <= 2 + (loop.time() - begun) / 0.05


async def test_nothing_is_written_before_there_is_a_writer_or_after_the_end():
    outbox = Outbox(lambda slow: None)
    one, writer = connection()
    one.writer = None
    outbox.put(json_frame(t="a"), [one])
    outbox.flush()
    one.writer = writer
    outbox.flush_one(one)
    assert writer.of("a")
    one.closed = 1000
    outbox.put(json_frame(t="b"), [one])
    outbox.flush()
    assert not writer.of("b")


async def test_the_slow_are_reported():
    told: list[Connection] = []
    outbox = Outbox(told.append)
    one, writer = connection()
    writer.slow = True
    outbox.put(json_frame(t="a"), [one])
    outbox.flush()
    assert told == [one]
