"""The letter that a rule writes when an event comes in: a template whose words are filled from the event."""

import re
from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from server.automation import events as facts
from server.automation.forms import WORD
from server.automation.models import EventLetter, Rule
from server.cases.automatic import RETURNED as RETURNED_LETTERS
from server.channels.models import Channel
from server.channels.outgoing import new_message_id
from server.channels.queries import list_channels
from server.channels.reports import Report
from server.contacts.models import Contact
from server.kit.access import Principal
from server.kit.db import Tx
from server.kit.events import EventRow, emit
from server.kit.jobs import enqueue

SIGNS = str.maketrans("[]<>`", "()()'")  # a value is words, and never a link by another name
LONGEST = 500


async def write_letter(tx: Tx, who: Principal, rule: Rule, contact: Contact, row: EventRow) -> None:
    """In the customer's language. One that has nowhere to go, or nothing to leave from, stands as failed."""
    template = rule.acts.get("letter")
    if not template:
        return
    words, language = words_of(contact, row.data), row.data["language"]
    channel = await _sender(tx, who, rule.acts.get("sender"))
    address = row.data["address"] or contact.email
    problem = "" if channel and address else "no_address" if channel else "no_sender"
    letter = EventLetter(
        workspace_id=who.workspace_id,
        about=contact.about,
        happening=row.subject,
        channel_id=channel.id if channel else None,
        name=contact.name,
        address=address,
        subject=" ".join(fill_in(_spoken(template["subject"], language), words).split()),
        body=fill_in(_spoken(template["text"], language), words),
        language=language,
        message_id=new_message_id(channel.address) if channel else "",
        state="failed" if problem else "sending",
        problem=problem,
    )
    tx.add(letter)
    await tx.flush()
    if not problem:
        enqueue(tx, who, "automation.letter", {"letter": letter.id})


async def note_returned(tx: Tx, who: Principal, report: Report) -> None:
    """A mail server says that one of these letters did not arrive: the line of its event says so too."""
    ours = EventLetter.workspace_id == who.workspace_id, EventLetter.message_id.in_(report.ids)
    found = select(EventLetter).where(*ours, EventLetter.state != "failed").order_by(EventLetter.id).limit(1)
    if (letter := await tx.scalar(found.with_for_update())) is None:
        return
    letter.state, letter.problem = "failed", report.problem
    await tx.flush()
    failed = facts.LetterFailed(subject=letter.happening, about=letter.about, letter=letter.id, problem=letter.problem)
    emit(tx, who, failed)


RETURNED_LETTERS.append(note_returned)


def words_of(contact: Contact, data: Mapping[str, Any]) -> dict[str, str]:
    """What the event brings, and over it what we know of the person. A name with an address in it is a trick: whoever
    orders types it, and somebody else may get the letter."""
    name = "" if re.search(r"://|www\.|/", contact.name) else contact.name
    company = contact.company.name if contact.company else ""
    known = {"name": name, "first_name": name.split(" ")[0], "company": company, "event": data["event"]}
    return {key: _one_line(value) for key, value in (data["words"] | known).items()}


def _one_line(value: str) -> str:
    return " ".join(value.translate(SIGNS).split())[:LONGEST]


def fill_in(text: str, words: Mapping[str, str]) -> str:
    """A word that nothing is known for is left out."""
    return WORD.sub(lambda found: words.get(found[1], ""), text)


def _spoken(texts: Mapping[str, str], language: str) -> str:
    return texts.get(language[:2]) or next(iter(texts.values()))


async def _sender(tx: Tx, who: Principal, chosen: object) -> Channel | None:
    """The chosen address, while it is open; else the first."""
    by_mail = await list_channels(tx, who)
    return next(iter([one for one in by_mail if one.id == chosen] + by_mail), None)
