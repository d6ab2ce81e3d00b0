"""What was answered is there: after kill -9 at any moment, between commit and publish, and after a deploy (P13)."""

from server.kit.db import Database
from server.settings import Settings
from tests.listener import Listener, listening
from tests.server import Server, servers
from tests.writers import Writers, all_numbered, assert_dense, heads_in, make_records, notes_in

KILLS, WRITES, PEOPLE = 3, 100, 6
DIE_BEFORE_PUBLISH = """
import itertools, os, signal
from server.kit import relay
publish, numbers = relay.Relay._publish, itertools.count()
async def last_words(self, patch):
    if patch.topic.startswith("contact:") and next(numbers) == 7:
        os.kill(os.getpid(), signal.SIGKILL)
    await publish(self, patch)
relay.Relay._publish = last_words
"""
DIE_BEFORE_NUMBERS = """
import os, signal
from server.kit import relay
from server.kit.events import EventRow
async def last_words(self, *given):
    os.kill(os.getpid(), signal.SIGKILL)
relay.Relay._number = last_words
"""


async def test_no_promised_write_is_lost_by_kill_9(server: Server, database: Database) -> None:
    await server.start()
    writers = Writers([server], await make_records(server, 3))
    async with writers.at_work(PEOPLE):
        for _ in range(KILLS):
            await writers.promised_more(WRITES)
            await server.kill()
            await server.start()
        await writers.promised_more(PEOPLE)  # the relay numbers what the last one left
    found = await notes_in(database)
    assert {text: [id] for text, id in writers.promised.items()}.items() <= found.items()
    assert [text for text, ids in found.items() if len(ids) > 1] == [], "a try again made a second note"
    assert len(writers.promised) >= KILLS * WRITES
    await assert_seen(server, database, writers)
    await assert_dense(database)


async def test_killed_between_commit_and_publish_all_is_told_later(server: Server, database: Database) -> None:
    await server.start(before=DIE_BEFORE_PUBLISH)
    writers = Writers([server], await make_records(server, 1))
    watcher = Listener(lambda: server.url, server.token, writers.records)  # what nobody hears is not published
    async with listening(watcher), writers.at_work(2):
        await server.gone()
    await server.start()
    await assert_seen(server, database, writers)
    await assert_dense(database)


async def test_killed_between_commit_and_numbers_all_is_told_later(server: Server, database: Database) -> None:
    await server.start()
    records = await make_records(server, 1)
    await server.stop()
    await server.start(before=DIE_BEFORE_NUMBERS)
    writers = Writers([server], records)
    async with writers.at_work(2):
        await server.gone()
    await server.start()
    async with writers.at_work(1):
        await writers.promised_more(1)
    await assert_seen(server, database, writers)
    await assert_dense(database)


async def assert_seen(server: Server, database: Database, writers: Writers) -> None:
    """A program that was away the whole time is told of every note, once, in order."""
    await all_numbered(database)
    heads = await heads_in(database, writers.records)
    listener = Listener(lambda: server.url, server.token, list(heads))
    async with listening(listener):
        await listener.reached(heads)
    assert listener.gaps == []
    assert listener.numbers == {topic: list(range(1, head + 1)) for topic, head in heads.items()}
    told = [fact["subject"] for topic in heads for fact in listener.facts[topic] if fact["name"] == "note.created"]
    assert len(told) == len(set(told))
    assert {f"note:{id}" for id in writers.promised.values()} <= set(told)


async def test_a_deploy_says_goodbye_and_ends_clean(settings: Settings, database: Database) -> None:
    async with servers(settings, fresh=True) as (server,):
        await deployed(server, database)


async def deployed(server: Server, database: Database) -> None:
    await server.start()
    writers = Writers([server], await make_records(server, 2))
    watcher = Listener(lambda: server.url, server.token, writers.records)
    async with listening(watcher), writers.at_work(PEOPLE):
        await writers.promised_more(30)
        assert await server.stop() == 0
        assert [bye["code"] for bye in watcher.byes] == ["restart"]
        await server.start()
        await writers.promised_more(30)
    assert watcher.codes[0] == 1012
    assert writers.refused == [], "nobody was answered with an error"
    assert "Traceback" not in server.log
    found = await notes_in(database)
    assert [text for text, ids in found.items() if len(ids) > 1] == []
    assert {text: [id] for text, id in writers.promised.items()}.items() <= found.items()
    await assert_seen(server, database, writers)
