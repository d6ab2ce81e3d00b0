"""PostgreSQL ends every connection, as its restart does: who acts is told to try again, and all goes on by itself."""

import pytest
from sqlalchemy import text

from server.kit.db import Database
from tests.conftest import ENGINE
from tests.listener import Listener, listening
from tests.server import Server
from tests.writers import Writers, all_numbered, assert_dense, heads_in, make_records, notes_in

OTHERS = "datname = current_database() AND pid <> pg_backend_pid()"
pytestmark = pytest.mark.skipif(ENGINE != "postgres", reason="SQLite has no connections that others could end")


async def test_cut_off_from_the_database_it_goes_on_by_itself(server: Server, database: Database) -> None:
    await server.start()
    writers = Writers([server], await make_records(server, 3))
    watcher = Listener(lambda: server.url, server.token, writers.records)
    async with listening(watcher):
        async with writers.at_work(6):
            for _ in range(5):
                await writers.promised_more(20)
                async with database.transaction() as tx:
                    await tx.execute(text(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {OTHERS}"))
            await writers.promised_more(20)
        await all_numbered(database)
        await watcher.reached(await heads_in(database, writers.records))
    assert [said for said in writers.refused if not said.startswith("503 ")] == []
    assert all("try again in a moment" in said for said in writers.refused)
    found = await notes_in(database)
    assert {note: [id] for note, id in writers.promised.items()}.items() <= found.items()
    assert [note for note, ids in found.items() if len(ids) > 1] == []
    await assert_dense(database)
