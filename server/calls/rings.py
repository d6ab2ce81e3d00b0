"""Whom a call rings: those of the record, those who are asked to come, those it is handed to. First answer wins."""

from collections.abc import Collection

from sqlalchemy import ColumnElement, select, update

from server.calls import events as facts
from server.calls.access import must_be_open, own_place
from server.calls.actions import RING, add_member, look_later, start_call, tell, tell_unheard
from server.calls.models import Call, Participant, Ring
from server.identity.models import Team, TeamMember, User
from server.identity.queries import list_people, list_teams, resolve
from server.kit.access import Principal, restricted_to, system
from server.kit.clock import now
from server.kit.db import Tx
from server.kit.errors import Conflict, Invalid
from server.kit.homes import get_home
from server.kit.text import _

MOST = 200  # people that one call rings at once


async def start_and_ring(tx: Tx, who: Principal, about: str, kind: str = "video") -> tuple[Call, bool]:
    """A new call rings the owner and the team of its record, or those in its room; one that goes on is joined in
    silence."""
    call, is_new = await start_call(tx, who, about, kind)
    if is_new:
        await ring_its_people(tx, call)
    return call, is_new


async def ring_its_people(tx: Tx, call: Call) -> set[int]:
    """Those behind what it belongs to: a record's owner and team, the members of a room."""
    if not call.about:
        return set()
    home = await get_home(tx, system(call.workspace_id), call.about)
    return await ring(tx, call, await who_may_come(tx, call, home.rings) - {call.starter_id}, home.team)


async def who_may_come(tx: Tx, call: Call, names: Collection[str]) -> set[int]:
    """The people behind addressees, without those who may not see what the call is about."""
    people = await resolve(tx, call.workspace_id, names) if names else set()
    if people and (closed := await restricted_to(tx, call.about)):
        people &= await resolve(tx, call.workspace_id, closed)
    return people


async def addressees(tx: Tx, who: Principal, call: Call) -> tuple[list[User], list[Team]]:
    """People and teams whom one may ask to come, or hand it to: those who may see what the call belongs to."""
    people = [one for one in await list_people(tx, who) if one.id not in (who.user_id, call.starter_id)]
    teams = list(await list_teams(tx, who))
    if not await restricted_to(tx, call.about):
        return people, teams
    may = await who_may_come(tx, call, [f"user:{one.id}" for one in people])
    inside = set(await tx.scalars(select(TeamMember.team_id).where(TeamMember.user_id.in_(may))))
    return [one for one in people if one.id in may], [one for one in teams if one.id in inside]


async def ring(tx: Tx, call: Call, people: set[int], team_id: int | None = None) -> set[int]:
    """Rings those who are in no call; whom it rings. Who talks in another one is not disturbed."""
    wanted = people - await _in_calls(tx, people, Call.id == call.id)
    busy = await _in_calls(tx, wanted, Call.id != call.id)
    known = {one.user_id: one for one in await tx.scalars(select(Ring).where(Ring.call_id == call.id))}
    for user_id in sorted(wanted)[:MOST]:
        state = "busy" if user_id in busy else "ringing"
        if (one := known.get(user_id)) is None:
            tx.add(Ring(call_id=call.id, user_id=user_id, team_id=team_id, state=state, at=now()))
        else:
            one.state, one.at, one.team_id = state, now(), team_id
    await tx.flush()
    if wanted - busy:
        look_later(tx, call, RING)
    elif busy:
        await miss_if_silent(tx, system(call.workspace_id), call)
    return wanted - busy


async def ring_freed(tx: Tx, call: Call) -> set[int]:
    """Rings those whom it could not reach because they were in another call, once they have left it."""
    busy = set(await tx.scalars(select(Ring.user_id).where(Ring.call_id == call.id, Ring.state == "busy")))
    return await ring(tx, call, free) if (free := busy - await _in_calls(tx, busy, Call.id != call.id)) else set()


async def _in_calls(tx: Tx, people: set[int], which: ColumnElement[bool]) -> set[int]:
    """Those of the people who are in such a call now."""
    inside = select(Participant.user_id).join(Call, Call.id == Participant.call_id)
    here = inside.where(which, Call.ended_at.is_(None), Participant.is_here, Participant.user_id.in_(people))
    return {id for id in await tx.scalars(here) if id is not None} if people else set()


async def invite(
    tx: Tx, who: Principal, call: Call, user_id: int | None, team_id: int | None, *, hand: bool = False
) -> set[int]:
    """Asks a person or a team to come. `hand`: the call is handed to them, and whoever answers is its host."""
    must_be_open(call)
    if (user_id is None) == (team_id is None):
        raise Invalid(to=_("Choose a person or a team"))
    names = [f"user:{user_id}" if user_id is not None else f"team:{team_id}"]
    known = await resolve(tx, call.workspace_id, names)
    people = await who_may_come(tx, call, names)
    if not known:
        raise Invalid(to=_("Not in this workspace"))
    if not people:
        raise Invalid(to=_("They may not see what this call belongs to"))
    if hand and people == {who.user_id}:
        raise Invalid(to=_("The call is yours already"))
    rung = await ring(tx, call, people - {who.user_id} if hand else people, team_id)
    call.handed = call.handed or (hand and bool(rung))
    back = update(Participant).where(Participant.call_id == call.id, Participant.user_id.in_(rung))
    await tx.execute(back.values(is_removed=False))
    tell(tx, who, call, facts.CallRang, to_user=user_id, to_team=team_id, transfer=hand)
    return rung


async def answer(tx: Tx, who: Principal, call: Call) -> Participant:
    """The first one who answers stops the others' ringing. Who comes later by their card is told who took it."""
    must_be_open(call)
    own = await tx.get(Ring, (call.id, who.user_id))
    rung = own is not None and own.state == "ringing"
    place = own_place(who, call)
    if (place is not None and place.is_removed) or (call.locked and place is None and not rung):
        raise Invalid(_("You are not in this call") if place else _("The call is locked"))
    first = update(Call).where(Call.id == call.id, Call.answered_by.is_(None))
    won = await tx.execute(first.values(answered_by=who.user_id, answered_at=now()))
    was_first = won.rowcount == 1  # type: ignore[attr-defined]
    if not (was_first or rung or call.answered_by == who.user_id):
        raise Conflict(_("Somebody else has answered already"), {"who_id": call.answered_by})
    one = await add_member(tx, call, who)
    if call.handed and rung:
        one.is_host, call.handed = True, False
    if was_first or rung:
        await stop_ringing(tx, call, "over")
        if own is not None:
            own.state = "answered"
        tell(tx, who, call, facts.CallAnswered)
    await tx.flush()
    await tx.refresh(call, ["answered_by", "answered_at"])
    return one


async def is_rung(tx: Tx, who: Principal, call: Call) -> bool:
    own = await tx.get(Ring, (call.id, who.user_id))
    return own is not None and own.state == "ringing"


async def hand_on(tx: Tx, who: Principal, call: Call, user_id: int | None, team_id: int | None) -> None:
    """What rings here rings for them instead. When none of them can be rung, it goes on ringing here."""
    if user_id == call.starter_id or not await invite(tx, who, call, user_id, team_id, hand=True):
        raise Invalid(to=_("They are in a call already"))
    own = await tx.get_one(Ring, (call.id, who.user_id))
    own.state = "declined"
    await tx.flush()


async def stop_ringing(tx: Tx, call: Call, state: str) -> int:
    rings = list(await tx.scalars(select(Ring).where(Ring.call_id == call.id, Ring.state == "ringing")))
    for one in rings:
        one.state = state
    await tx.flush()
    return len(rings)


async def decline(tx: Tx, who: Principal, call: Call) -> None:
    """It goes on ringing for the others; when they all declined, it was missed."""
    own = await tx.get(Ring, (call.id, who.user_id))
    if own is None or own.state != "ringing":
        return
    own.state = "declined"
    tell(tx, who, call, facts.CallDeclined)
    await tx.flush()
    await miss_if_silent(tx, who, call)


async def miss_if_silent(tx: Tx, who: Principal, call: Call) -> None:
    """When it rings for nobody any more."""
    left = select(Ring.user_id).where(Ring.call_id == call.id, Ring.state == "ringing").limit(1)
    if await tx.scalar(left) is None:
        await miss(tx, who, call)


async def miss(tx: Tx, who: Principal, call: Call) -> None:
    """Nobody came in time. Once for each call: whose it was gets a task (see the reactions of tasks)."""
    if call.attended:  # the announcer takes a message then
        return
    ringing = select(Ring.user_id).where(Ring.call_id == call.id, Ring.state.in_(("ringing", "busy")))
    called = set(await tx.scalars(ringing))
    await stop_ringing(tx, call, "missed")
    if call.answered_at is not None or call.missed_at is not None:
        return
    home = await get_home(tx, who, call.about) if call.about else None
    whose = {"team": home.team, "owner": home.owner} if home else {"team": None, "owner": None}
    call.missed_at = now()
    tell(tx, who, call, facts.CallMissed, **whose)
    await tell_unheard(tx, call, called)
