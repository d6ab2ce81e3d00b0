"""Starting, joining, leaving and ending calls. Verbs change rows and announce facts; none commits, none knows HTTP."""

import secrets
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from server.calls import events as facts
from server.calls.access import must_be_open, own_place
from server.calls.forms import NOTE_LENGTH, NUMBER_LENGTH, OUTCOMES, TEXT_LENGTH, LoggedDraft
from server.calls.models import DIRECTIONS, Call, CallMessage, Participant, Ring
from server.contacts.access import get_record
from server.kit.access import Principal, system
from server.kit.clock import now
from server.kit.db import Tx
from server.kit.errors import Invalid
from server.kit.events import Event, emit
from server.kit.homes import get_home, homes_of
from server.kit.jobs import enqueue
from server.kit.text import _, clean

KINDS = ("audio", "video")
RING = timedelta(seconds=45)
EXCERPT = 500


def tell(tx: Tx, who: Principal, call: Call, fact: type[Event], **data: Any) -> None:
    """Announces a fact of the call, and has whoever carries its media look at the rows again after the commit."""
    emit(tx, who, fact(subject=call.subject, about=call.about or None, **data))
    tx.info.setdefault("poked_calls", set()).add(call.room)


def by(call: Call, one: Participant) -> Principal:
    """Whose act it was: a member's own; a guest's is nobody's, and its fact says the name."""
    return Principal(one.user_id, call.workspace_id, name=one.name)


async def open_call_of(tx: Tx, who: Principal, about: str) -> Call | None:
    """The call that goes on about a record."""
    found = select(Call).where(Call.workspace_id == who.workspace_id, Call.about == about, Call.ended_at.is_(None))
    return await tx.scalar(found.order_by(Call.id.desc()).limit(1))


async def start_call(tx: Tx, who: Principal, about: str, kind: str = "video") -> tuple[Call, bool]:
    """The open call of the record or the room, or a new one; whether it is new. What it belongs to is locked, so that
    two who press at once meet in one call."""
    if kind not in KINDS:
        raise Invalid(kind=_("One of these is expected: %(list)s") % {"list": ", ".join(KINDS)})
    home = await get_home(tx, who, about, "edit")
    if (going := await open_call_of(tx, who, home.about)) is not None:
        return going, False
    call = Call(
        workspace_id=who.workspace_id,
        room=secrets.token_hex(16),
        about=home.about,
        kind=kind,
        starter_id=who.user_id,
        started_at=now(),
    )
    tx.add(call)
    await tx.flush()
    if who.user_id is not None:
        await add_member(tx, call, who, host=True)
    tell(tx, who, call, facts.CallStarted, kind=kind)
    return call, True


async def add_member(tx: Tx, call: Call, who: Principal, *, host: bool = False) -> Participant:
    """A place for a member; the same again when they had one."""
    own = select(Participant).where(Participant.call_id == call.id, Participant.user_id == who.user_id)
    known = await tx.scalar(own)
    if known is not None:
        return known
    one = Participant(
        call_id=call.id,
        user_id=who.user_id,
        name=who.name,
        is_host=host,
        is_admitted=True,
    )
    tx.add(one)
    await tx.flush()
    return one


async def come_in(tx: Tx, call: Call, one: Participant, at: datetime, *, waiting: bool = False) -> None:
    """In the room, or in its lobby. Told again, it changes nothing."""
    if waiting and not one.is_here:
        one.is_here, one.left_at = True, None
        tell(tx, by(call, one), call, facts.GuestWaiting, participant=one.id, name=one.name)
    elif not waiting and one.joined_at is None:
        one.is_here, one.is_admitted = True, True
        one.joined_at, one.left_at = at, None
        one.first_joined_at = one.first_joined_at or at
        tell(tx, by(call, one), call, facts.CallJoined, participant=one.id, name=one.name, guest=one.is_guest)
        if not one.is_guest:  # who started it may be a program, or not come at all
            await _next_host(tx, call)


async def go_out(tx: Tx, call: Call, one: Participant, at: datetime, reason: str) -> None:
    """Out of the room, or of the lobby. When no host is left, who has been there longest becomes one."""
    if not one.is_here and one.joined_at is None:
        return
    one.is_here = False
    if one.joined_at is None:
        one.left_at = at
        tell(tx, by(call, one), call, facts.CallLeft, participant=one.id, name=one.name, reason="lobby")
        return
    one.seconds += max(0, round((at - one.joined_at).total_seconds()))
    one.joined_at, one.left_at = None, at
    tell(tx, by(call, one), call, facts.CallLeft, participant=one.id, name=one.name, reason=reason)
    if call.is_open and one.is_host:
        await _next_host(tx, call)


async def _next_host(tx: Tx, call: Call) -> None:
    await tx.flush()
    here = select(Participant).where(
        Participant.call_id == call.id, Participant.is_here, Participant.user_id.is_not(None), ~Participant.is_removed
    )
    members = list(await tx.scalars(here.order_by(Participant.joined_at, Participant.id)))
    if members and not any(one.is_host for one in members):
        members[0].is_host = True
        who = by(call, members[0])
        tell(tx, who, call, facts.CallChanged, field="host", new="1", participant=members[0].id, name=members[0].name)


async def people_of(tx: Tx, call: Call) -> list[Participant]:
    return list(await tx.scalars(select(Participant).where(Participant.call_id == call.id).order_by(Participant.id)))


async def end_call(tx: Tx, who: Principal, call: Call, reason: str = "ended", at: datetime | None = None) -> None:
    """For everybody. Twice is once."""
    if not call.is_open:
        return
    at = at or now()
    call.ended_at, call.reason, call.recording = at, reason, "off"
    call.version += 1
    people = await people_of(tx, call)
    for one in people:
        await go_out(tx, call, one, at, "ended")
    rings = list(await tx.scalars(select(Ring).where(Ring.call_id == call.id, Ring.state.in_(("ringing", "busy")))))
    came = {one.user_id for one in people if one.first_joined_at is not None}
    if call.answered_at is None:
        await tell_unheard(tx, call, {ring.user_id for ring in rings} - came)
    for ring in rings:
        ring.state = "over"
    call.seconds = talked(at, people)
    tell(tx, who, call, facts.CallEnded, seconds=call.seconds, reason=reason)
    await tx.flush()


async def tell_unheard(tx: Tx, call: Call, called: set[int]) -> None:
    """Those of a conversation or a task are told by the bell; a record's call makes a task instead."""
    home = (await homes_of(tx, system(call.workspace_id), [call.about])).get(call.about) if called else None
    if home is not None and home.tells:
        house = system(call.workspace_id)
        tell(tx, house, call, facts.CallUnheard, caller=call.starter_id, called=sorted(called))


def talked(end: datetime, people: list[Participant]) -> int:
    """From the moment the first one was in it to its end."""
    first = min((one.first_joined_at for one in people if one.first_joined_at), default=end)
    return max(0, round((end - first).total_seconds()))


async def say(tx: Tx, call: Call, one: Participant, raw: str) -> CallMessage:
    """In the talk of the call, for everybody in it."""
    must_be_open(call)
    text = clean(raw, TEXT_LENGTH)
    if not text:
        raise Invalid(text=_("An empty message says nothing"))
    if one.is_removed or not one.is_admitted:
        raise Invalid(_("You are not in this call"))
    message = CallMessage(call_id=call.id, participant_id=one.id, text=text, at=now())
    tx.add(message)
    await tx.flush()
    said = {"message": message.id, "participant": one.id, "name": one.name, "excerpt": text[:EXCERPT]}
    tell(tx, by(call, one), call, facts.CallSaid, **said)
    return message


async def my_place(tx: Tx, who: Principal, call: Call) -> Participant:
    """Where this member sits, made when they come for the first time."""
    known = own_place(who, call)
    if known is None:
        if call.locked:
            raise Invalid(_("The call is locked"))
        return await add_member(tx, call, who)
    if known.is_removed:
        raise Invalid(_("You are not in this call"))
    return known


async def log_call(tx: Tx, who: Principal, draft: LoggedDraft) -> Call:
    """One that was made elsewhere, by hand."""
    record = await get_record(tx, who, draft.about, "edit")
    if draft.direction not in DIRECTIONS:
        raise Invalid(direction=_("One of these is expected: %(list)s") % {"list": ", ".join(DIRECTIONS)})
    if draft.outcome not in OUTCOMES:
        raise Invalid(outcome=_("One of these is expected: %(list)s") % {"list": ", ".join(OUTCOMES)})
    ended = draft.at or now()
    started = ended - timedelta(minutes=draft.minutes)
    is_missed = draft.direction == "in" and draft.outcome == "nobody"
    call = Call(
        workspace_id=who.workspace_id,
        room=secrets.token_hex(16),
        about=record.about,
        kind="phone",
        direction=draft.direction,
        number=clean(draft.number, NUMBER_LENGTH) or record.phone,
        note=clean(draft.note, NOTE_LENGTH),
        starter_id=who.user_id,
        started_at=started,
        answered_by=who.user_id if draft.outcome == "talked" else None,
        answered_at=started if draft.outcome == "talked" else None,
        missed_at=ended if is_missed else None,
        ended_at=ended,
        reason=draft.outcome,
        seconds=draft.minutes * 60,
    )
    tx.add(call)
    await tx.flush()
    told = {"direction": call.direction, "number": call.number, "seconds": call.seconds, "note": call.note[:EXCERPT]}
    tell(tx, who, call, facts.CallLogged, **told, ended=draft.at.isoformat() if draft.at else "")
    return call


def look_later(tx: Tx, call: Call, after: timedelta) -> None:
    """Somebody looks after a while whether it still rings, or stands empty."""
    enqueue(
        tx, Principal(None, call.workspace_id, kind="system"), "calls.look", {"call": call.id}, run_at=now() + after
    )
