"""The drain: facts without a position → numbers → fragments → bus. The only publisher in server.

Every long-lived process has one and none is the leader: the database's own lock lets one number at a time.
"""

import asyncio
import contextlib
import itertools
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import bindparam, insert, select, update

from realtime.bus import Bus, BusDown
from realtime.message import Message
from server.kit.clock import now
from server.kit.db import Database, Tx, is_busy
from server.kit.events import EventRow
from server.kit.live import Change, changes_of, render_changes
from server.kit.logging import log
from server.kit.numbers import lock_numbers, newest_position, number_quiet
from server.kit.once import remember
from server.kit.patches import PatchRow, take_numbers
from server.kit.text import LANGUAGES

BATCH = 100
ATTEMPTS = 3
VARIANTS = (*LANGUAGES, "json")


@dataclass(frozen=True, slots=True)
class Numbered:
    row: EventRow
    topic: str
    n: int
    changes: list[Change]


@dataclass(frozen=True, slots=True)
class Drawn:
    """A fact and what it changes, by topic; or why that could not be said."""

    row: EventRow
    changes: dict[str, list[Change]]
    error: str | None = None


def until_failure(drawn: list[Drawn]) -> tuple[list[Drawn], Drawn | None]:
    """Facts that can be numbered now, and the failed one: those behind it wait for it, so that order holds.

    After a few failures it is parked: it gets its position, one empty patch, and keeps its error.
    """
    for place, one in enumerate(drawn):
        if one.error is not None:
            if one.row.failures + 1 < ATTEMPTS:
                return drawn[:place], one
            parked = replace(one, changes={one.row.about or one.row.subject: []})
            return [*drawn[:place], parked], parked
    return drawn, None


async def _draw(tx: Tx, row: EventRow) -> Drawn:
    return Drawn(row, await changes_of(tx, row))


async def _draw_apart(tx: Tx, row: EventRow) -> Drawn:
    """One fact that cannot be drawn leaves the others as they are: PostgreSQL would refuse them what comes after it."""
    try:
        async with tx.begin_nested():
            return await _draw(tx, row)
    except Exception as error:
        if is_busy(error):
            raise
        log.error("relay.render_failed", fact=row.id, name=row.name, error=repr(error))
        return Drawn(row, {}, repr(error)[:500])


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
        """What facts change is read before the lock is taken, so that whoever writes waits for the numbers alone."""
        try:
            rows, drawn = await self._look(_draw)
        except Exception as error:
            if is_busy(error):
                raise
            rows, drawn = await self._look(_draw_apart)
        if not rows:
            return False
        async with self._database.transaction() as tx:
            await lock_numbers(tx)
            if not drawn:
                return await number_quiet(tx)
            numbered, is_more = await self._number(tx, drawn)
        for patch in numbered:
            if self._bus.wanted(patch.topic):  # who subscribes from now on reads it from the database
                await self._publish(patch)
        return is_more

    async def _look(self, draw: Callable[[Tx, EventRow], Awaitable[Drawn]]) -> tuple[Sequence[EventRow], list[Drawn]]:
        """The next facts without a position, in one snapshot; quiet ones are not drawn."""
        async with self._database.transaction(read=True) as tx:
            remember(tx)
            pending = select(EventRow).where(EventRow.position.is_(None)).order_by(EventRow.id).limit(BATCH)
            rows = (await tx.scalars(pending)).all()
            return rows, [] if not rows or rows[0].quiet else [await draw(tx, row) for row in rows]

    async def _number(self, tx: Tx, drawn: list[Drawn]) -> tuple[list[Numbered], bool]:
        """Step 1: positions for facts in id order, numbers for their topics; and whether more may be waiting."""
        ids = [one.row.id for one in drawn]
        waiting = set(await tx.scalars(select(EventRow.id).where(EventRow.id.in_(ids), EventRow.position.is_(None))))
        ready, failed = until_failure([one for one in drawn if one.row.id in waiting])
        if failed is not None:
            again = {
                "failures": failed.row.failures + 1,
                "error": failed.error if ready and ready[-1] is failed else None,
            }
            await tx.execute(update(EventRow).where(EventRow.id == failed.row.id).values(again))
        if not ready:  # another process was faster, or the first one failed
            return [], not waiting
        for place, one in enumerate(ready, await newest_position(tx) + 1):
            one.row.position = place
        await (await tx.connection()).execute(
            update(EventRow).where(EventRow.id == bindparam("row_id")).values(position=bindparam("place")),
            [{"row_id": one.row.id, "place": one.row.position} for one in ready],
        )
        return await self._patches(tx, ready), len(drawn) == BATCH or len(ready) < len(waiting)

    async def _patches(self, tx: Tx, ready: list[Drawn]) -> list[Numbered]:
        """Every topic of a fact takes its next number."""
        topics = [topic for one in ready for topic in one.changes]
        if not topics:
            return []
        heads = await take_numbers(tx, Counter(topics), self._database.is_sqlite)
        following = {topic: itertools.count(heads[topic] - count + 1) for topic, count in Counter(topics).items()}
        numbered = [
            Numbered(one.row, topic, next(following[topic]), changes)
            for one in ready
            for topic, changes in one.changes.items()
        ]
        values = [{"topic": p.topic, "n": p.n, "position": p.row.position, "event_id": p.row.id} for p in numbered]
        await tx.execute(insert(PatchRow), values)
        return numbered

    async def _publish(self, patch: Numbered) -> None:
        """Step 2. A lost message is found by the hubs' own look at the database, so failure is only logged."""
        row, read = patch.row, self._bus.variants(patch.topic)
        variants = VARIANTS if read is None else sorted(read)
        try:
            rendered = render_changes(row, patch.changes, variants if patch.changes else ())
        except Exception as error:
            log.error("relay.render_failed", fact=row.id, name=row.name, error=repr(error))
            rendered = render_changes(row, [], ())
        covers = None if read is None else frozenset(read)
        kind, bodies = rendered.kind, rendered.bodies
        message = Message(patch.topic, patch.n, row.position or 0, kind, bodies, rendered.recheck, covers)
        try:
            await self._bus.publish(message)
        except BusDown:
            log.warning("relay.bus_down", topic=patch.topic, n=patch.n)
