"""Work for later: rows in the domain's own database, taken with a lease, retried with backoff, parked when poison."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Index, or_, select, update
from sqlalchemy.orm import Mapped, mapped_column

from server.kit.access import Principal, system
from server.kit.clock import now
from server.kit.db import Base, Database, Tx
from server.kit.events import Event, EventRow, emit, event
from server.kit.files import Files
from server.kit.logging import log
from server.kit.mail import Mailer
from server.settings import Settings

LEASE = timedelta(seconds=60)
ATTEMPTS = 5
PROGRESS_EVERY = timedelta(seconds=1)


class JobRow(Base):
    """`state`: waiting | running | done | parked | cancelled."""

    __tablename__ = "job"
    __table_args__ = (Index("ix_job_due", "state", "run_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    workspace_id: Mapped[int]  # 0: the installation's own
    name: Mapped[str]
    key: Mapped[str | None] = mapped_column(unique=True)  # at most one waiting job of this key
    args: Mapped[dict[str, Any]]
    state: Mapped[str] = mapped_column(default="waiting")
    run_at: Mapped[datetime]
    leased_until: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)
    error: Mapped[str | None]
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int] = mapped_column(default=0)
    result: Mapped[dict[str, Any] | None]
    creator_id: Mapped[int | None]
    created_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]


@event("job.progressed")
@dataclass(frozen=True, slots=True, kw_only=True)
class JobProgressed(Event):
    """Rows done of all; the page of the job fetches itself again."""


class Cancelled(Exception):
    """Somebody stopped the job; what it did so far stays."""


@dataclass(frozen=True, slots=True)
class Services:
    """What a job may use."""

    database: Database
    files: Files
    mailer: Mailer
    settings: Settings


@dataclass(slots=True)
class Work:
    """One run of a job. Its function may run more than once: effects carry a key or are told apart by state."""

    services: Services
    job_id: int
    workspace_id: int
    args: dict[str, Any]
    _told: datetime | None = None

    @property
    def database(self) -> Database:
        return self.services.database

    async def progress(
        self, done: int, total: int, result: dict[str, Any] | None = None, *, tell: bool = False
    ) -> None:
        """Writes the columns; tells the page at most once a second. Raises Cancelled when somebody stopped it."""
        due = tell or self._told is None or now() - self._told >= PROGRESS_EVERY
        if not due:
            return
        self._told = now()
        async with self.database.transaction() as tx:
            job = await tx.get(JobRow, self.job_id)
            if job is None or job.state == "cancelled":
                raise Cancelled
            job.done, job.total, job.leased_until = done, total, now() + LEASE
            if result is not None:
                job.result = result
            emit(tx, system(self.workspace_id), JobProgressed(subject=f"job:{self.job_id}"))


Run = Callable[[Work], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Job:
    name: str
    run: Run
    attempts: int = ATTEMPTS
    every: timedelta | None = None


JOBS: dict[str, Job] = {}
AFTER_EVENT: dict[str, list[str]] = {}


def job(name: str, *, attempts: int = ATTEMPTS, every: timedelta | None = None) -> Callable[[Run], Run]:
    """Registers a job. `every`: it comes back by itself after each run."""

    def register(run: Run) -> Run:
        JOBS[name] = Job(name, run, attempts, every)
        return run

    return register


def later(*facts: str) -> Callable[[Run], Run]:
    """Runs after the fact's commit, at least once; `args` has the fact's id, subject, about, actor and data."""

    def register(run: Run) -> Run:
        name = f"{run.__module__.removeprefix('server.').removesuffix('.jobs')}.{run.__name__}"
        JOBS[name] = Job(name, run)
        for fact in facts:
            AFTER_EVENT.setdefault(fact, []).append(name)
        return run

    return register


def enqueue(tx: Tx, who: Principal, name: str, args: dict[str, Any], *, run_at: datetime | None = None) -> JobRow:
    """Leaves with the commit, dies with the rollback."""
    row = JobRow(
        workspace_id=who.workspace_id,
        name=JOBS[name].name,
        args=args,
        state="waiting",
        run_at=run_at or now(),
        creator_id=who.user_id,
        created_at=now(),
        attempts=0,
        done=0,
        total=0,
    )
    tx.add(row)
    tx.info["enqueued"] = True
    return row


async def queue_after_facts(tx: Tx) -> None:
    """A before_commit step: the jobs that the emitted facts ask for."""
    rows: list[EventRow] = tx.info.get("emitted", [])
    wanted = [(row, name) for row in rows if not row.quiet for name in AFTER_EVENT.get(row.name, ())]
    if wanted:
        await tx.flush()
    for row, name in wanted:
        args = {"event": row.id, "subject": row.subject, "about": row.about, "actor": row.actor_id, "data": row.data}
        enqueue(tx, system(row.workspace_id), name, args)


class Worker:
    """Takes due jobs one after another. Several workers, in one process or many, share the table."""

    def __init__(self, services: Services, interval: float = 1.0) -> None:
        self._services, self._interval = services, interval
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
        await self._plan_periodic()
        while not self._stopping:
            try:
                worked = await self.run_one()
            except Exception as error:
                log.error("worker.failed", error=repr(error))
                worked = False
            if not worked:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._woken.wait(), self._interval)
                self._woken.clear()

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
        row, attempt = taken
        if attempt > JOBS[row.name].attempts:
            await self._finish(row, attempt, "parked", "The process ended each time it did this")
            return True
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
        return True

    async def _take(self) -> tuple[JobRow, int] | None:
        due = or_(
            (JobRow.state == "waiting") & (JobRow.run_at <= now()),
            (JobRow.state == "running") & (JobRow.leased_until < now()),
        )
        first = select(JobRow).where(due, JobRow.name.in_(list(JOBS))).order_by(JobRow.run_at, JobRow.id).limit(1)
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
            return await self._finish(row, attempt, "parked", repr(error)[:500])
        wait = timedelta(seconds=5 * 2 ** (attempt - 1))
        values = {"state": "waiting", "run_at": now() + wait, "leased_until": None, "error": repr(error)[:500]}
        await self._settle(row.id, attempt, values)

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
            for name, entry in JOBS.items():
                if entry.every is None or await tx.scalar(select(JobRow.id).where(JobRow.key == name)):
                    continue
                row = enqueue(tx, system(0), name, {})
                row.key = name
