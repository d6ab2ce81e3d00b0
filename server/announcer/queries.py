"""Reads for the announcer: the script of a call, what customers may hear of their record, the place in the queue."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload, selectinload

from server.announcer.forms import in_language
from server.announcer.models import CustomerNumber, Line, LineCall, LineMenu, LineOption
from server.announcer.script import Known, Menu, Option, Script
from server.calls.models import Call, Participant, Ring
from server.contacts.models import Contact
from server.contacts.queries import list_fields
from server.identity.models import Team, User
from server.kit.access import Principal, system
from server.kit.clock import now
from server.kit.db import Tx
from server.kit.hours import is_open
from server.kit.routes import known_routes
from server.kit.text import _, speaking

SOON = timedelta(seconds=30)  # in which a caller's page may connect


@dataclass(frozen=True, slots=True)
class Attended:
    """A call that the announcer looks after, by its room."""

    call_id: int
    workspace_id: int
    participant_id: int
    script: Script


async def attended_call(tx: Tx, room: str) -> Attended | None:
    found = select(LineCall, Call).join(Call, Call.id == LineCall.call_id)
    row = (await tx.execute(found.where(Call.room == room, Call.ended_at.is_(None), Call.attended))).one_or_none()
    if row is None:
        return None
    one, call = row
    line = await tx.scalar(
        select(Line).where(Line.id == one.line_id).options(selectinload(Line.menus).selectinload(LineMenu.options))
    )
    if line is None or not line.menus:
        return None
    known = await known_of(tx, call.workspace_id, call.about, line.fields, one.language) if one.proof else None
    script = script_of(line, one.language, known)
    return Attended(call.id, call.workspace_id, one.participant_id, script)


def script_of(line: Line, language: str, known: Known | None) -> Script:
    """In the caller's language, unless the first menu has one of its own."""
    spoken = line.menus[0].language or language
    menus = {menu.id: _menu(menu, spoken) for menu in line.menus}
    return Script(spoken, line.menus[0].id, menus, float(line.wait), line.records, known)


def _menu(menu: LineMenu, language: str) -> Menu:
    return Menu(
        menu.id,
        in_language(menu.greeting, language),
        in_language(menu.closed, language),
        menu.file,
        is_open(menu.hours, menu.zone, now()),
        menu.voice,
        tuple(_option(one, language) for one in menu.options),
    )


def _option(one: LineOption, language: str) -> Option:
    label, text = in_language(one.label, language), in_language(one.text, language)
    return Option(one.digit, one.kind, label, one.target_id, text, one.file, one.skill)  # type: ignore[arg-type]


async def known_of(tx: Tx, workspace_id: int, about: str, fields: Collection[str], language: str) -> Known | None:
    """A person and the fields that admins let customers hear."""
    kind, _colon, number = about.partition(":")
    if kind != "contact":
        return None
    whole = (joinedload(Contact.company), joinedload(Contact.owner), joinedload(Contact.team))
    found = select(Contact).where(Contact.id == int(number), Contact.workspace_id == workspace_id)
    contact = await tx.scalar(found.where(Contact.trashed_at.is_(None)).options(*whole))
    if contact is None:
        return None
    custom = await list_fields(tx, system(workspace_id))
    with speaking(language):
        labels = field_names() | {f"x.{key}": field.label for key, field in custom.items()}
        heard = tuple((labels[name], _value(contact, name)) for name in fields if name in labels)
    return Known(contact.name, heard)


def field_names() -> dict[str, str]:
    """What of a record may be read to its person, besides the workspace's own fields."""
    return {
        "title": _("your position"),
        "company": _("your company"),
        "owner": _("who looks after you"),
        "team": _("your team here"),
        "phone": _("your telephone"),
        "email": _("your e-mail"),
    }


def _value(contact: Contact, name: str) -> str:
    if name.startswith("x."):
        value = contact.custom.get(name[2:])
        return _yes_no(value) if isinstance(value, bool) else "" if value is None else str(value)
    value = getattr(contact, name)
    return str(getattr(value, "name", value) or "")


def _yes_no(value: bool) -> str:
    return _("yes") if value else _("no")


async def place_in_queue(tx: Tx, one: LineCall) -> int:
    """1 = nobody waits longer for the same."""
    before = (
        select(func.count())
        .select_from(LineCall)
        .join(Call, Call.id == LineCall.call_id)
        .where(
            LineCall.line_id == one.line_id,
            LineCall.wants == one.wants,
            LineCall.queued_at < one.queued_at,
            LineCall.message_at.is_(None),
            Call.ended_at.is_(None),
            Call.answered_at.is_(None),
        )
    )
    return (await tx.scalar(before) or 0) + 1


async def rings_left(tx: Tx, call_id: int) -> set[str]:
    """The states of those it rings or cannot reach now."""
    waiting = select(Ring.state).where(Ring.call_id == call_id, Ring.state.in_(("ringing", "busy")))
    return set(await tx.scalars(waiting.distinct()))


async def anonymous_now(tx: Tx, workspace_id: int) -> int:
    """Callers of whom nothing is known, in a call now or about to be."""
    here = select(Participant.id).where(Participant.call_id == Call.id, Participant.is_here).exists()
    fresh = Call.started_at > now() - SOON
    found = (
        select(func.count())
        .select_from(LineCall)
        .join(Call, Call.id == LineCall.call_id)
        .where(Call.workspace_id == workspace_id, Call.ended_at.is_(None), LineCall.proof == "", here | fresh)
    )
    return await tx.scalar(found) or 0


async def number_of(tx: Tx, about: str) -> dict[str, Any]:
    """A customer's number beside whether a line is on at all; one statement."""
    contact_id = int(about.partition(":")[2])
    found = (
        select(Line.is_on, CustomerNumber)
        .select_from(Contact)
        .join(Line, Line.workspace_id == Contact.workspace_id)
        .outerjoin(CustomerNumber, CustomerNumber.contact_id == Contact.id)
        .where(Contact.id == contact_id)
    )
    row = (await tx.execute(found)).one_or_none()
    return {"is_on": bool(row and row[0]), "number": row[1] if row else None}


async def target_names(tx: Tx, who: Principal, line: Line) -> dict[str, str]:
    """ "team:2", "person:5", "skill:steam", "menu:3" → names."""
    teams = await tx.execute(select(Team.id, Team.name).where(Team.workspace_id == who.workspace_id))
    people = await tx.execute(select(User.id, User.name).where(User.workspace_id == who.workspace_id, User.active))
    names = {f"team:{row.id}": row.name for row in teams} | {f"person:{row.id}": row.name for row in people}
    skills = {*await known_routes().skills(tx, who.workspace_id)}
    skills |= {option.skill for menu in line.menus for option in menu.options if option.skill}
    names |= {f"skill:{skill}": skill for skill in sorted(skills)}
    return names | {f"menu:{menu.id}": menu.name for menu in line.menus}
