"""Runs the job table: a few jobs at once, each with a lease, retries and backoff; poison is parked."""

import asyncio
import contextlib
from datetime import timedelta
from typing import Any

from sqlalchemy import or_, select, update

from server.kit.access import system
from server.kit.clock import now
from server.kit.db import Tx, one_at_a_time
from server.kit.events import emit
from server.kit.jobs import JOBS, LEASE, Cancelled, JobProgressed, JobRow, Services, Work, enqueue
from server.kit.logging import log

SLOTS = 3  # jobs at once in one process; the database's write lock is held by one of them at a time


class Worker:
    """Runs a few due jobs at once; long ones leave a slot for the others. Several workers share the table."""

    def __init__(self, services: Services, interval: float = 1.0) -> None:
        self._services, self._interval = services, interval
        self._running: dict[asyncio.Task[None], str] = {}
        self._database = services.database
        self._woken = asyncio.Event()
        self._stopping = False

    def wake(self, tx: Tx) -> None:
        if tx.info.get("enqueued"):
            self._woken.set()

    def stop(self) -> None:
        self._stopping = True
        self._woken.set()

    async def run(self) -> None:
        is_planned = False
        while not self._stopping:
            is_planned = is_planned or await self._plan()
            if not await self._start_one():
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._woken.wait(), self._interval)
                self._woken.clear()
        await asyncio.gather(*self._running)

    async def _plan(self) -> bool:
        """False when the database is away: the worker must outlive that, so it asks again later."""
        try:
            await self._plan_periodic()
        except Exception as error:
            log.error("worker.failed", error=repr(error))
            return False
        return True

    async def _start_one(self) -> bool:
        """Puts a due job into a free slot; False when there is none of either."""
        if len(self._running) >= SLOTS:
            return False
        try:
            taken = await self._take(self._too_long())
        except Exception as error:
            log.error("worker.failed", error=repr(error))
            return False
        if taken is None:
            return False
        task = asyncio.create_task(self._in_slot(*taken))
        self._running[task] = taken[0].name
        task.add_done_callback(self._free)
        return True

    def _too_long(self) -> frozenset[str]:
        """Jobs that would take the slot which is kept for short ones."""
        long = frozenset(name for name, entry in JOBS.items() if entry.is_long)
        return long if sum(name in long for name in self._running.values()) >= SLOTS - 1 else frozenset()

    def _free(self, task: asyncio.Task[None]) -> None:
        self._running.pop(task)
        self._woken.set()

    async def _in_slot(self, row: JobRow, attempt: int) -> None:
        try:
            await self._work(row, attempt)
        except Exception as error:
            log.error("worker.failed", error=repr(error))

    async def drain(self) -> int:
        """Runs everything that is due now; how many ran."""
        ran = 0
        while await self.run_one():
            ran += 1
        return ran

    async def run_one(self) -> bool:
        """Takes one due job and runs it; False when none is due."""
        if (taken := await self._take()) is None:
            return False
        await self._work(*taken)
        return True

    async def _work(self, row: JobRow, attempt: int) -> None:
        if attempt > JOBS[row.name].attempts:
            return await self._park(row, attempt, "The process ended each time it did this")
        work = Work(self._services, row.id, row.workspace_id, row.args)
        ended = asyncio.Event()
        keeper = asyncio.create_task(self._keep_lease(row.id, attempt, ended))
        try:
            await JOBS[row.name].run(work)
        except Cancelled:
            await self._finish(row, attempt, "cancelled", None)
        except Exception as error:
            log.error("job.failed", job=row.name, id=row.id, attempt=attempt, error=repr(error))
            await self._failed(row, attempt, error)
        else:
            await self._finish(row, attempt, "done", None)
        finally:
            ended.set()
            await keeper

    async def _take(self, left_out: frozenset[str] = frozenset()) -> tuple[JobRow, int] | None:
        due = or_(
            (JobRow.state == "waiting") & (JobRow.run_at <= now()),
            (JobRow.state == "running") & (JobRow.leased_until < now()),
        )
        first = (
            select(JobRow)
            .where(due, JobRow.name.in_(sorted(JOBS.keys() - left_out)))
            .order_by(JobRow.run_at, JobRow.id)
            .limit(1)
        )
        async with self._database.transaction(read=True) as tx:
            if await tx.scalar(first.with_only_columns(JobRow.id)) is None:
                return None
        async with self._database.transaction() as tx:
            row = await tx.scalar(first.with_for_update(skip_locked=True))
            if row is None:
                return None
            row.state, row.leased_until, row.attempts = "running", now() + LEASE, row.attempts + 1
            return row, row.attempts

    async def _keep_lease(self, job_id: int, attempt: int, ended: asyncio.Event) -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(ended.wait(), LEASE.total_seconds() / 3)
            if ended.is_set():
                return
            try:
                await self._renew(job_id, attempt)
            except Exception as error:
                log.error("job.lease_not_renewed", id=job_id, error=repr(error))

    async def _renew(self, job_id: int, attempt: int) -> None:
        mine = (JobRow.id == job_id, JobRow.attempts == attempt, JobRow.state == "running")
        async with self._database.transaction() as tx:
            await tx.execute(update(JobRow).where(*mine).values(leased_until=now() + LEASE))

    async def _failed(self, row: JobRow, attempt: int, error: Exception) -> None:
        if attempt >= JOBS[row.name].attempts:
            return await self._park(row, attempt, repr(error)[:500])
        wait = timedelta(seconds=5 * 2 ** (attempt - 1))
        values = {"state": "waiting", "run_at": now() + wait, "leased_until": None, "error": repr(error)[:500]}
        await self._settle(row.id, attempt, values)

    async def _park(self, row: JobRow, attempt: int, why: str) -> None:
        await self._finish(row, attempt, "parked", why)
        if (tell := JOBS[row.name].parked) is not None:
            await tell(Work(self._services, row.id, row.workspace_id, row.args))

    async def _finish(self, row: JobRow, attempt: int, state: str, error: str | None) -> None:
        every = JOBS[row.name].every
        if every is not None and state in ("done", "parked"):
            values = {"state": "waiting", "run_at": now() + every, "leased_until": None, "attempts": 0, "error": error}
        else:
            values = {"state": state, "leased_until": None, "error": error, "finished_at": now()}
        await self._settle(row.id, attempt, values)

    async def _settle(self, job_id: int, attempt: int, values: dict[str, Any]) -> None:
        """Does nothing when the lease went to somebody else or the job was cancelled meanwhile."""
        async with self._database.transaction() as tx:
            job = await tx.get(JobRow, job_id)
            if job is None or job.attempts != attempt or job.state != "running":
                return
            for column, value in values.items():
                setattr(job, column, value)
            if job.workspace_id:
                emit(tx, system(job.workspace_id), JobProgressed(subject=f"job:{job_id}"))

    async def _plan_periodic(self) -> None:
        async with self._database.transaction() as tx:
            await one_at_a_time(tx, "periodic jobs")  # processes start together
            for name, entry in JOBS.items():
                if entry.every is None or await tx.scalar(select(JobRow.id).where(JobRow.key == name)):
                    continue
                row = enqueue(tx, system(0), name, {})
                row.key = name
