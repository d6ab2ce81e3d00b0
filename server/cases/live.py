"""What screens see of cases: the thread and the facts for the team, rows in lists, lines in the record's stream.
The customer's own topic is another one, which nothing here writes to."""

from typing import Any

from sqlalchemy import select

from server.cases.access import WHOLE, visible_cases
from server.cases.models import Case, CaseMessage
from server.cases.places import (
    CHANGES_A_MESSAGE,
    again_patches,
    copies_patch,
    head_patch,
    line_patches,
    page_patches,
    record_patch,
    row_patch,
)
from server.cases.queries import THREAD, cases_by_id, messages_by_id
from server.contacts.queries import restricted_ids
from server.identity.queries import may_know, members_of, people_by_id
from server.kit.about import subject_id
from server.kit.access import Principal, audiences, system
from server.kit.db import Tx
from server.kit.events import EventRow
from server.kit.live import Change, Patch, Recheck, Refresh, lines, shows
from server.kit.pages import dom_id

SAYS = ("case.received", "case.answered", "case.scheduled", "case.noted", "case.auto_received")
JOINS = ("case.merged", "case.split")
LINES = (*SAYS, "case.opened", "case.assigned", "case.changed", "case.moved", "case.flooded", *JOINS)
FACTS = (*LINES, *CHANGES_A_MESSAGE, "case.claimed", "case.released")
SIDE = ["nav", "tabbar"]
LISTS = ["case-list", "case-zone", "case-views", "case-teams"]


@shows(*FACTS)
async def show_case(tx: Tx, row: EventRow) -> list[Change]:
    who = system(row.workspace_id)
    case = (await cases_by_id(tx, who, {subject_id(row.subject)})).get(subject_id(row.subject))
    if case is None:
        return []
    if row.name == "case.noted":
        return await line_patches(tx, who, case, [row])
    _record, lists = await audiences(tx, case.about, f"cases:{row.workspace_id}")
    changes: list[Change] = [row_patch(case, topic) for topic in lists]
    if row.name in ("case.opened", "case.assigned", "case.changed", "case.received"):
        changes += [Refresh(topic, LISTS) for topic in lists]
    changes += page_patches(case)
    changes.append(await record_patch(tx, who, case.about))
    is_renamed = row.name == "case.changed" and row.data["field"] == "subject"
    if is_renamed or row.name in (*CHANGES_A_MESSAGE, "case.answered"):
        changes += await again_patches(tx, who, case, await _lines_of(tx, row))
    if row.name in ("case.received", "case.moved", *JOINS):
        changes.append(copies_patch(case))
    if row.name in LINES:
        changes += await line_patches(tx, who, case, [row])
    if row.name == "case.moved":
        changes += [await record_patch(tx, who, row.data["old"]), Refresh(row.data["old"], ["timeline"])]
        thread = dom_id("case", case.id, "thread")  # its lines carry the face of the record
        changes += [Recheck(case.topic), Refresh(case.topic, [thread, "case-around", "discussion"])]
    if row.name in JOINS:  # what was said stands in another thread now
        changes += [Refresh(case.topic, [dom_id("case", case.id, "thread"), "case-around"])]
        changes += [Refresh(case.about, ["timeline"])]
    if row.name == "case.changed" and row.data["field"] == "parent":
        changes += [Refresh(topic, ["case-around"]) for topic in await _family(tx, case, row)]
    return changes + await _personal(tx, row, case)


async def _family(tx: Tx, case: Case, row: EventRow) -> list[str]:
    """The case, and the parents that it has or had."""
    numbers = [int(row.data[key]) for key in ("old", "new") if row.data[key]]
    parents = select(Case).where(Case.workspace_id == row.workspace_id, Case.number.in_(numbers))
    return [case.topic, *(parent.topic for parent in await tx.scalars(parents))]


@shows("case.followed")
async def show_followers(tx: Tx, row: EventRow) -> list[Change]:
    return [Refresh(f"{row.subject}:team", ["case-around"])]


@shows("case.linked")
async def show_links(tx: Tx, row: EventRow) -> list[Change]:
    """Each reader of the other record may see the case or not, so nobody is sent it."""
    return [Refresh(f"{row.subject}:team", ["case-around"]), Refresh(row.data["record"], ["cases-panel"])]


@shows("macro.changed", "macro.removed")
async def show_macros(tx: Tx, row: EventRow) -> list[Change]:
    return [Refresh(f"workspace:{row.workspace_id}", ["macros"])]


async def _lines_of(tx: Tx, row: EventRow) -> list[EventRow]:
    """The facts that said the message which changed, one for later perhaps; all lines of a case that was renamed."""
    said = select(EventRow).where(EventRow.subject == row.subject, EventRow.id < row.id)
    if row.name == "case.changed":
        named = said.where(EventRow.name.in_(LINES)).order_by(EventRow.id.desc()).limit(THREAD)
        return list(await tx.scalars(named))
    answers = await tx.scalars(said.where(EventRow.name.in_(("case.answered", "case.scheduled"))))
    return [one for one in answers if one.data["message"] == row.data["message"]]


async def _personal(tx: Tx, row: EventRow, case: Case) -> list[Change]:
    """Counts in the sidebars of those whom the case waits for, or waited for until now."""
    if row.name not in ("case.opened", "case.assigned", "case.changed", "case.received"):
        return []
    people = {case.assignee_id, row.data.get("old") if row.name == "case.assigned" else None}
    teams = {team for team in (case.team_id, row.data.get("old_team")) if isinstance(team, int)}
    concerned = {one for one in people if isinstance(one, int)}
    if case.assignee_id is None or row.name == "case.assigned":
        concerned |= await members_of(tx, teams)
    told = await may_know(tx, row.workspace_id, case.about, concerned)
    return [Refresh(f"user:{id}", SIDE) for id in sorted(told)]


@shows("channel.filled")
async def show_old_letters(tx: Tx, row: EventRow) -> list[Change]:
    return [Refresh(f"cases:{row.workspace_id}", LISTS)]


def _cases_about(workspace_id: int, about: str | None) -> Any:
    return select(Case).where(Case.workspace_id == workspace_id, Case.about == about).limit(200)


@shows("contact.trashed", "contact.restored", "contact.restricted")
async def show_record_rights(tx: Tx, row: EventRow) -> list[Change]:
    """The cases of a record that went, or that was closed, leave every list; who listens is asked again."""
    cases = list(await tx.scalars(_cases_about(row.workspace_id, row.subject)))
    topic = f"cases:{row.workspace_id}"
    closed = row.name == "contact.trashed" or (row.name == "contact.restricted" and row.data["new"])
    gone = [Patch(topic, dom_id("case", case.id, "row"), "remove") for case in cases] if closed else []
    asked: list[Change] = [Recheck(case.topic) for case in cases]
    return [*asked, *gone, Refresh(topic, LISTS)] if cases else []


@shows("contact.changed")
async def show_names(tx: Tx, row: EventRow) -> list[Change]:
    if row.data["field"] not in ("name", "company"):
        return []
    found = visible_cases(system(row.workspace_id)).where(Case.about == row.subject).options(*WHOLE).limit(200)
    cases = list(await tx.scalars(found))
    closed = await restricted_ids(tx, system(row.workspace_id), {case.contact_id for case in cases})
    rows = [row_patch(case, f"cases:{row.workspace_id}") for case in cases if case.contact_id not in closed]
    return [*rows, *(patch for case in cases for patch in page_patches(case))]


@shows("company.relabelled")
async def show_company(tx: Tx, row: EventRow) -> list[Change]:
    """The line under a case's name says whose its customer is; the newest cases of a large company are enough."""
    theirs = Case.contact.has(company_id=subject_id(row.subject))
    found = visible_cases(system(row.workspace_id)).where(theirs).order_by(Case.id.desc()).limit(200)
    return [head_patch(case) for case in await tx.scalars(found.options(*WHOLE))]


@lines(*LINES, template="cases/lines.html")
async def load_lines(tx: Tx, who: Principal, rows: list[EventRow]) -> dict[int, dict[str, object]]:
    """Cases, messages and names, three statements for all rows. What was taken back has no line."""
    cases = await cases_by_id(tx, who, {subject_id(row.subject) for row in rows})
    messages = await messages_by_id(tx, who, {row.data["message"] for row in rows if row.name in SAYS})
    people = await people_by_id(tx, {id for row in rows for id in _people_in(row)})
    return {
        row.id: _context(row, cases, messages, {id: one.name for id, one in people.items()})
        for row in rows
        if subject_id(row.subject) in cases and (row.name not in SAYS or row.data["message"] in messages)
    }


def _people_in(row: EventRow) -> list[int]:
    return [row.data[key] for key in ("old", "new") if row.name == "case.assigned" and row.data[key]]


def _context(
    row: EventRow, cases: dict[int, Case], messages: dict[int, CaseMessage], people: dict[int, str]
) -> dict[str, object]:
    message = messages.get(row.data["message"]) if row.name in SAYS else None
    return {"case": cases[subject_id(row.subject)], "message": message, "people": people, "here": False}
