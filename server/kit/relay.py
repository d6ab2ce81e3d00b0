"""The drain: facts without a position → numbers → fragments → bus. The only publisher in server.

Every long-lived process has one and none is the leader: the database's own lock lets one number at a time.
"""

import asyncio
import contextlib
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, func, insert, select, text, update

from realtime.bus import Bus, BusDown
from realtime.message import Message
from server.kit.clock import now
from server.kit.db import Database, Tx, is_busy
from server.kit.events import EventRow
from server.kit.live import Change, changes_of, render_changes
from server.kit.logging import log
from server.kit.patches import PatchRow, take_numbers
from server.kit.text import LANGUAGES

BATCH = 100
QUIET_BATCH = 5000
ATTEMPTS = 3
VARIANTS = (*LANGUAGES, "json")
LOCK = 7_342_001  # any number, the same in every process


@dataclass(frozen=True, slots=True)
class Numbered:
    row: EventRow
    topic: str
    n: int
    changes: list[Change]


class Relay:
    """`interval` seconds between looks without a wake-up: facts of other processes are found by then."""

    def __init__(self, database: Database, bus: Bus, interval: float = 1.0) -> None:
        self._database, self._bus, self._interval = database, bus, interval
        self._woken = asyncio.Event()
        self._draining = asyncio.Lock()
        self._stopping = False

    def wake(self, tx: Tx | None = None) -> None:
        """An after_commit step; does nothing when the transaction announced nothing."""
        if tx is None or tx.info.get("emitted"):
            self._woken.set()

    async def run(self) -> None:
        while not self._stopping:
            try:
                await self.drain()
            except Exception as error:
                log.error("relay.failed", error=repr(error))
                await asyncio.sleep(self._interval)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._woken.wait(), self._interval)
            self._woken.clear()

    def stop(self) -> None:
        self._stopping = True
        self._woken.set()

    async def drain(self) -> None:
        """Numbers and publishes everything that is committed by now."""
        async with self._draining:
            while await self._drain_batch():
                pass

    async def lag(self) -> float:
        """Seconds the oldest fact without a position has waited."""
        async with self._database.transaction(read=True) as tx:
            oldest: datetime | None = await tx.scalar(
                select(EventRow.at).where(EventRow.position.is_(None)).order_by(EventRow.id).limit(1)
            )
        return max(0.0, (now() - oldest).total_seconds()) if oldest else 0.0

    async def _drain_batch(self) -> bool:
        async with self._database.transaction(read=True) as tx:  # spares the write lock when there is nothing to do
            if await tx.scalar(select(EventRow.id).where(EventRow.position.is_(None)).limit(1)) is None:
                return False
        async with self._database.transaction() as tx:
            if not self._database.is_sqlite:
                await tx.execute(text("SET LOCAL idle_in_transaction_session_timeout = '5s'"))
                await tx.execute(select(func.pg_advisory_xact_lock(LOCK)))
            numbered, is_more = await self._number(tx)
        for patch in numbered:
            if self._bus.wanted(patch.topic):  # who subscribes from now on reads it from the database
                await self._publish(patch)
        return is_more

    async def _number(self, tx: Tx) -> tuple[list[Numbered], bool]:
        """Step 1: positions for facts in id order, numbers for their topics; and whether more may be waiting."""
        rows = (
            await tx.scalars(select(EventRow).where(EventRow.position.is_(None)).order_by(EventRow.id).limit(BATCH))
        ).all()
        if not rows:  # another process was faster
            return [], False
        position = await tx.scalar(select(func.max(EventRow.position))) or 0
        if rows[0].quiet:
            return [], await self._number_quiet(tx, position) > 0
        numbered: list[Numbered] = []
        for done, row in enumerate(rows):
            changes = await self._changes(tx, row)
            if changes is None:
                return numbered, done > 0
            position += 1
            row.position = position
            heads = await take_numbers(tx, list(changes), self._database.is_sqlite)
            if heads:
                await tx.execute(
                    insert(PatchRow),
                    [{"topic": t, "n": n, "position": position, "event_id": row.id} for t, n in heads.items()],
                )
            numbered += [Numbered(row, topic, heads[topic], changes[topic]) for topic in changes]
        return numbered, len(rows) == BATCH

    async def _number_quiet(self, tx: Tx, position: int) -> int:
        """Bulk facts change no screen: a run of them at the front is numbered at one go."""
        loud = select(func.min(EventRow.id)).where(EventRow.position.is_(None), EventRow.quiet.is_(False))
        first_loud = await tx.scalar(loud)
        run = select(EventRow.id).where(EventRow.position.is_(None))
        if first_loud is not None:
            run = run.where(EventRow.id < first_loud)
        ids = (await tx.scalars(run.order_by(EventRow.id).limit(QUIET_BATCH))).all()
        if ids:
            statement = update(EventRow).where(EventRow.id == bindparam("row_id")).values(position=bindparam("place"))
            places = [{"row_id": id, "place": place} for place, id in enumerate(ids, position + 1)]
            await (await tx.connection()).execute(statement, places)
        return len(ids)

    async def _changes(self, tx: Tx, row: EventRow) -> dict[str, list[Change]] | None:
        """None: try this fact again later. After a few failures it is parked: position, one empty patch, its error."""
        try:
            async with tx.begin_nested():
                return await changes_of(tx, row)
        except Exception as error:
            if is_busy(error):
                raise
            row.failures += 1
            log.error("relay.render_failed", fact=row.id, name=row.name, error=repr(error))
            if row.failures < ATTEMPTS:
                return None
            row.error = repr(error)[:500]
            return {row.about or row.subject: []}

    async def _publish(self, patch: Numbered) -> None:
        """Step 2. A lost message is found by the hubs' own look at the database, so failure is only logged."""
        row = patch.row
        try:
            rendered = render_changes(row, patch.changes, VARIANTS if patch.changes else ())
        except Exception as error:
            log.error("relay.render_failed", fact=row.id, name=row.name, error=repr(error))
            rendered = render_changes(row, [], ())
        message = Message(patch.topic, patch.n, row.position or 0, rendered.kind, rendered.bodies, rendered.recheck)
        try:
            await self._bus.publish(message)
        except BusDown:
            log.warning("relay.bus_down", topic=patch.topic, n=patch.n)
