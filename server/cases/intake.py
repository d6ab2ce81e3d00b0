"""A letter finds its case, or makes one. Inside one workspace; what a letter claims opens no door (TRUST: a typed From
proves nothing, so it only files the letter)."""

import hashlib
import re
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from server.cases.access import WHOLE, visible_cases
from server.cases.actions import open_case
from server.cases.automatic import flooded_case, keep_aside, take_report
from server.cases.copies import keep_copies, requesters
from server.cases.joining import link_record
from server.cases.models import Case, CaseFile, CaseMessage
from server.cases.replies import receive
from server.cases.turns import STANDS, WAITS
from server.channels.apart import is_own, keys_in
from server.channels.incoming import Letter
from server.channels.models import Channel
from server.channels.proving import came_back
from server.channels.queries import own_addresses
from server.channels.quotes import own_words
from server.channels.spoken import spoken_in
from server.contacts.access import visible_contacts
from server.contacts.actions import ContactDraft, create_contact
from server.contacts.models import Contact, ContactKey
from server.identity.forms import MAIL
from server.kit.access import Principal, system
from server.kit.db import Tx, one_at_a_time
from server.kit.text import _, one_line, speaking

COPIES = 100  # of a letter that are kept
MARK = re.compile(r"\[#([1-9][0-9]{0,9})\]")


@dataclass(frozen=True, slots=True)
class Taken:
    """Where a letter went. `case` is None for one that is dropped: our own coming back, or a machine's answer."""

    case: Case | None
    message: CaseMessage | None = None
    is_known: bool = False  # the same letter was there already


async def take_letter(tx: Tx, channel: Channel, letter: Letter, files: list[CaseFile], to: str = "") -> Taken:
    """The letter's HTML is harmless already. It is filed in the order of TRUST.md: the same letter; the case's own
    address; a letter we hold that it answers; the number in its subject; otherwise a new case. Only the requester, or
    who was in copy, gets into a case that is there. `to`: where it was brought to."""
    who = system(channel.workspace_id, "mail")
    if letter.message_id:  # two ways may bring the same letter at the same moment
        await one_at_a_time(tx, f"letter {who.workspace_id} {letter.message_id}")
    for _again in range(2):
        if letter.message_id and (known := await _held(tx, who, letter)) is not None:
            if await _is_same(tx, who, known, letter):
                return Taken(await case_there(tx, who, known.case_id), known, is_known=True)
            letter = replace(letter, message_id=other_id(letter))
    own = await own_addresses(tx, channel.workspace_id)
    keys = keys_in([to, *letter.delivered_to, *(box.address for box in (*letter.to, *letter.cc))], own)
    if is_own(letter.sender.address, own):
        came_back(tx, who, channel, keys)
        return Taken(None)
    if letter.report is not None:
        return Taken(*(await take_report(tx, who, channel, letter.report) or (None,)))
    if (flooded := await flooded_case(tx, who, channel, letter)) is not None:
        values = _values(flooded, letter)
        return Taken(flooded, await keep_aside(tx, who, flooded, values, files, "held"))
    named = await _named(tx, who, keys)
    answered = named or await _answered(tx, who, letter)
    is_party = answered is not None and await _is_party(tx, answered, letter)
    # Only whom we wrote to knows the case's own address, or the id of a letter of ours.
    is_proved = answered is not None and (named is not None or await _answers_a_letter_of(tx, answered, letter, STANDS))
    if answered is not None and is_party:
        if letter.is_automatic:
            return Taken(answered, await keep_aside(tx, who, answered, _values(answered, letter), files))
        if answered.status != "closed":
            await _know(tx, who, answered, letter, channel)
            return Taken(answered, await _receive(tx, who, answered, letter, files, own, is_proved))
    if letter.is_automatic:
        return Taken(None)  # a machine's answer to nothing of ours would open a case for each letter we send
    case = await _open_anew(tx, who, channel, letter, answered, is_party)
    return Taken(case, await _receive(tx, who, case, letter, files, own, is_party and is_proved))


async def _open_anew(
    tx: Tx, who: Principal, channel: Channel, letter: Letter, answered: Case | None, is_party: bool
) -> Case:
    """A case of its own, which says which one it goes on from, or only names."""
    contact = await person_of(tx, who, letter, channel)
    with speaking(channel.language):
        subject = MARK.sub("", letter.subject).strip() or _("(no subject)")
    tongue = spoken_in(f"{letter.subject}\n{own_words(letter.text)}")
    case = await open_case(tx, who, contact, subject, channel, letter.sender.address, language=tongue)
    if answered is not None and is_party:
        case.follows = answered.number
    elif answered is not None:
        case.refers_to = answered.number
    return case


async def _held(tx: Tx, who: Principal, letter: Letter) -> CaseMessage | None:
    held = select(CaseMessage).where(
        CaseMessage.workspace_id == who.workspace_id, CaseMessage.message_id == letter.message_id
    )
    found: CaseMessage | None = await tx.scalar(held.order_by(CaseMessage.id).limit(1))
    return found


async def _is_same(tx: Tx, who: Principal, held: CaseMessage, letter: Letter) -> bool:
    """Anybody can write an id that they have seen: the letter is known when it also comes from the same sender, or is
    one of ours that came back."""
    if held.is_ours:
        return letter.sender.address in await own_addresses(tx, who.workspace_id)
    return letter.sender.address == held.address


def other_id(letter: Letter) -> str:
    """For a letter that bears the id of somebody else's; the same one each time that it comes."""
    bytes_of = f"{letter.message_id}\n{letter.sender.address}".encode()
    return f"<{hashlib.sha256(bytes_of).hexdigest()[:40]}@letter.invalid>"


async def case_there(tx: Tx, who: Principal, case_id: int) -> Case | None:
    """Locked; of one that was merged the other."""
    found = visible_cases(who).where(Case.id == case_id).options(*WHOLE).with_for_update(of=Case)
    case: Case | None = await tx.scalar(found)
    if case is not None and case.merged_into_id is not None:  # at this very moment: its row was waited for
        return await case_there(tx, who, case.merged_into_id)
    return case


async def _named(tx: Tx, who: Principal, keys: list[str]) -> Case | None:
    """The case whose own address it came to."""
    if not keys:
        return None
    named = visible_cases(who).where(Case.key.in_(keys)).order_by(Case.id).limit(1)
    case_id = await tx.scalar(named.with_only_columns(func.coalesce(Case.merged_into_id, Case.id)))
    return await case_there(tx, who, case_id) if case_id is not None else None


async def _answered(tx: Tx, who: Principal, letter: Letter) -> Case | None:
    """The case that the letter says it belongs to."""
    if letter.in_reply_to:
        held = select(CaseMessage.message_id, CaseMessage.case_id).where(
            CaseMessage.workspace_id == who.workspace_id, CaseMessage.message_id.in_(letter.in_reply_to)
        )
        cases = dict((await tx.execute(held)).all())
        for id in letter.in_reply_to:
            if id in cases:
                return await case_there(tx, who, cases[id])
    if (mark := MARK.search(letter.subject)) is not None:
        number = visible_cases(who).where(Case.number == int(mark[1]))
        there = number.with_only_columns(func.coalesce(Case.merged_into_id, Case.id))
        if (case_id := await tx.scalar(there)) is not None:
            return await case_there(tx, who, case_id)
    return None


async def _is_party(tx: Tx, case: Case, letter: Letter) -> bool:
    """The requester by any of their mails, or somebody who wrote or was in copy of a letter of the case. A machine's
    report about our own letter belongs to the case too."""
    at = letter.sender.address
    if at in requesters(case):
        return True
    if letter.is_bounce and await _answers_a_letter_of(tx, case, letter):
        return True
    said = select(CaseMessage.copies, CaseMessage.address, CaseMessage.state).where(
        CaseMessage.case_id == case.id, CaseMessage.state.not_in(("withdrawn", *WAITS))
    )
    return any(at in copies or (state == "in" and at == sender) for copies, sender, state in await tx.execute(said))


async def _answers_a_letter_of(tx: Tx, case: Case, letter: Letter, states: Collection[str] = ()) -> bool:
    """Not by the number in its subject, which anybody can type. `states`: of the letters that count; all when empty."""
    held = select(CaseMessage.id).where(CaseMessage.case_id == case.id)
    held = held.where(CaseMessage.state.in_(states)) if states else held
    return await tx.scalar(held.where(CaseMessage.message_id.in_(letter.in_reply_to)).limit(1)) is not None


async def _know(tx: Tx, who: Principal, case: Case, letter: Letter, channel: Channel) -> None:
    """Who was in copy and writes is themselves: the case concerns their record too."""
    if letter.sender.address in requesters(case):
        return
    person = await person_of(tx, who, letter, channel)
    if person.about != case.about:
        await link_record(tx, who, case, person, True)


async def person_of(tx: Tx, who: Principal, letter: Letter, channel: Channel) -> Contact:
    """By any of their mails; of several the one that was there first. Nobody known: a new record, marked so."""
    at = letter.sender.address
    if at:  # two first letters at the same instant are of one person
        await one_at_a_time(tx, f"sender {who.workspace_id} {at}")
    holders = select(ContactKey.contact_id).where(
        ContactKey.workspace_id == who.workspace_id, ContactKey.kind == "email", ContactKey.value == at
    )
    found = visible_contacts(who).where(Contact.id.in_(holders), Contact.kind == "contact")
    contact = await tx.scalar(found.options(joinedload(Contact.company)).order_by(Contact.id).limit(1)) if at else None
    if contact is not None:
        return contact
    with speaking(channel.language):
        values = {"emails": at} if MAIL.match(at) else {}  # such as root@localhost: a record cannot be written to there
        name = letter.sender.name or one_line(at.partition("@")[0], 200) or _("Unknown sender")
    return await create_contact(tx, who, ContactDraft(name, "contact", values | {"tags": _("new sender")}))


def _values(case: Case, letter: Letter) -> dict[str, Any]:
    """What a message keeps of a letter."""
    own = own_words(letter.text)
    with speaking(case.channel.language if case.channel else "en"):
        body = own or _("(no text)")
    reply_to = letter.reply_to.address if letter.reply_to else ""
    return {
        "via": "email",
        "sender": letter.sender.name,
        "address": letter.sender.address,
        "reply_to": reply_to if reply_to != letter.sender.address else "",
        "copies": sorted(
            {box.address for box in (*letter.to, *letter.cc)} - {case.channel.address if case.channel else ""}
        )[:COPIES],
        "subject": letter.subject,
        "body": body,
        "whole": letter.text if letter.text != own else "",
        "html": letter.html,
        "message_id": letter.message_id,
    }


async def _receive(
    tx: Tx,
    who: Principal,
    case: Case,
    letter: Letter,
    files: list[CaseFile],
    own: Collection[str],
    is_proved: bool,
) -> CaseMessage:
    message = await receive(tx, who, case, _values(case, letter) | {"is_proved": is_proved}, files)
    await keep_copies(tx, case, message.address, message.copies, own, is_proved)
    return message
