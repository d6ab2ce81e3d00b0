"""Making notices and reading them."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import select, update

from server.identity.queries import may_know, resolve
from server.kit.about import subject_id
from server.kit.access import Principal, system
from server.kit.clock import now
from server.kit.db import Tx
from server.kit.events import EventRow, emit
from server.notices import events as facts
from server.notices.access import visible_notices
from server.notices.models import Notice

TEXT_LENGTH = 200
MOST = 500  # people that one fact tells


@dataclass(frozen=True, slots=True)
class NoticeDraft:
    kind: str
    text: str
    url: str
    place: str = ""
    by: int | None = None  # who did it, where it came out later


async def notify(tx: Tx, row: EventRow, names: Collection[str], draft: NoticeDraft) -> None:
    """Tells these addressees ("user:5", "team:2") of a fact: never its author, nobody who may not see what it is
    about, nobody twice of the same fact."""
    actor = draft.by or row.actor_id
    people = await resolve(tx, row.workspace_id, names) - {actor}
    people = await may_know(tx, row.workspace_id, row.about, people)
    if not people:
        return
    told = select(Notice.user_id).where(Notice.event_id == row.id, Notice.user_id.in_(people))
    for user_id in sorted(people - set(await tx.scalars(told)))[:MOST]:
        notice = Notice(
            workspace_id=row.workspace_id,
            user_id=user_id,
            kind=draft.kind,
            event_id=row.id,
            subject=row.subject,
            about=row.about,
            place=draft.place,
            actor_id=actor,
            text=draft.text[:TEXT_LENGTH],
            url=draft.url,
            created_at=now(),
        )
        tx.add(notice)
        await tx.flush()
        house = system(row.workspace_id)
        emit(tx, house, facts.NoticeCreated(subject=f"user:{user_id}", kind=draft.kind, notice=notice.id))


async def read_notice(tx: Tx, who: Principal, notice: Notice) -> None:
    if notice.read_at is None:
        notice.read_at = now()
        emit(tx, who, facts.NoticeRead(subject=who.key, notice=notice.id))


async def read_all(tx: Tx, who: Principal) -> None:
    """Those one sees; what one may not see at present stays as it is."""
    unread = visible_notices(who).where(Notice.read_at.is_(None)).with_only_columns(Notice.id)
    ids = list(await tx.scalars(unread.limit(1000)))
    if ids:
        await tx.execute(update(Notice).where(Notice.id.in_(ids)).values(read_at=now()))
        emit(tx, who, facts.NoticeRead(subject=who.key, notice=None))


async def read_place(tx: Tx, row: EventRow, user_id: int, place: str, until: int) -> None:
    """What was read where it stands needs no bell any more."""
    unread = select(Notice).where(Notice.user_id == user_id, Notice.place == place, Notice.read_at.is_(None))
    seen = [notice for notice in await tx.scalars(unread) if subject_id(notice.subject) <= until]
    for notice in seen:
        notice.read_at = now()
    if seen:
        emit(tx, system(row.workspace_id), facts.NoticeRead(subject=f"user:{user_id}", notice=None))
