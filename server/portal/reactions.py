"""What the customers' side does when something happens to a case or its record."""

from datetime import timedelta

from sqlalchemy import select

from server.cases.access import WHOLE
from server.cases.models import Case, CaseMessage
from server.kit.about import subject_id
from server.kit.access import system
from server.kit.clock import now
from server.kit.db import Tx
from server.kit.events import EventRow, reacts
from server.kit.jobs import enqueue
from server.kit.passes import change_scope, revoke_passes
from server.portal.actions import tell_in

PATIENCE = timedelta(minutes=2)  # for a visitor to read what was said, before it goes to them by mail


@reacts("case.answered")
async def mail_if_unread(tx: Tx, row: EventRow) -> None:
    message = await tx.get_one(CaseMessage, row.data["message"])
    if message.via == "chat":
        enqueue(tx, system(row.workspace_id), "portal.mail", {"message": message.id}, run_at=now() + PATIENCE)


@reacts("contact.trashed", "contact.erased")
async def close_links(tx: Tx, row: EventRow) -> None:
    """What is gone for the team is gone for whoever holds a link. Letters that come later bring new ones."""
    ids = select(Case.id).where(Case.workspace_id == row.workspace_id, Case.about == row.subject)
    await revoke_passes(tx, row.workspace_id, [f"case:{id}" for id in await tx.scalars(ids)])


@reacts("case.split")
async def tell_both_parts(tx: Tx, row: EventRow) -> None:
    """Who is in a chat has no other way to hear of the new part; letters bring a link to it."""
    ids = subject_id(row.subject), row.data["other"]
    case, other = [(await tx.scalars(select(Case).where(Case.id == id).options(*WHOLE))).one() for id in ids]
    if case.is_chat:
        await tell_in(tx, other, case)


@reacts("case.merged")
async def lead_to_the_other(tx: Tx, row: EventRow) -> None:
    """Said of both. Links lead to where the messages are; but who may only have claimed to be this customer, in a chat
    or from elsewhere, would read there what another wrote: theirs lead to no case."""
    other = await tx.get_one(Case, row.data["other"])
    case = await tx.get_one(Case, subject_id(row.subject))
    into = other if row.data["is_into"] else case
    gone = select(Case).where(Case.merged_into_id == into.id)
    theirs = [(one, into) for one in await tx.scalars(gone)] if row.data["is_into"] else [(case, other)]
    for mine, joined in theirs:
        scope = [into.customer_topic] if _is_for_certain(mine, joined) else []
        await change_scope(tx, row.workspace_id, mine.ref, scope)


def _is_for_certain(mine: Case, other: Case) -> bool:
    """Whether who has a link to the first is whom the second was written by: their site vouched for them, or both went
    to one mailbox."""
    return mine.is_proved or (mine.via != "chat" and bool(mine.address) and mine.address == other.address)
