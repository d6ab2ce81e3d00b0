"""Jobs: leases, retries, backoff, parking, cancelling; time is set by hand."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import select
from starlette.applications import Starlette

from server.kit import jobs, worker
from server.kit.access import system
from server.kit.clock import frozen
from server.kit.jobs import JobRow, Work, enqueue
from server.kit.worker import SLOTS, Worker

pytestmark = pytest.mark.usefixtures("workspace")


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the test's job did; it fails while told so by its args."""
    done: list[str] = []

    async def run(work: Work) -> None:
        done.append(work.args["what"])
        if work.args["what"] == "poison":
            raise RuntimeError("poison")
        if work.args["what"] == "long":
            await work.progress(1, 2)

    monkeypatch.setitem(jobs.JOBS, "test.run", jobs.Job("test.run", run, attempts=3))
    return done


async def ask(app: Starlette, what: str) -> int:
    async with app.state.database.transaction() as tx:
        row = enqueue(tx, system(1), "test.run", {"what": what})
        await tx.flush()
        return row.id


async def row(app: Starlette, job_id: int) -> JobRow:
    async with app.state.database.transaction(read=True) as tx:
        found = await tx.get(JobRow, job_id)
    assert found is not None
    return found


async def test_a_job_runs_once(app: Starlette, runs: list[str]) -> None:
    job_id = await ask(app, "work")
    assert await app.state.worker.drain() == 1
    assert await app.state.worker.drain() == 0
    assert runs == ["work"]
    assert (await row(app, job_id)).state == "done"


async def test_a_job_dies_with_its_transaction(app: Starlette, runs: list[str]) -> None:
    with pytest.raises(RuntimeError):
        async with app.state.database.transaction() as tx:
            enqueue(tx, system(1), "test.run", {"what": "work"})
            raise RuntimeError("no")
    assert await app.state.worker.drain() == 0


async def test_poison_is_tried_with_growing_pauses_and_parked(app: Starlette, runs: list[str]) -> None:
    with frozen() as clock:
        job_id = await ask(app, "poison")
        for pause in (0, 5, 10):
            clock.forward(seconds=pause)
            assert await app.state.worker.drain() == 1
        clock.forward(days=1)
        assert await app.state.worker.drain() == 0
    found = await row(app, job_id)
    assert (found.state, found.attempts) == ("parked", 3)
    assert found.error is not None
    assert "poison" in found.error


async def test_a_dead_worker_s_job_is_taken_over(app: Starlette, runs: list[str]) -> None:
    with frozen() as clock:
        job_id = await ask(app, "work")
        taken = await app.state.worker._take()
        assert taken is not None
        assert await app.state.worker.drain() == 0, "leased"
        clock.forward(seconds=61)
        assert await app.state.worker.drain() == 1
        await app.state.worker._finish(taken[0], taken[1], "parked", "late")
    assert (await row(app, job_id)).state == "done", "the first worker came too late to speak"


async def test_a_cancelled_job_stops_at_its_next_step(app: Starlette, runs: list[str]) -> None:
    job_id = await ask(app, "long")
    taken = await app.state.worker._take()
    assert taken is not None
    async with app.state.database.transaction() as tx:
        found = await tx.scalar(select(JobRow).where(JobRow.id == job_id))
        assert found is not None
        found.state = "cancelled"
    work = Work(app.state.services, job_id, 1, {"what": "long"})
    with pytest.raises(jobs.Cancelled):
        await jobs.JOBS["test.run"].run(work)


async def test_long_jobs_leave_a_slot_for_the_others(app: Starlette, monkeypatch: pytest.MonkeyPatch) -> None:
    """As many long ones as there are slots are due first; the short one runs while they are all unfinished."""
    began: list[str] = []
    go_on, short_done, all_began = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def long(work: Work) -> None:
        began.append(work.args["what"])
        if len(began) == SLOTS + 3:
            all_began.set()
        await go_on.wait()

    async def short(work: Work) -> None:
        began.append(work.args["what"])
        short_done.set()

    monkeypatch.setitem(jobs.JOBS, "test.long", jobs.Job("test.long", long, is_long=True))
    monkeypatch.setitem(jobs.JOBS, "test.short", jobs.Job("test.short", short))
    async with app.state.database.transaction() as tx:
        for n in range(SLOTS + 2):
            enqueue(tx, system(1), "test.long", {"what": f"long {n}"})
        await tx.flush()
        enqueue(tx, system(1), "test.short", {"what": "short"})
    worker = Worker(app.state.services, interval=0.01)
    running = asyncio.create_task(worker.run())
    await asyncio.wait_for(short_done.wait(), 10)
    assert sorted(began) == ["long 0", "long 1", "short"], "never more long ones than all slots but one"
    go_on.set()
    await asyncio.wait_for(all_began.wait(), 10)
    worker.stop()
    await asyncio.wait_for(running, 10)
    async with app.state.database.transaction(read=True) as tx:
        states = set(await tx.scalars(select(JobRow.state).where(JobRow.name.startswith("test."))))
    assert states == {"done"}, "what runs is finished before the worker goes"


async def test_work_that_ends_its_process_each_time_is_parked(app: Starlette, runs: list[str]) -> None:
    with frozen() as clock:
        job_id = await ask(app, "work")
        for _ in range(3):
            assert await app.state.worker._take() is not None  # and the process is gone
            clock.forward(seconds=61)
        assert await app.state.worker.drain() == 1
    found = await row(app, job_id)
    assert (found.state, runs) == ("parked", [])
    assert "process" in (found.error or "")


async def test_a_lease_is_renewed_while_the_work_lasts(
    app: Starlette, runs: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    renewed = asyncio.Event()
    trouble = [OSError("the disk is full")]

    async def renew(job_id: int, attempt: int) -> None:
        if trouble:
            raise trouble.pop()  # once in vain: the next one must come all the same
        renewed.set()

    async def run(work: Work) -> None:
        async with asyncio.timeout(10):
            await renewed.wait()

    monkeypatch.setattr(worker, "LEASE", timedelta(seconds=0.03))
    monkeypatch.setattr(app.state.worker, "_renew", renew)
    monkeypatch.setitem(jobs.JOBS, "test.run", jobs.Job("test.run", run))
    job_id = await ask(app, "long")
    assert await app.state.worker.run_one()
    assert (await row(app, job_id)).state == "done"


async def test_processes_that_start_together_plan_each_periodic_job_once(app: Starlette) -> None:
    both = [Worker(app.state.services), Worker(app.state.services)]
    await asyncio.gather(*(one._plan_periodic() for one in both))
    async with app.state.database.transaction(read=True) as tx:
        planned = list(await tx.scalars(select(JobRow.key).where(JobRow.key.is_not(None))))
    assert sorted(planned) == sorted(name for name, entry in jobs.JOBS.items() if entry.every is not None)


async def test_a_database_that_is_away_at_the_start_is_asked_again(
    app: Starlette, runs: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id = await ask(app, "work")
    began, plan = Worker(app.state.services, interval=0.01), Worker._plan_periodic
    answers = iter([ConnectionError("away")])

    async def plan_later(self: Worker) -> None:
        for error in answers:
            raise error
        await plan(self)

    monkeypatch.setattr(Worker, "_plan_periodic", plan_later)
    running = asyncio.create_task(began.run())
    async with asyncio.timeout(10):
        while (await row(app, job_id)).state != "done":
            await asyncio.wait({running}, timeout=0.01)
            assert not running.done(), running.exception()
    began.stop()
    await running
