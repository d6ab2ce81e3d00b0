"""The disk is full: it is said in a plain sentence, nothing promised is lost, and it goes on when there is room."""

import errno
import json
import os
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from types import SimpleNamespace

import httpx2 as httpx
import pytest
from sqlalchemy import text
from starlette.applications import Starlette

from server.kit.db import Database, is_full
from server.kit.files import Files
from server.settings import Settings
from tests import make
from tests.conftest import ENGINE
from tests.server import servers
from tests.writers import Writers, all_numbered, assert_dense, make_records, notes_in

SENTENCE = "The server has no room left on its disk, so this was not saved. Tell your administrator"
sqlite_only = pytest.mark.skipif(ENGINE == "postgres", reason="here PostgreSQL has the disk of the machine")


async def pages(app: Starlette, limit: int | None) -> None:
    """No database page more than these; None = as many as it likes."""
    async with app.state.database.transaction() as tx:
        now = (await tx.execute(text("PRAGMA page_count"))).scalar_one()
        await tx.execute(text(f"PRAGMA max_page_count = {now + limit if limit is not None else 2**31}"))


@sqlite_only
async def test_a_full_disk_is_a_plain_sentence(app: Starlette, ana: httpx.AsyncClient, api: httpx.AsyncClient) -> None:
    contact = await make.contact(app)
    await pages(app, 0)
    long, key = {"body": "x" * 20_000}, {"idempotency-key": "the same act"}
    answer = await api.post(f"/contacts/{contact.id}/notes", json=long, headers=key)
    assert (answer.status_code, answer.json()["error"], answer.json()["message"]) == (507, "disk_full", SENTENCE)
    answer = await ana.post(
        f"/timeline/{contact.about}/notes", data={"text": "y" * 20_000}, headers={"hx-request": "true"}
    )
    assert (answer.status_code, json.loads(answer.headers["x-toast"])["text"]) == (507, SENTENCE)
    assert (await ana.get(f"/contacts/{contact.id}")).status_code == 200, "reading goes on"
    await pages(app, None)
    assert (await api.post(f"/contacts/{contact.id}/notes", json=long, headers=key)).status_code == 201
    assert len((await api.get(f"/contacts/{contact.id}/notes")).json()["items"]) == 1


def test_what_counts_as_full() -> None:
    def said(**cause: object) -> Exception:
        error = Exception("what the library made of it")
        error.orig = SimpleNamespace(**cause)  # type: ignore[attr-defined]
        return error

    assert is_full(OSError(errno.ENOSPC, "No space left on device"))
    assert is_full(said(sqlstate="53100"))
    assert not is_full(said(sqlstate="40001"))
    assert not is_full(OSError(errno.EIO, "Input/output error"))
    assert not is_full(ValueError("disk is full"))


async def test_an_upload_without_room_leaves_no_piece(tmp_path: Path) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        yield b"a good beginning"
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        await Files(tmp_path).write(chunks())
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    # Room for the database and a whole write-ahead log (4 MB): without the filler the disk is never full by itself.
    words = ["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(words, capture_output=True, check=False).returncode:
        pytest.skip("left out: a small disk cannot be made here")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


@sqlite_only
async def test_a_real_disk_runs_full_under_a_real_server(settings: Settings, small_disk: Path) -> None:
    settings = settings.model_copy(update={"data_dir": small_disk, "database_url": ""})
    async with servers(settings) as (server,):
        await server.start()
        writers = Writers([server], await make_records(server, 2))
        filler = small_disk / "filler"
        async with writers.at_work(3):
            await writers.promised_more(20)
            fill(filler)
            await writers.refused_once()
            filler.unlink()
            await writers.promised_more(20)
            assert (await health(server.url))["status"] == "ok"
        assert {refusal[:3] for refusal in writers.refused} == {"507"}
        assert all(SENTENCE in refusal for refusal in writers.refused)
        database = Database(settings.database)
        await all_numbered(database)
        found = await notes_in(database)
        assert {note: [id] for note, id in writers.promised.items()}.items() <= found.items()
        assert [note for note, ids in found.items() if len(ids) > 1] == []
        await assert_dense(database)
        await database.dispose()


def fill(path: Path) -> None:
    with path.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(b"x" * 4096)
        except OSError:
            return


async def health(url: str) -> dict[str, object]:
    async with httpx.AsyncClient() as client:
        return dict((await client.get(f"{url}/health")).json())
