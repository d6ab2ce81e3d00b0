"""Who writes by a form or a chat. What is typed is claimed: it files a message, and changes nothing that is there."""

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from server.contacts.access import visible_contacts
from server.contacts.actions import ContactDraft, create_contact, custom_fields
from server.contacts.fields import CUSTOM, parse_custom, parse_points, phone_key
from server.contacts.models import Contact, ContactKey
from server.kit.access import Principal
from server.kit.db import Tx, one_at_a_time
from server.kit.errors import Invalid
from server.kit.text import LANGUAGES, _, fold, one_line
from server.portal.models import KnownVisitor
from server.portal.setup import Asked

LONG = 500


@dataclass(frozen=True, slots=True)
class Claim:
    """`values`: raw values of the record's fields. `sub`: the site's own name for who it vouches for."""

    name: str = ""
    email: str = ""
    phone: str = ""
    values: dict[str, Any] = field(default_factory=dict)
    sub: str = ""


def parse_claim(asked: list[Asked], form: dict[str, str]) -> Claim:
    """Every required field is there, and each can be what it says it is."""
    values = {one.name: one_line(form.get(one.name, ""), LONG) for one in asked}
    wrong = {one.name: _("This is needed") for one in asked if one.is_required and not values[one.name]}
    if wrong:
        raise Invalid(**wrong)
    values = {name: text for name, text in values.items() if text}
    for name in ("emails", "phones", "addresses"):
        if name in values:
            parse_points(name, values[name])
    if "language" in values and values["language"] not in LANGUAGES:
        values["language"] = {"english": "en", "espanol": "es", "spanish": "es"}.get(fold(values["language"]), "")
    email = values.get("emails", "").lower()
    return Claim(values.get("name", ""), email, values.get("phones", ""), values)


async def check_values(tx: Tx, who: Principal, claim: Claim) -> None:
    known = await custom_fields(tx, who)
    for name, text in claim.values.items():
        if name.startswith(CUSTOM) and (custom := known.get(name.removeprefix(CUSTOM))) is not None:
            parse_custom(custom, text)


async def person_for(tx: Tx, who: Principal, claim: Claim, channel_id: int, language: str) -> Contact:
    """Who the site vouches for by its own name for them; else by mail, then by telephone; else a new record."""
    vouched = await tx.get(KnownVisitor, (channel_id, claim.sub)) if claim.sub else None
    contact = await _by_id(tx, who, vouched.contact_id) if vouched is not None else None
    for kind, value in (("email", claim.email), ("phone", phone_key(claim.phone) if claim.phone else "")):
        if contact is None and value:
            await one_at_a_time(tx, f"sender {who.workspace_id} {value}")  # as letters and messengers do
            contact = await _by_key(tx, who, kind, value)
    if contact is None:
        contact = await _new(tx, who, claim, language)
    if claim.sub and vouched is None:
        tx.add(KnownVisitor(channel_id=channel_id, sub=claim.sub, contact_id=contact.id))
    elif vouched is not None:
        vouched.contact_id = contact.id
    return contact


async def _by_id(tx: Tx, who: Principal, id: int) -> Contact | None:
    found: Contact | None = await tx.scalar(_people(who).where(Contact.id == id))
    return found


async def _by_key(tx: Tx, who: Principal, kind: str, value: str) -> Contact | None:
    holders = select(ContactKey.contact_id).where(
        ContactKey.workspace_id == who.workspace_id, ContactKey.kind == kind, ContactKey.value == value
    )
    found: Contact | None = await tx.scalar(_people(who).where(Contact.id.in_(holders)).order_by(Contact.id).limit(1))
    return found


def _people(who: Principal) -> Any:
    return visible_contacts(who).where(Contact.kind == "contact").options(joinedload(Contact.company))


async def _new(tx: Tx, who: Principal, claim: Claim, language: str) -> Contact:
    """Without the company, which would stand on another record by a claim alone."""
    values = {name: text for name, text in claim.values.items() if name not in ("name", "company")}
    if claim.email:
        values["emails"] = claim.email
    values |= {"tags": _("new sender"), "language": values.get("language") or language}
    name = claim.name or claim.email.partition("@")[0] or claim.phone or _("Visitor")
    return await create_contact(tx, who, ContactDraft(name, "contact", values))
