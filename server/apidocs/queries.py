"""Facts for programs: those of the records, rooms and things that the reader may see."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, or_, select

from server.chat.models import Message
from server.contacts.access import trashed_abouts
from server.kit.about import subject_id
from server.kit.access import Principal, allowed
from server.kit.db import Tx
from server.kit.events import EventRow
from server.timeline.models import Note

OWN = ("user:", "notice:", "view:")  # facts about one person: their profile, devices, bell and saved views
OWN_NAMES = ("room.read", "room.muted")
ADMINS = ("user.invited",)


def visible_facts(who: Principal) -> Select[EventRow]:
    """Facts of closed records and rooms are about them, so one condition covers both."""
    facts = select(EventRow).where(EventRow.workspace_id == who.workspace_id, allowed(who, EventRow.about))
    facts = facts.where(or_(EventRow.about.is_(None), EventRow.about.not_in(trashed_abouts(who))))
    if not who.is_at_least("admin"):
        facts = facts.where(EventRow.name.not_in(ADMINS))
    return facts.where(or_(_is_shared(), EventRow.subject == who.key, EventRow.actor_id == who.user_id))


def _is_shared() -> ColumnElement[bool]:
    return and_(
        *(EventRow.subject.not_like(f"{kind}%") for kind in OWN),
        EventRow.name.not_in(OWN_NAMES),
    )


async def facts_after(tx: Tx, who: Principal, after: int, limit: int) -> Sequence[EventRow]:
    """By position: what has a number already, in the order that everybody is told it."""
    rows = visible_facts(who).where(EventRow.position > after).order_by(EventRow.position).limit(limit + 1)
    return (await tx.scalars(rows)).all()


async def facts_about(tx: Tx, who: Principal, about: str, before: int, limit: int) -> Sequence[EventRow]:
    """What happened to a record, the newest first, before this position (0: from the newest)."""
    rows = visible_facts(who).where(EventRow.about == about, EventRow.position.is_not(None))
    rows = rows.where(EventRow.position < before) if before else rows
    return (await tx.scalars(rows.order_by(EventRow.position.desc()).limit(limit + 1))).all()


async def taken_back(tx: Tx, rows: Collection[EventRow]) -> set[str]:
    """Which of the messages and notes that these facts quote are removed: nobody reads their words any more."""
    return await _removed(tx, rows, "message", Message) | await _removed(tx, rows, "note", Note)


async def _removed(tx: Tx, rows: Collection[EventRow], kind: str, model: Any) -> set[str]:
    quoted = {subject_id(row.subject) for row in rows if row.subject.startswith(f"{kind}:") and "excerpt" in row.data}
    if not quoted:
        return set()
    found = select(model.id).where(model.id.in_(quoted), model.removed_at.is_not(None))
    return {f"{kind}:{id}" for id in await tx.scalars(found)}
