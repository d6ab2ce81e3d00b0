"""The database behind the media: who may take a seat, who carries a call, what is wanted of it, what happened in it."""

import secrets
from collections.abc import Collection
from datetime import UTC, datetime, timedelta

from sqlalchemy import ColumnElement, Select, or_, select, update
from sqlalchemy.orm import selectinload
from sqlalchemy.sql.dml import ReturningUpdate

from realtime.calls.ports import Emptied, Fact, Joined, Left, Recorded, Seat, Wishes
from realtime.ports import Person as Listener
from server.calls.access import visible_calls
from server.calls.actions import add_member, come_in, go_out, look_later
from server.calls.alive import Marks
from server.calls.guests import guest_of
from server.calls.models import Call, Participant
from server.calls.recordings import keep_part
from server.calls.rings import ring_its_people
from server.identity.doors import Person
from server.kit.access import Principal
from server.kit.clock import now
from server.kit.db import Database, Tx
from server.kit.public import Visitor

LEASE = timedelta(seconds=10)
EMPTY = timedelta(seconds=20)


def seat_of(one: Participant, token: str = "") -> Seat:
    kind = "guest" if one.is_guest else "member"
    return Seat(one.id, kind, one.name, one.is_host, token, waiting=not one.is_admitted)  # type: ignore[arg-type]


def wishes_of(call: Call) -> Wishes:
    """With its people loaded."""

    def those(mark: str) -> frozenset[int]:
        return frozenset(one.id for one in call.people if getattr(one, mark))

    return Wishes(
        ended=None if call.is_open else "ended",
        locked=call.locked,
        removed=those("is_removed"),
        muted=those("is_muted"),
        admitted=those("is_admitted"),
        hosts=those("is_host"),
        held=those("is_held"),
        recording=call.recording,  # type: ignore[arg-type]
        consented=those("is_agreed"),
    )


class CallBook:
    """What `realtime/calls` asks (its `Book`), answered from the tables."""

    def __init__(self, database: Database, marks: Marks | None = None) -> None:
        self._database, self._marks = database, marks

    async def seat(self, person: Listener, call: str, token: str | None) -> Seat | None:
        """A member is brought back by their session, a guest by their pass; a token proves nothing more."""
        if isinstance(person, Person):
            return await self._member(person.who, call)
        return await self._guest(person.subject, call) if isinstance(person, Visitor) else None

    async def _member(self, who: Principal, room: str) -> Seat | None:
        if not who.may_write:
            return None
        found = visible_calls(who).where(Call.room == room, Call.ended_at.is_(None))
        async with self._database.transaction(read=True) as tx:
            call = await tx.scalar(found.options(selectinload(Call.people)))
            if call is None:
                return None
            own = next((one for one in call.people if one.user_id == who.user_id), None)
            if own is not None:
                return None if own.is_removed else seat_of(own)
        if call.locked:
            return None
        async with self._database.transaction() as tx:
            call = await tx.scalar(found.with_for_update(of=Call))
            if call is None or call.locked:
                return None
            return seat_of(await add_member(tx, call, who), secrets.token_urlsafe(16))

    async def _guest(self, subject: str, room: str) -> Seat | None:
        async with self._database.transaction(read=True) as tx:
            found = await guest_of(tx, subject)
        if found is None or found[0].room != room:
            return None
        call, one = found
        return None if call.locked and one.first_joined_at is None else seat_of(one)

    async def claim(self, call: str, process: str) -> str | None:
        if self._marks is not None:
            self._marks.hold(process)
        free = or_(Call.owner.is_(None), Call.owner == process, Call.lease_until < now())
        async with self._database.transaction() as tx:
            if await tx.scalar(_taken(call, process, free)) is not None:
                return process
            open_ = select(Call.owner).where(Call.room == call, Call.ended_at.is_(None))
            owner = await tx.scalar(open_)
            if owner is None or self._marks is None or not self._marks.is_dead(owner):
                return owner
            return process if await tx.scalar(_taken(call, process, Call.owner == owner)) else await tx.scalar(open_)

    async def renew(self, calls: Collection[str], process: str) -> set[str]:
        """Calls that ended stay with their owner until it has closed them."""
        mine = update(Call).where(Call.room.in_(calls), Call.owner == process)
        async with self._database.transaction() as tx:
            return set(await tx.scalars(mine.values(lease_until=now() + LEASE).returning(Call.room)))

    async def release(self, call: str, process: str) -> None:
        mine = update(Call).where(Call.room == call, Call.owner == process)
        async with self._database.transaction() as tx:
            # Free at once, and dated: when nobody comes back, the sweep ends it as it ends one whose owner died.
            await tx.execute(mine.values(owner=None, lease_until=now()))

    async def wishes(self, call: str) -> Wishes:
        async with self._database.transaction(read=True) as tx:
            found = await tx.scalar(_by_room(call))
            return wishes_of(found) if found is not None else Wishes(ended="ended")

    async def report(self, facts: Collection[Fact]) -> None:
        """In one transaction; what was told already changes nothing."""
        async with self._database.transaction() as tx:
            calls: dict[str, Call | None] = {}
            for fact in facts:
                if fact.call not in calls:
                    calls[fact.call] = await tx.scalar(_by_room(fact.call).with_for_update(of=Call))
                if (call := calls[fact.call]) is not None:
                    await note(tx, call, fact)


def _taken(room: str, process: str, when: ColumnElement[bool]) -> ReturningUpdate[tuple[int]]:
    """Makes this process the owner of a call that goes on, if that holds of its row: its id, or nothing."""
    mine = update(Call).where(Call.room == room, Call.ended_at.is_(None), when)
    return mine.values(owner=process, lease_until=now() + LEASE).returning(Call.id)


def _by_room(room: str) -> Select[Call]:
    return select(Call).where(Call.room == room).options(selectinload(Call.people))


async def note(tx: Tx, call: Call, fact: Fact) -> None:
    """One thing that happened, as rows and facts. Keys that somebody pressed may be a PIN: they are not kept."""
    at = datetime.fromtimestamp(fact.at, UTC)
    people = {one.id: one for one in call.people}
    match fact:
        case Joined() if (one := people.get(fact.participant)) and call.is_open:
            await come_in(tx, call, one, at, waiting=fact.waiting)
            if fact.waiting and not any(other.is_here and not other.is_guest for other in call.people):
                await ring_its_people(tx, call)
        case Left() if one := people.get(fact.participant):
            await go_out(tx, call, one, at, fact.reason)
        case Emptied() if call.is_open:
            for one in call.people:  # those whom an owner that died had not told of
                await go_out(tx, call, one, at, "lost")
            look_later(tx, call, EMPTY)
        case Recorded() if fact.participant in people:
            told = (fact.participant, fact.source, fact.file, fact.started, fact.seconds, fact.bytes)
            await keep_part(tx, call, *told)
