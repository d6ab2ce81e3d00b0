"""Numbers of topics: their heads, and what a screen missed since one of them."""

from collections.abc import Collection, Mapping
from datetime import timedelta

from sqlalchemy import Index, bindparam, delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column

from realtime.message import Message
from server.kit.clock import now
from server.kit.db import Base, Database, Tx
from server.kit.events import EventRow
from server.kit.live import changes_of, render_changes
from server.kit.logging import log
from server.kit.once import remember

REPLAY_LIMIT = 500


class TopicRow(Base):
    """`head`: number of the newest patch; numbers up to `floor` can no longer be replayed. Never pruned."""

    __tablename__ = "topic"

    name: Mapped[str] = mapped_column(primary_key=True)
    head: Mapped[int]
    floor: Mapped[int] = mapped_column(default=0)


class PatchRow(Base):
    """That a fact changed a topic, and under which number. No HTML: it is rendered from current state."""

    __tablename__ = "patch"
    __table_args__ = (Index("ix_patch_position", "position"),)

    topic: Mapped[str] = mapped_column(primary_key=True)
    n: Mapped[int] = mapped_column(primary_key=True)
    position: Mapped[int]
    event_id: Mapped[int]


_HEADS = select(TopicRow.name, TopicRow.head).where(TopicRow.name.in_(bindparam("topics", expanding=True)))


async def read_heads(tx: Tx, *topics: str) -> dict[str, int]:
    """Read before the data of a page: what is published later is replayed, never missed."""
    rows = await tx.execute(_HEADS, {"topics": topics})
    known = dict(rows.all())
    return {topic: known.get(topic, 0) for topic in topics}


async def take_numbers(tx: Tx, counts: Mapping[str, int], is_sqlite: bool) -> dict[str, int]:
    """So many more patches on each of these topics: their new heads."""
    values = [{"name": topic, "head": count, "floor": 0} for topic, count in sorted(counts.items())]
    taken = (sqlite if is_sqlite else postgresql).insert(TopicRow).values(values)
    more = {"head": TopicRow.head + taken.excluded.head}
    taken = taken.on_conflict_do_update(index_elements=["name"], set_=more)
    return dict((await tx.execute(taken.returning(TopicRow.name, TopicRow.head))).all())


class PatchSource:
    """What the hub asks the database: heads, replays, and which topics moved."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def heads(self, topics: Collection[str]) -> dict[str, int]:
        async with self._database.transaction(read=True) as tx:
            return await read_heads(tx, *topics)

    async def changed(self, after_position: int) -> tuple[int, dict[str, int]]:
        """The newest position, and the head of each topic with a patch above `after_position`."""
        async with self._database.transaction(read=True) as tx:
            newest = await tx.scalar(select(func.max(EventRow.position)))
            rows = await tx.execute(
                select(PatchRow.topic, func.max(PatchRow.n))
                .where(PatchRow.position > after_position)
                .group_by(PatchRow.topic)
            )
            return newest or 0, dict(rows.all())

    async def replay(self, topic: str, after: int, variants: Collection[str]) -> list[Message] | None:
        """The patches above `after`, rendered from what is true now; None when they cannot be had exactly."""
        async with self._database.transaction(read=True) as tx:
            row = await tx.get(TopicRow, topic)
            head, floor = (row.head, row.floor) if row else (0, 0)
            if not floor <= after <= head or head - after > REPLAY_LIMIT:
                return None
            found = (
                await tx.execute(
                    select(PatchRow.n, EventRow)
                    .join(EventRow, EventRow.id == PatchRow.event_id)
                    .where(PatchRow.topic == topic, PatchRow.n > after)
                    .order_by(PatchRow.n)
                )
            ).all()
            remember(tx)
            return [await replayed(tx, topic, n, event, variants) for n, event in found]


async def replayed(tx: Tx, topic: str, n: int, row: EventRow, variants: Collection[str]) -> Message:
    """An event that no longer yields the topic, or fails, gives an empty patch with its number."""
    try:
        changes = (await changes_of(tx, row)).get(topic, [])
        rendered = render_changes(row, changes, variants if changes else ())
    except Exception as error:
        log.error("patch.replay_failed", fact=row.id, topic=topic, error=repr(error))
        rendered = render_changes(row, [], ())
    return Message(topic, n, row.position or 0, rendered.kind, rendered.bodies, rendered.recheck)


async def prune_patches(tx: Tx, hours: int) -> None:
    """Forgets patches older than `hours` and raises their topics' floors."""
    oldest = now() - timedelta(hours=hours)
    last = await tx.scalar(select(func.max(EventRow.position)).where(EventRow.at < oldest))
    if last is None:
        return
    gone = (
        select(PatchRow.topic, func.max(PatchRow.n).label("n"))
        .where(PatchRow.position <= last)
        .group_by(PatchRow.topic)
    )
    old = gone.subquery()
    await tx.execute(
        update(TopicRow)
        .where(TopicRow.name.in_(select(old.c.topic)))
        .values(floor=select(old.c.n).where(old.c.topic == TopicRow.name).scalar_subquery())
    )
    await tx.execute(delete(PatchRow).where(PatchRow.position <= last))
