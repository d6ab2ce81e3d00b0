"""What another messenger tells: a message of a customer goes into their case, or makes one."""

import base64
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

from pydantic import Field, ValidationError
from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import joinedload

from server.cases.access import WHOLE, visible_cases
from server.cases.actions import open_case
from server.cases.models import Case, CaseFile, CaseMessage
from server.cases.replies import receive
from server.channels.models import Channel, KnownHandle
from server.contacts.access import visible_contacts
from server.contacts.actions import ContactDraft, create_contact
from server.contacts.fields import phone_key
from server.contacts.models import Contact, ContactKey
from server.identity.forms import MAIL
from server.kit.access import Principal, system
from server.kit.api import Body
from server.kit.db import Tx, one_at_a_time
from server.kit.errors import Invalid
from server.kit.text import _, clean, fold, one_line, speaking

B = TypeVar("B", bound=Body)
LONGEST = 50_000
Id = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f<>]+$")]


class Sender(Body):
    name: str = Field("", max_length=120)
    email: str = Field("", max_length=320)
    phone: str = Field("", max_length=40)
    handle: str = Field("", max_length=120)


class SentFile(Body):
    """`content` is base64."""

    name: str = Field(min_length=1, max_length=200)
    content: str = Field(min_length=1)


class Inbound(Body):
    """`thread`: a conversation of the other messenger; without it the sender is one."""

    id: Id
    sender: Sender = Field(alias="from")
    text: str = Field(min_length=1, max_length=LONGEST)
    thread: str = Field("", max_length=200)
    files: list[SentFile] = Field(default_factory=list, max_length=10)


@dataclass(frozen=True, slots=True)
class Told:
    case: Case
    is_known: bool


def shaped(model: type[B], raw: Any) -> B:
    try:
        return model.model_validate(raw)
    except ValidationError as error:
        first = error.errors()[0]
        raise wrong(".".join(str(part) for part in first["loc"]) or "body") from None


def wrong(place: str) -> Invalid:
    return Invalid(_("“%(place)s” is not as it should be") % {"place": place[:80]})


def parse_inbound(raw: Any) -> Inbound:
    told = shaped(Inbound, raw)
    if not clean(told.text, LONGEST):
        raise wrong("text")
    for file in told.files:
        content_of(file)
    if told.sender.email and not MAIL.match(told.sender.email.lower()):
        raise wrong("from.email")
    if not place_of(told):
        raise Invalid(_("Say who it is from: an e-mail, a phone, a handle or a thread"))
    return told


def place_of(told: Inbound) -> str:
    """Where replies go: the conversation, else whom the sender is by. Empty when it says nothing of either."""
    sender = told.sender
    places = (told.thread, sender.handle, sender.phone, sender.email.lower())
    return next((place for one in places if (place := clean(one, 320))), "")


def content_of(file: SentFile) -> bytes:
    try:
        return base64.b64decode(file.content, validate=True)
    except ValueError:
        raise wrong("files.content") from None


async def take_message(tx: Tx, channel: Channel, told: Inbound, files: list[CaseFile]) -> Told:
    """Each id once, also when it comes twice at the same moment. What the sender claims only files the message; replies
    go to `place`, which the bridge knows."""
    who = system(channel.workspace_id, "webhook")
    await tx.scalar(select(Channel.id).where(Channel.id == channel.id).with_for_update(key_share=True))
    message_id = f"<{told.id}@channel-{channel.id}.webhook>"
    held = select(CaseMessage).where(CaseMessage.workspace_id == who.workspace_id, CaseMessage.message_id == message_id)
    if (known := await tx.scalar(held)) is not None:
        return Told(await tx.get_one(Case, known.case_id), True)
    sender, place = told.sender, place_of(told)
    last = await _last_case(tx, who, channel, place)
    case = last if last is not None and last.status != "closed" else None
    if case is None:
        contact = await person_of(tx, who, channel, sender)
        subject = " ".join(told.text.split())[:80]
        case = await open_case(tx, who, contact, subject, channel, place, via="webhook")
        case.follows = last.number if last is not None else None
    values = {"via": "webhook", "sender": one_line(sender.name, 120), "address": place}
    values |= {"body": clean(told.text, LONGEST), "message_id": message_id}
    await receive(tx, who, case, values, files)
    return Told(case, False)


async def _last_case(tx: Tx, who: Principal, channel: Channel, place: str) -> Case | None:
    """Where the conversation was last; what was merged goes on where it went."""
    here = visible_cases(who).where(Case.channel_id == channel.id, Case.address == place)
    newest = here.with_only_columns(func.coalesce(Case.merged_into_id, Case.id)).order_by(Case.id.desc()).limit(1)
    there = visible_cases(who).where(Case.id == await tx.scalar(newest))
    case: Case | None = await tx.scalar(there.options(*WHOLE).with_for_update(of=Case))
    return case


async def person_of(tx: Tx, who: Principal, channel: Channel, sender: Sender) -> Contact:
    """Whom the handle is known to be, else by mail, else by phone; nobody known: a new record, marked so. From then on
    the handle is theirs, until a case of it is filed under another record."""
    handle = fold(clean(sender.handle, 120))
    known = await tx.get(KnownHandle, (channel.id, handle)) if handle else None
    contact = await _visible(tx, who, Contact.id == known.contact_id) if known is not None else None
    if contact is None:
        contact = await _by_claim(tx, who, sender) or await _new(tx, who, channel, sender)
    if known is None and handle:
        known = KnownHandle(channel_id=channel.id, handle=handle)
        tx.add(known)
    if known is not None:
        known.contact_id, known.shown = contact.id, clean(sender.handle, 120)
    return contact


async def _visible(tx: Tx, who: Principal, which: ColumnElement[bool]) -> Contact | None:
    found = visible_contacts(who).where(which, Contact.kind == "contact").options(joinedload(Contact.company))
    contact: Contact | None = await tx.scalar(found.order_by(Contact.id).limit(1))
    return contact


async def _by_claim(tx: Tx, who: Principal, sender: Sender) -> Contact | None:
    keys = [("email", sender.email.lower()), ("phone", phone_key(sender.phone) if sender.phone else "")]
    for kind, value in keys:
        if value:  # a first letter of theirs at the same instant makes no second record
            await one_at_a_time(tx, f"sender {who.workspace_id} {value}")
        holders = select(ContactKey.contact_id).where(
            ContactKey.workspace_id == who.workspace_id, ContactKey.kind == kind, ContactKey.value == value
        )
        if value and (contact := await _visible(tx, who, Contact.id.in_(holders))) is not None:
            return contact
    return None


async def _new(tx: Tx, who: Principal, channel: Channel, sender: Sender) -> Contact:
    with speaking(channel.language):
        values = {"emails": sender.email, "phones": sender.phone, "tags": _("new sender")}
        names = (sender.name, sender.handle, sender.email.partition("@")[0], sender.phone, _("Unknown sender"))
        name = next(filter(None, (one_line(text, 120) for text in names)))
    return await create_contact(
        tx, who, ContactDraft(name, "contact", {key: one for key, one in values.items() if one})
    )
