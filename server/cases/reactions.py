"""How cases are found, and what they do when their record is trashed, comes back or is erased."""

from sqlalchemy import delete, select

from server.cases.access import WHOLE
from server.cases.actions import take_from_the_blind
from server.cases.models import OVER, Case, CaseMessage
from server.kit.about import subject_id
from server.kit.access import system
from server.kit.db import Tx
from server.kit.events import EventRow, reacts
from server.kit.index import TEXT_LIMIT, Doc, index_docs, unindex
from server.kit.markdown import plain

MESSAGES = 50  # whose words a case is found by, the newest


async def reindex(tx: Tx, case: Case) -> None:
    """By number, subject and what was said in it, notes of the team too: only the team searches."""
    said = select(CaseMessage.body).where(CaseMessage.case_id == case.id, CaseMessage.state != "withdrawn")
    words = plain("\n".join(await tx.scalars(said.order_by(CaseMessage.n.desc()).limit(MESSAGES))), TEXT_LIMIT)
    title = f"#{case.number} {case.subject}"
    await index_docs(tx, [Doc(case.workspace_id, case.ref, case.about, title, words, is_read=True)])


@reacts(
    "case.opened",
    "case.received",
    "case.answered",
    "case.withdrawn",
    "case.noted",
    "case.changed",
    "case.moved",
    "case.merged",
    "case.split",
)
async def keep_found(tx: Tx, row: EventRow) -> None:
    """Once a transaction, whatever happened in it: facts are reacted to when all of them are there."""
    done: set[str] = tx.info.setdefault("indexed_cases", set())
    if row.subject in done or (row.name == "case.changed" and row.data["field"] != "subject"):
        return
    done.add(row.subject)
    case = await tx.get(Case, subject_id(row.subject))
    if case is not None:
        await reindex(tx, case)


@reacts("contact.trashed")
async def hide_from_search(tx: Tx, row: EventRow) -> None:
    ids = select(Case.id).where(Case.workspace_id == row.workspace_id, Case.about == row.subject)
    await unindex(tx, [f"case:{id}" for id in await tx.scalars(ids)])


@reacts("contact.restricted")
async def free_what_was_closed(tx: Tx, row: EventRow) -> None:
    """A case with somebody who cannot open it would be answered by nobody."""
    theirs = Case.workspace_id == row.workspace_id, Case.about == row.subject
    has = Case.assignee_id.is_not(None) | Case.team_id.is_not(None)
    held = select(Case).where(*theirs, Case.status.not_in(OVER), has)
    for case in await tx.scalars(held.options(*WHOLE).with_for_update(of=Case)):
        await take_from_the_blind(tx, system(row.workspace_id), case)


@reacts("contact.restored")
async def find_again(tx: Tx, row: EventRow) -> None:
    kept = select(Case).where(Case.workspace_id == row.workspace_id, Case.about == row.subject)
    for case in await tx.scalars(kept):
        await reindex(tx, case)


@reacts("contact.erased")
async def erase_with_record(tx: Tx, row: EventRow) -> None:
    """What a person wrote to us is about the person. Attached files are swept: nothing names them any more."""
    theirs = Case.workspace_id == row.workspace_id, Case.about == row.subject
    await unindex(tx, [f"case:{id}" for id in await tx.scalars(select(Case.id).where(*theirs))])
    await tx.execute(delete(Case).where(*theirs))
