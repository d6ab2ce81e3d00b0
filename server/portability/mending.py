"""Rows that did not get in, mended on the page: one by one, by the same rules as the import, and undone with it."""

from collections.abc import Mapping, Sequence
from typing import Any

from server.contacts.access import visible_contacts
from server.contacts.bulk_change import change_records, joined, lock_records, stored
from server.contacts.bulk_import import NewRow, Saved, key_values, known_ids, save_rows
from server.contacts.events import ContactsImported
from server.contacts.models import Contact
from server.kit.access import Principal
from server.kit.db import Tx
from server.kit.errors import Conflict, Invalid
from server.kit.events import emit
from server.kit.text import _
from server.portability.mapping import Plan
from server.portability.models import ImportBatch, ImportFailure
from server.portability.queries import plan_of, read_known
from server.portability.rows import Refused, parse_row
from server.portability.run import trace
from server.portability.tables import Record

NEW_ONE = "new"
COMPARED = 10


async def mend_row(
    tx: Tx, who: Principal, batch: ImportBatch, failure: ImportFailure, cells: Sequence[str], into: str
) -> None:
    """Brings the row in with these cells. `into`: the number of the record it belongs to, or "new", when several
    match. A record that came without a cell gets that one."""
    if batch.state not in ("done", "paused"):
        raise Conflict(_("This import has gone on meanwhile"))
    plan = plan_of(batch)
    row = await _parse(tx, who, plan, failure, cells)
    if failure.contact_id is not None:
        target = plan.targets[plan.headers.index(failure.column)]
        saved = await _bring_into(tx, who, failure.contact_id, row, {target: row.values.get(target)})
    elif into and into != NEW_ONE:
        if int(into) not in {contact.id for contact in await matches(tx, who, plan, row)}:
            raise Invalid(into=_("This record does not match the row"))
        saved = await _bring_into(tx, who, int(into), row, row.values)
    else:
        outcome = await save_rows(tx, who, plan.kind, "" if into == NEW_ONE else plan.key, [row])
        if outcome.failed:
            raise Invalid(into=outcome.failed[0][2])
        saved = outcome.saved
    await trace(tx, batch, saved)
    await _settle(tx, who, batch, failure, [one.action for one in saved if one.row is not None])


async def _parse(tx: Tx, who: Principal, plan: Plan, failure: ImportFailure, cells: Sequence[str]) -> NewRow:
    try:
        row = parse_row(Record(failure.line, list(cells)), plan, await read_known(tx, who))
    except Refused as error:
        raise Invalid(**{_place(plan, error.column): error.reason}) from None
    if row is None:
        raise Invalid(into=_("Empty row"))
    for target, reason in row.flaws:
        column = plan.column_of(target)
        if failure.contact_id is None or column == failure.column:  # another missing cell has a form of its own
            raise Invalid(**{_place(plan, column): reason})
    return row


def _place(plan: Plan, column: str) -> str:
    """The form's field of a column."""
    return f"c-{plan.headers.index(column)}" if column in plan.headers else "into"


async def matches(tx: Tx, who: Principal, plan: Plan, row: NewRow) -> list[Contact]:
    """The records that the row may mean."""
    keys = key_values(plan.key, row.values) if plan.key else []
    ids = (
        {id for found in (await known_ids(tx, who, plan.kind, plan.key, keys)).values() for id in found}
        if keys
        else set()
    )
    rows = visible_contacts(who).where(Contact.id.in_(ids)).order_by(Contact.id).limit(COMPARED)
    return list(await tx.scalars(rows))


async def compared(tx: Tx, who: Principal, batch: ImportBatch, failure: ImportFailure) -> list[Contact]:
    """For the form: more than one record when the row was refused because several match."""
    plan = plan_of(batch)
    try:
        row = parse_row(Record(failure.line, list(failure.cells)), plan, await read_known(tx, who))
    except Refused:
        return []
    found = await matches(tx, who, plan, row) if row is not None and failure.contact_id is None else []
    return found if len(found) > 1 else []


async def _bring_into(tx: Tx, who: Principal, contact_id: int, row: NewRow, values: Mapping[str, Any]) -> list[Saved]:
    contact = (await lock_records(tx, who, [contact_id])).get(contact_id)
    if contact is None:
        raise Invalid(into=_("The record went away meanwhile"))
    wanted = {name: joined(name, stored(contact, name), value) for name, value in values.items() if name != "company"}
    before = await change_records(
        tx, who, [(contact, {name: value for name, value in wanted.items() if value is not None})]
    )
    return [Saved(contact.id, contact.kind, "updated", before[contact.id], contact.version, row)]


async def _settle(tx: Tx, who: Principal, batch: ImportBatch, failure: ImportFailure, actions: Sequence[str]) -> None:
    if failure.contact_id is None:
        batch.failed -= 1
        batch.created += list(actions).count("created")
        batch.updated += list(actions).count("updated")
    else:
        batch.flawed -= 1
    await tx.delete(failure)
    emit(
        tx,
        who,
        ContactsImported(
            subject=f"import:{batch.id}",
            created=list(actions).count("created"),
            updated=list(actions).count("updated"),
            failed=0,
        ),
    )


async def leave_out(tx: Tx, batch: ImportBatch, failure: ImportFailure) -> None:
    """The row is not wanted after all."""
    if failure.contact_id is None:
        batch.failed, batch.skipped = batch.failed - 1, batch.skipped + 1
    else:
        batch.flawed -= 1
    await tx.delete(failure)
