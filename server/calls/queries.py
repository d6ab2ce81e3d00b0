"""Reads about calls: the log, what rings for somebody, what stands on a record's page."""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import ScalarSelect, Select, and_, bindparam, func, or_, select
from sqlalchemy.orm import joinedload, selectinload

from server.calls.access import WHOLE, visible_calls
from server.calls.forms import CallQuery, bounds
from server.calls.models import Call, CallMessage, GuestLink, Part, Participant, Recording, Ring
from server.identity.models import Team, User
from server.kit.access import Principal, prepared
from server.kit.clock import now
from server.kit.db import Tx
from server.kit.jobs import JobRow
from server.kit.paging import PER_PAGE, Paging

ON_RECORD = 5
SAID = 200
LINKS = 50
TOOK = timedelta(seconds=10)  # so long is said who has taken a call


def filtered(who: Principal, query: CallQuery) -> Select[Call]:
    found = visible_calls(who)
    match query.show:
        case "missed":
            found = found.where(Call.missed_at.is_not(None))
        case "in" | "out":
            found = found.where(Call.direction == query.show)
        case "recorded":
            found = found.where(select(Recording.id).where(Recording.call_id == Call.id).exists())
    if query.person:
        user_id = who.user_id if query.person == "me" else int(query.person)
        inside = select(Participant.id).where(Participant.call_id == Call.id, Participant.user_id == user_id)
        found = found.where(or_(Call.starter_id == user_id, inside.exists()))
    since, until = bounds(query, who.timezone)
    found = found.where(Call.started_at >= since) if since else found
    return found.where(Call.started_at < until) if until else found


async def list_page(tx: Tx, who: Principal, query: CallQuery) -> tuple[list[Call], Paging]:
    """The newest first, with their people."""
    total = await tx.scalar(filtered(who, query).with_only_columns(func.count()).order_by(None))
    paging = Paging(query.page, total or 0)
    rows = filtered(who, query).order_by(Call.started_at.desc(), Call.id.desc()).options(*WHOLE)
    return list(await tx.scalars(rows.limit(PER_PAGE).offset((query.page - 1) * PER_PAGE))), paging


async def calls_after(tx: Tx, who: Principal, about: str | None, before: int, limit: int) -> list[Call]:
    """For clients: the newest first, before this one (0: from the newest)."""
    found = visible_calls(who).options(*WHOLE)
    found = found.where(Call.about == about) if about is not None else found
    found = found.where(Call.id < before) if before else found
    return list(await tx.scalars(found.order_by(Call.id.desc()).limit(limit + 1)))


async def call_by_id(tx: Tx, who: Principal, call_id: int) -> Call | None:
    """As it stands now in this transaction."""
    found = visible_calls(who).where(Call.id == call_id).options(*WHOLE)
    return await tx.scalar(found.execution_options(populate_existing=True))


async def calls_of(tx: Tx, who: Principal, about: str) -> list[Call]:
    """The newest of a record; one that goes on is among them."""
    return list(await tx.scalars(_newest_of(who), {"about": about, **who.params}))


@prepared
def _newest_of(who: Principal) -> Select[Call]:
    found = visible_calls(who).where(Call.about == bindparam("about"))
    found = found.order_by(Call.ended_at.is_(None).desc(), Call.started_at.desc(), Call.id.desc()).limit(ON_RECORD)
    return found.options(joinedload(Call.starter), joinedload(Call.answerer))


@prepared
def ringing_badge(who: Principal) -> ScalarSelect[Any]:
    """How many calls ring for this person now."""
    mine = select(func.count()).select_from(Ring).join(Call, Call.id == Ring.call_id)
    seen = Call.id.in_(visible_calls(who).with_only_columns(Call.id))
    rings = Ring.user_id == who.user_id, Ring.state == "ringing"
    return mine.where(*rings, Call.ended_at.is_(None), seen).scalar_subquery()


async def ringing_for(tx: Tx, who: Principal, about: str = "") -> list[Call]:
    """Calls that ring for this person, and one that nobody has answered yet about the record they look at."""
    own = select(Ring.state).where(Ring.call_id == Call.id, Ring.user_id == who.user_id)
    inside = select(Participant.id).where(
        Participant.call_id == Call.id, Participant.user_id == who.user_id, Participant.is_here
    )
    rings = select(Ring.user_id).where(Ring.call_id == Call.id, Ring.state == "ringing").exists()
    others = or_(Call.starter_id.is_(None), Call.starter_id != who.user_id)
    looked_at = and_(Call.about == about, Call.answered_by.is_(None), ~own.exists(), rings, others)
    found = visible_calls(who).where(
        Call.ended_at.is_(None),
        or_(own.where(Ring.state == "ringing").exists(), looked_at),
        ~inside.exists(),
    )
    return list(await tx.scalars(found.order_by(Call.id).limit(3).options(*WHOLE)))


async def taken_from(tx: Tx, who: Principal) -> list[Call]:
    """Calls that rang for this person until somebody else answered, a moment ago."""
    rang = select(Ring.state).where(Ring.call_id == Call.id, Ring.user_id == who.user_id, Ring.state == "over")
    found = visible_calls(who).where(
        Call.ended_at.is_(None), rang.exists(), Call.answered_by != who.user_id, Call.answered_at > now() - TOOK
    )
    return list(await tx.scalars(found.order_by(Call.id).limit(3).options(*WHOLE)))


async def rung_by(tx: Tx, call_id: int) -> set[int]:
    """Everybody whom the call rings or rang."""
    return set(await tx.scalars(select(Ring.user_id).where(Ring.call_id == call_id)))


async def members_in(tx: Tx, call_ids: Collection[int]) -> list[int]:
    """Those without guests who have a place in these calls."""
    inside = select(Participant.user_id).where(Participant.call_id.in_(call_ids), Participant.user_id.is_not(None))
    return [id for id in await tx.scalars(inside.distinct().order_by(Participant.user_id)) if id is not None]


async def rings_of(tx: Tx, call_id: int) -> list[Ring]:
    found = select(Ring).where(Ring.call_id == call_id).options(joinedload(Ring.user), joinedload(Ring.team))
    return list(await tx.scalars(found.order_by(Ring.at, Ring.user_id)))


async def said_in(tx: Tx, call: Call) -> list[CallMessage]:
    found = select(CallMessage).where(CallMessage.call_id == call.id)
    whole = joinedload(CallMessage.participant).joinedload(Participant.user)
    return list(await tx.scalars(found.order_by(CallMessage.id.desc()).limit(SAID).options(whole)))[::-1]


async def message_by_id(tx: Tx, message_id: int) -> CallMessage | None:
    whole = joinedload(CallMessage.participant).joinedload(Participant.user)
    return await tx.scalar(select(CallMessage).where(CallMessage.id == message_id).options(whole))


async def links_of(tx: Tx, call: Call) -> list[GuestLink]:
    """Those that still let somebody in, or have; a seat whose guest a host put out is nobody's any more."""
    found = select(GuestLink).where(
        GuestLink.call_id == call.id, GuestLink.revoked_at.is_(None), GuestLink.expires_at > now()
    )
    out = Counter(one.link_id for one in call.people if one.is_removed and one.first_joined_at is not None)
    return [link for link in await tx.scalars(found.order_by(GuestLink.id).limit(LINKS)) if out[link.id] < link.seats]


@dataclass(frozen=True, slots=True)
class Mixing:
    """How far the recording's mix and its video are; `parts` are those that can be played by themselves."""

    parts: list[Part]
    jobs: dict[str, JobRow]

    @property
    def going(self) -> JobRow | None:
        return next((job for job in self.jobs.values() if job.state in ("waiting", "running")), None)

    @property
    def has_failed(self) -> bool:
        return any(job.state == "parked" for job in self.jobs.values())

    @property
    def has_pictures(self) -> bool:
        return any(part.source != "audio" for part in self.parts)


async def mixing_of(tx: Tx, call: Call) -> Mixing:
    parts = select(Part).where(Part.call_id == call.id).order_by(Part.started_at, Part.id)
    jobs = select(JobRow).where(JobRow.key.in_((call.mix_key, call.video_key)))
    return Mixing(list(await tx.scalars(parts)), {job.name: job for job in await tx.scalars(jobs)})


async def known_parts(tx: Tx, files: Collection[str]) -> set[str]:
    """Those of these files that belong to a call."""
    return set(await tx.scalars(select(Part.file).where(Part.file.in_(files))))


async def call_of_room(tx: Tx, room: str) -> Call | None:
    """With its people, by its name on the wire."""
    return await tx.scalar(select(Call).where(Call.room == room).options(selectinload(Call.people)))


async def rooms_that_are(tx: Tx, rooms: Collection[str]) -> tuple[set[str], set[str]]:
    """(going on, over) of these."""
    rows = list(await tx.execute(select(Call.room, Call.ended_at).where(Call.room.in_(rooms))))
    return {row.room for row in rows if row.ended_at is None}, {row.room for row in rows if row.ended_at is not None}


async def part_by_id(tx: Tx, call: Call, part_id: int) -> Part | None:
    return await tx.scalar(select(Part).where(Part.call_id == call.id, Part.id == part_id))


async def names_in(tx: Tx, users: Collection[int | None], teams: Collection[int | None]) -> dict[str, str]:
    """ "user:5" and "team:2" → names, for lines."""
    people, groups = {id for id in users if id}, {id for id in teams if id}
    found: dict[str, str] = {}
    if people:
        rows = await tx.execute(select(User.id, User.name).where(User.id.in_(people)))
        found |= {f"user:{row.id}": row.name for row in rows}
    if groups:
        rows = await tx.execute(select(Team.id, Team.name).where(Team.id.in_(groups)))
        found |= {f"team:{row.id}": row.name for row in rows}
    return found


async def open_calls(tx: Tx) -> list[Call]:
    """Of all workspaces, for the job that looks after calls whose owner died."""
    found = select(Call).where(Call.ended_at.is_(None)).options(selectinload(Call.people))
    return list(await tx.scalars(found.order_by(Call.id).limit(500)))
