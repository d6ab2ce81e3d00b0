"""Whether a rule's conditions hold for a case and the message that came, or for an event."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from server.automation.models import Rule
from server.cases.models import Case, CaseMessage
from server.contacts.models import Contact
from server.kit.clock import now
from server.kit.db import Tx
from server.kit.text import fold
from server.sla.models import SlaCalendar


async def newest_message(tx: Tx, case: Case) -> CaseMessage | None:
    """The customer's last."""
    said = select(CaseMessage).where(CaseMessage.case_id == case.id, CaseMessage.state == "in")
    message: CaseMessage | None = await tx.scalar(said.order_by(CaseMessage.n.desc()).limit(1))
    return message


@dataclass(frozen=True, slots=True)
class Asked:
    """What conditions are asked of. `contact` comes with its company."""

    contact: Contact
    language: str
    channel_id: int | None
    text: str
    team_id: int | None = None
    event: str = ""


async def asked_of(tx: Tx, case: Case) -> Asked:
    message = await newest_message(tx, case)
    text = f"{case.subject} {message.body if message else ''}"
    return Asked(case.contact, case.language, case.channel_id, text, case.team_id)


def holds(when: dict[str, Any], asked: Asked, is_open: dict[int, bool]) -> bool:
    """`is_open`: for each calendar whether its hours are on."""
    text = fold(asked.text)
    found = customer_holds(when, asked.contact) | {
        "channel": asked.channel_id == when.get("channel"),
        "team": asked.team_id == when.get("team"),
        "language": asked.language[:2] == when.get("language"),
        "events": asked.event in when.get("events", ()),
        "words": any(fold(word) in text for word in when.get("words", ())),
        "calendar": is_open.get(when.get("calendar", 0)) == (when.get("hours") != "closed"),
    }
    return all(found[name] for name in when if name in found)


def customer_holds(when: dict[str, Any], contact: Contact) -> dict[str, bool]:
    """The conditions about who wrote, or their company."""
    company = contact.company
    tags = {fold(tag) for tag in (*contact.tags, *(company.tags if company else ()))}
    points = (*contact.addresses, *(company.addresses if company else ()))
    places = fold(" ".join(str(one.get("value", "")) for one in points))
    return {
        "tag": fold(when.get("tag", "")) in tags,
        "territory": any(fold(word) in places for word in when.get("territory", ())),
    }


async def hours_of(tx: Tx, rules: list[Rule]) -> dict[int, bool]:
    """Whether the hours are on now, of the calendars that the rules ask."""
    ids = {rule.when["calendar"] for rule in rules if "calendar" in rule.when}
    if not ids:
        return {}
    calendars = await tx.scalars(select(SlaCalendar).where(SlaCalendar.id.in_(ids)))
    return {one.id: one.calendar.is_open(now()) for one in calendars}
