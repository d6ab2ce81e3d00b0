"""Customer numbers and their PINs: given by agents, checked for callers, locked after too many wrong ones."""

import secrets
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import select, update

from server.announcer import events as facts
from server.announcer.models import CustomerNumber, LineCall
from server.contacts.models import Contact
from server.identity.models import Workspace
from server.kit.access import Principal, system
from server.kit.clock import now
from server.kit.db import Tx
from server.kit.errors import Conflict, Invalid
from server.kit.events import emit
from server.kit.text import _, speaking
from server.tasks.actions import create_task
from server.tasks.forms import TaskDraft

WRONG, WITHIN = 5, timedelta(hours=1)
TRIES = 20  # numbers drawn until one is free
NUMBER = 8  # digits


def new_pin() -> str:
    """Six digits that are no row and no stair."""
    while True:
        pin = f"{secrets.randbelow(10**6):06}"
        if len(set(pin)) > 3:
            return pin


async def give_pin(tx: Tx, who: Principal, contact: Contact, pin_hash: str) -> CustomerNumber:
    """A number, kept when there is one, and a new PIN; a lock ends."""
    if contact.kind != "contact":
        raise Invalid(_("Only people have a PIN"))
    row = await tx.get(CustomerNumber, contact.id)
    if row is None:
        row = CustomerNumber(
            contact_id=contact.id, workspace_id=who.workspace_id, number=await _free_number(tx, who.workspace_id)
        )
        tx.add(row)
    row.pin_hash, row.set_at, row.wrong, row.locked_until = pin_hash, now(), [], None
    await tx.flush()
    emit(tx, who, facts.PinGiven(subject=contact.about, about=contact.about))
    return row


async def _free_number(tx: Tx, workspace_id: int) -> str:
    for _try in range(TRIES):
        number = str(secrets.randbelow(9 * 10 ** (NUMBER - 1)) + 10 ** (NUMBER - 1))
        taken = select(CustomerNumber.contact_id).where(
            CustomerNumber.workspace_id == workspace_id, CustomerNumber.number == number
        )
        if await tx.scalar(taken) is None:
            return number
    raise Conflict(_("No number is free; try again"))


async def pin_of(tx: Tx, contact: Contact) -> CustomerNumber | None:
    return await tx.get(CustomerNumber, contact.id)


async def remove_pin(tx: Tx, who: Principal, contact: Contact) -> None:
    row = await tx.get(CustomerNumber, contact.id)
    if row is not None:
        await tx.delete(row)
        emit(tx, who, facts.PinRemoved(subject=contact.about, about=contact.about))


async def number_row(tx: Tx, workspace_id: int, number: str) -> CustomerNumber | None:
    """Of a record that is not in the trash."""
    found = (
        select(CustomerNumber)
        .join(Contact, Contact.id == CustomerNumber.contact_id)
        .where(
            CustomerNumber.workspace_id == workspace_id,
            CustomerNumber.number == number,
            Contact.trashed_at.is_(None),
        )
    )
    return await tx.scalar(found)


def is_locked(row: CustomerNumber) -> bool:
    return row.locked_until is not None and row.locked_until > now()


async def note_wrong(tx: Tx, call_id: int, contact_id: int | None) -> None:
    """Counted by the number, whatever call or address it came from; the fifth within an hour locks it. None: a number
    that nobody has. The statements are the same for it and for one that is locked: how long they take tells nothing."""
    mine = CustomerNumber.contact_id == (contact_id or 0)
    await tx.execute(update(LineCall).where(LineCall.call_id == call_id).values(wrong=LineCall.wrong + 1))
    row = await tx.scalar(select(CustomerNumber).where(mine).with_for_update())
    was_locked = row is not None and is_locked(row)
    wrong, until = _counted(row) if row is not None else ([], None)
    await tx.execute(update(CustomerNumber).where(mine).values(wrong=wrong, locked_until=until))
    if row is not None and until is not None and not was_locked:
        await _tell_locked(tx, row)


def _counted(row: CustomerNumber) -> tuple[list[str], datetime | None]:
    """Its wrong tries with one more, and until when it is locked."""
    if is_locked(row):
        return row.wrong, row.locked_until
    recent = [at for at in row.wrong if datetime.fromisoformat(at) > now() - WITHIN]
    wrong = [*recent, now().isoformat()]
    return ([], now() + WITHIN) if len(wrong) >= WRONG else (wrong, None)


async def note_right(tx: Tx, contact_id: int) -> None:
    row = await tx.get(CustomerNumber, contact_id)
    if row is not None and row.wrong:
        row.wrong = []


async def _tell_locked(tx: Tx, row: CustomerNumber) -> None:
    who, about = system(row.workspace_id), f"contact:{row.contact_id}"
    emit(tx, who, facts.PinLocked(subject=about, about=about))
    contact = await tx.get_one(Contact, row.contact_id)
    with speaking((await tx.get_one(Workspace, row.workspace_id)).language):
        title = _("Somebody guesses this customer's PIN: the number is locked for an hour")
    await task_for(tx, row.workspace_id, title, about, contact.team_id, contact.owner_id)


async def task_for(
    tx: Tx, workspace_id: int, title: str, about: str, team: int | None, person: int | None = None, notes: str = ""
) -> None:
    """A task of theirs; of nobody's when they may not see the record, or are no longer there."""
    draft = TaskDraft(title=title[:200], about=about or None, notes=notes)
    for given in (replace(draft, team_id=team, assignee_id=person), draft):
        try:
            await create_task(tx, system(workspace_id), given)
        except Invalid:
            continue
        return
