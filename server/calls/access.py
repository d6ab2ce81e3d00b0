"""The only door to calls. A call's rights are those of its record; a recording's are the call's."""

from typing import Any, Literal

from sqlalchemy import Select, bindparam, select
from sqlalchemy.orm import joinedload, selectinload

from server.calls.models import Call, GuestLink, Participant, Recording
from server.contacts.access import trashed_abouts
from server.kit.access import Principal, allowed, prepared
from server.kit.db import Tx
from server.kit.errors import Conflict, Forbidden, NotFound
from server.kit.text import _

Verb = Literal["see", "join", "host", "remove_recording", "hold_recording"]
WHOLE = (
    joinedload(Call.starter),
    joinedload(Call.answerer),
    selectinload(Call.people).joinedload(Participant.user),
    selectinload(Call.recordings),
)
STREAMS = ("", ":team", ":all")  # who is in and what is recorded; the team's talk; the talk that guests read too
LOBBY = ":lobby"  # where guests hear that they are let in, and nothing that is said


def visible_calls(who: Principal) -> Select[Call]:
    """Without those of closed and trashed records."""
    gone = Call.about.not_in(trashed_abouts(who))
    return select(Call).where(Call.workspace_id == who.workspace_id, allowed(who, Call.about), gone)


def may(who: Principal, verb: Verb, call: Call) -> bool:
    """With the people of the call loaded. Hosts are members alone; managers may do what hosts do."""
    match verb:
        case "see":
            return True
        case "join":
            return who.may_write
        case "host":
            return who.may_write and (who.is_at_least("manager") or is_host(who, call))
        case "remove_recording":
            return who.may_write and (who.is_at_least("manager") or call.starter_id == who.user_id)
        case "hold_recording":
            return who.is_at_least("manager")


def is_host(who: Principal, call: Call) -> bool:
    own = own_place(who, call)
    return own is not None and own.is_host and not own.is_removed


def own_place(who: Principal, call: Call) -> Participant | None:
    return next((one for one in call.people if who.user_id is not None and one.user_id == who.user_id), None)


def must_be_inside(who: Principal, call: Call) -> None:
    """To change what concerns those who talk: whoever has a place and was not put out; and who may do as hosts do."""
    own = own_place(who, call)
    if (own is None or own.is_removed) and not may(who, "host", call):
        raise Forbidden(_("You are not in this call"))


def must_be_open(call: Call) -> None:
    if not call.is_open:
        raise Conflict(_("This call is over"))


def guest_topic(call: Call, one: Participant) -> str:
    """All that a guest hears: the room's talk, once they are in it."""
    return call.subject + (":all" if one.is_admitted else LOBBY)


async def about_of(tx: Tx, who: Principal, call_id: int) -> str:
    """The record that a call belongs to."""
    about = await tx.scalar(visible_calls(who).with_only_columns(Call.about).where(Call.id == call_id))
    if about is None:
        raise NotFound(_("No such call"))
    return about


@prepared
def _one_call(who: Principal, *, lock: bool) -> Select[Call]:
    one = visible_calls(who).where(Call.id == bindparam("call_id")).options(*WHOLE)
    return one.with_for_update(of=Call) if lock else one


async def get_call(tx: Tx, who: Principal, call_id: int, to: Verb = "see") -> Call:
    """With its people. To change it, the row is locked until the transaction ends."""
    statement = _one_call(who, lock=to != "see" and not tx.info.get("read"))
    call = await tx.scalar(statement, {"call_id": call_id, **who.params})
    if call is None:
        raise NotFound(_("No such call"))
    if not may(who, to, call):
        raise Forbidden(_("You may not do this in the call"))
    return call


async def get_open_call(tx: Tx, who: Principal, call_id: int, to: Verb = "join") -> Call:
    call = await get_call(tx, who, call_id, to)
    must_be_open(call)
    return call


def person_of(call: Call, participant_id: int) -> Participant:
    for one in call.people:
        if one.id == participant_id:
            return one
    raise NotFound(_("No such person in the call"))


async def get_link(tx: Tx, who: Principal, call: Call, link_id: int) -> GuestLink:
    link = await tx.scalar(select(GuestLink).where(GuestLink.id == link_id, GuestLink.call_id == call.id))
    if link is None:
        raise NotFound(_("No such link"))
    return link


def recording_of(call: Call, kind: str = "sound") -> Recording:
    for one in call.recordings:
        if one.kind == kind:
            return one
    raise NotFound(_("This call has no recording"))


async def may_hear_call(tx: Tx, who: Principal, rests: set[str]) -> set[str]:
    """call:<id>, call:<id>:team and call:<id>:all, one statement for all; guests are asked at their own door."""
    by_rest = {rest: rest.removesuffix(":team").removesuffix(":all") for rest in rests}
    known = {rest: id for rest, id in by_rest.items() if rest in {id + stream for stream in STREAMS}}
    ids = {int(id) for id in known.values() if id.isascii() and id.isdigit() and len(id) < 18}
    found: Select[Any] = visible_calls(who).with_only_columns(Call.id).where(Call.id.in_(ids))
    seen = {str(id) for id in await tx.scalars(found)}
    return {rest for rest, id in known.items() if id in seen}


async def may_hear_calls(tx: Tx, who: Principal, rests: set[str]) -> set[str]:
    """calls:<workspace>; calls of closed records are never announced there."""
    return rests & {str(who.workspace_id)}
