"""Work for later: rows in the domain's own database, taken with a lease, retried with backoff, parked when poison."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from server.kit.access import Principal, system
from server.kit.clock import now
from server.kit.db import Base, Database, Tx
from server.kit.events import Event, EventRow, emit, event
from server.kit.files import Files
from server.kit.mail import Mailer
from server.kit.outbound import Outbound
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
    outbound: Outbound


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

    async def forget(self) -> None:
        """What the job was told is needed no more and better not kept, such as the link in a letter."""
        async with self.database.transaction() as tx:
            (await tx.get_one(JobRow, self.job_id)).args = {}


Run = Callable[[Work], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Job:
    name: str
    run: Run
    attempts: int = ATTEMPTS
    every: timedelta | None = None
    is_long: bool = False
    parked: Run | None = None


JOBS: dict[str, Job] = {}
AFTER_EVENT: dict[str, list[str]] = {}


def job(
    name: str,
    *,
    attempts: int = ATTEMPTS,
    every: timedelta | None = None,
    is_long: bool = False,
    parked: Run | None = None,
) -> Callable[[Run], Run]:
    """Registers a job. `every`: it comes back by itself after each run. `is_long`: it may take minutes, so that it
    never gets the last slot of a worker. `parked`: tells whoever waits for it that it was given up."""

    def register(run: Run) -> Run:
        JOBS[name] = Job(name, run, attempts, every, is_long, parked)
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
