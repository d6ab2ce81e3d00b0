"""What a shop or another program tells: something happened to a customer, such as an order that was shipped."""

from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field
from sqlalchemy import select

from server.channels.models import Channel
from server.identity.forms import MAIL
from server.kit.access import system
from server.kit.api import Body
from server.kit.clock import now
from server.kit.db import Tx
from server.kit.errors import Invalid
from server.kit.events import emit
from server.kit.text import _, clean
from server.webhooks.events import OutsideHappened
from server.webhooks.inbound import Id, Sender, person_of, shaped, wrong
from server.webhooks.models import Happening

Word = Annotated[str, Field(max_length=500)] | int | float
WordName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]


class Person(Body):
    name: str = Field("", max_length=120)
    email: str = Field("", max_length=320)
    phone: str = Field("", max_length=40)


class Told(Body):
    """`data`: words that letters can use; `event` and its words are whatever the program calls them."""

    id: Id
    event: str = Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,79}$")
    person: Person
    data: dict[WordName, Word] = Field(default_factory=dict, max_length=30)


@dataclass(frozen=True, slots=True)
class Noted:
    happening: Happening
    is_known: bool


def parse_told(raw: Any) -> Told:
    told = shaped(Told, raw)
    if told.person.email and not MAIL.match(told.person.email.lower()):
        raise wrong("person.email")
    if not (told.person.email or told.person.phone):
        raise Invalid(_("Say whom it happened to: an e-mail or a phone"))
    return told


async def take_event(tx: Tx, channel: Channel, told: Told) -> Noted:
    """Each id once, also when it comes twice at the same moment. It opens no case and goes into none."""
    who = system(channel.workspace_id, "webhook")
    await tx.scalar(select(Channel.id).where(Channel.id == channel.id).with_for_update(key_share=True))
    held = select(Happening).where(Happening.channel_id == channel.id, Happening.key == told.id)
    if (known := await tx.scalar(held)) is not None:
        return Noted(known, True)
    sender = Sender(name=told.person.name, email=told.person.email, phone=told.person.phone)
    contact = await person_of(tx, who, channel, sender)
    happening = Happening(channel_id=channel.id, key=told.id, at=now())
    tx.add(happening)
    await tx.flush()
    fact = OutsideHappened(
        subject=happening.subject,
        about=contact.about,
        event=told.event,
        words={name: clean(value, 500) for name, value in told.data.items()},
        address=clean(told.person.email.lower(), 320),
        language=contact.language or channel.language,
        channel=channel.id,
        door=channel.name,
    )
    emit(tx, who, fact)
    return Noted(happening, False)
