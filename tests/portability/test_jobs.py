"""Old files and imports are forgotten; a cut run goes on where it stopped."""

from datetime import timedelta

import pytest
from sqlalchemy import select, text
from starlette.applications import Starlette

from server.kit.clock import frozen, now
from server.kit.jobs import JOBS, JobRow, Work
from server.portability import run
from server.portability.models import ImportBatch, ImportRow
from tests.portability.conftest import PEOPLE, Client, batch_of, bring, contacts, counts, upload


async def tidy(app: Starlette) -> None:
    await JOBS["contacts.import_tidy"].run(Work(app.state.services, 0, 0, {}))


async def test_old_imports_and_their_files_go(app: Starlette, ana: Client) -> None:
    waiting = await batch_of(app, await upload(ana, PEOPLE))
    done = await bring(app, ana, PEOPLE)
    files = app.state.services.files
    with frozen(now()) as clock:
        clock.forward(days=1)
        await tidy(app)
        assert files.path(waiting.file_key).exists()
        clock.at += timedelta(days=2)
        await tidy(app)
        assert not files.path(waiting.file_key).exists()
        assert files.path(done.file_key).exists()
        clock.at += timedelta(days=40)
        await tidy(app)
    assert not files.path(done.file_key).exists()
    async with app.state.database.transaction(read=True) as tx:
        assert list(await tx.scalars(select(ImportBatch))) == list(await tx.scalars(select(ImportRow))) == []
    assert len(await contacts(app)) == 3


async def test_a_cut_run_goes_on_where_it_stopped(app: Starlette, ana: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    address = await upload(ana, "name,email\n" + "".join(f"P{n},p{n}@example.org\n" for n in range(1300)))
    await ana.put(f"{address}/run")
    plain = run._write

    async def cut(*args: object) -> int:
        position = await plain(*args)  # type: ignore[arg-type]
        if position == run.CHUNK:
            raise OSError("the power went")
        return position

    with monkeypatch.context() as patch:
        patch.setattr(run, "_write", cut)
        assert await app.state.worker.run_one()
    batch = await batch_of(app, address)
    assert (batch.state, batch.position) == ("running", run.CHUNK)
    with frozen(now() + timedelta(minutes=1)):
        await app.state.worker.drain()
    batch = await batch_of(app, address)
    assert (batch.state, counts(batch)) == ("done", (1300, 0, 0, 0))
    assert len(await contacts(app)) == 1300


async def test_a_poison_row_stops_no_good_one(app: Starlette, ana: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = run.save_rows

    async def poisoned(tx: object, who: object, kind: str, key: str, rows: list[run.NewRow]) -> run.Outcome:
        if any(row.values["name"] == "P7" for row in rows):
            raise RuntimeError("poison")
        return await plain(tx, who, kind, key, rows)  # type: ignore[arg-type]

    monkeypatch.setattr(run, "save_rows", poisoned)
    batch = await bring(app, ana, "name\n" + "".join(f"P{n}\n" for n in range(20)))
    assert counts(batch) == (19, 0, 0, 1)
    assert "could not be stored" in (await ana.get(f"/import/{batch.id}")).text


async def test_a_job_that_gave_up_says_so_and_can_go_on(
    app: Starlette, ana: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = await upload(ana, PEOPLE)
    await ana.put(f"{address}/run")
    async with app.state.database.transaction() as tx:
        (await tx.get_one(JobRow, (await batch_of(app, address)).job_id)).state = "parked"
    page = (await ana.get(address)).text
    assert "Stopped by an error" in page
    assert (await ana.put(f"{address}/run")).status_code == 200
    await app.state.worker.drain()
    assert counts(await batch_of(app, address)) == (3, 0, 0, 0)


async def test_the_planner_knows_the_tables_after_a_large_import(app: Starlette, ana: Client) -> None:
    await bring(app, ana, "name\n" + "".join(f"P{n}\n" for n in range(run.MANY)))
    if app.state.database.is_sqlite:
        known = "SELECT CAST(stat AS INTEGER) FROM sqlite_stat1 WHERE tbl = 'contact' LIMIT 1"
    else:
        known = "SELECT reltuples FROM pg_class WHERE relname = 'contact' AND relnamespace = 'public'::regnamespace"
    async with app.state.database.transaction(read=True) as tx:
        assert await tx.scalar(text(known)) >= run.MANY


async def test_a_moments_work_has_no_speed(app: Starlette, ana: Client) -> None:
    batch = await bring(app, ana, PEOPLE)
    for seconds, told in ((0.3, False), (6.0, True)):
        async with app.state.database.transaction() as tx:
            row = await tx.get_one(ImportBatch, batch.id)
            row.position, row.finished_at = 60, row.started_at + timedelta(seconds=seconds)
        page = (await ana.get(f"/import/{batch.id}")).text
        assert ("rows a second" in page) is told


async def test_companies_are_not_called_people(app: Starlette, ana: Client) -> None:
    batch = await bring(app, ana, "name,email\nAlmadraba,hola@almadraba.example.org\n", kind="company")
    page = (await ana.get(f"/import/{batch.id}")).text
    assert "0 joined with known companies" in page
    assert "known people" not in page
