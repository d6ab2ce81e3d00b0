"""Reads for the list of cases, a case's page and what stands beside it."""

from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, Select, and_, case, func, literal, or_, select, union_all

from server.cases.access import WHOLE, visible_cases, visible_macros, visible_messages
from server.cases.forms import CaseQuery, query_of
from server.cases.models import (
    OURS,
    Case,
    CaseDraft,
    CaseDraftFile,
    CaseFollower,
    CaseLink,
    CaseMessage,
    CaseTag,
    Macro,
)
from server.contacts.access import OPEN_COMPANY, visible_contacts, visible_views
from server.contacts.models import Contact, SavedView
from server.identity.access import visible_teams
from server.identity.models import Team, User
from server.identity.queries import people_by_id
from server.kit.about import subject_id
from server.kit.access import Principal, prepared
from server.kit.db import Tx
from server.kit.events import EventRow
from server.kit.index import matching_ids
from server.kit.once import once
from server.kit.paging import PER_PAGE, Paging
from server.kit.text import fold
from server.timeline.queries import Line, draw

THREAD = 200
BESIDE = 40
EARLIER = 20
COUNTED = 100  # of a saved view; what is more is shown as more
KIN = 50
TAGS = 200
MACROS = 500
WRITERS = 5
LONGEST_NUMBER = 18  # digits that a database takes
IS_OPEN = Case.status.in_(("new", "open", "waiting", "snoozed"))


def _of_view(who: Principal, view: str) -> ColumnElement[bool]:
    match view:
        case "ours":
            return Case.status.in_(OURS)
        case "mine":
            return and_(Case.assignee_id == who.user_id, IS_OPEN)
        case "unassigned":
            return and_(Case.assignee_id.is_(None), Case.status.in_(OURS))
        case "waiting" | "snoozed":
            return Case.status == view
        case "solved":
            return Case.status.in_(("solved", "closed"))
    return Case.id.is_not(None)


def filtered(tx: Tx, who: Principal, query: CaseQuery) -> Select[Any]:
    found: Select[Any] = visible_cases(who).where(_of_view(who, query.view))
    if query.team:
        found = found.where(Case.team_id == int(query.team))
    if query.type:
        found = found.where(Case.type == query.type)
    if query.priority:
        found = found.where(Case.priority == query.priority)
    if query.tag:
        found = found.where(_tagged(who, query.tag))
    if query.q:
        typed = query.q.lstrip("#")
        by_number = Case.number == int(typed) if typed.isdecimal() and len(typed) < LONGEST_NUMBER else None
        words = Case.id.in_(matching_ids(tx, who, ["case"], query.q))
        found = found.where(or_(by_number, words) if by_number is not None else words)
    return found


def _order(view: str) -> tuple[Any, ...]:
    """Where it is our turn, what was promised soonest and who has waited longest come first; else the newest."""
    newest = (Case.active_at.desc(), Case.id.desc())
    return (
        (Case.due_at.asc().nulls_last(), Case.asked_at.asc().nulls_last(), *newest)
        if view in ("ours", "mine", "unassigned")
        else newest
    )


async def list_page(tx: Tx, who: Principal, query: CaseQuery, most: int = PER_PAGE) -> tuple[list[Case], Paging]:
    """One page; the last one where fewer are there than was asked for."""
    found = filtered(tx, who, query)
    total = await tx.scalar(found.with_only_columns(func.count())) or 0
    order = _order(query.view)
    paging = Paging(min(query.page, Paging(1, total, most).pages), total, most)
    some = found.with_only_columns(Case.id).order_by(*order).limit(most).offset((paging.page - 1) * most).subquery()
    rows = select(Case).join(some, some.c.id == Case.id).order_by(*order).options(*WHOLE)
    return list(await tx.scalars(rows)), paging


async def count_views(tx: Tx, who: Principal, views: tuple[str, ...]) -> dict[str, int]:
    """How many are in each of the views, in one statement over those that are not over."""
    columns = [func.coalesce(func.sum(case((_of_view(who, view), 1), else_=0)), 0) for view in views]
    row = (await tx.execute(visible_cases(who).where(IS_OPEN).with_only_columns(*columns))).one()
    return dict(zip(views, (int(n) for n in row), strict=True))


async def list_saved(tx: Tx, who: Principal) -> list[tuple[SavedView, int]]:
    """The saved views that this person has, each with how many cases it holds, counted up to `COUNTED`: one statement
    for the counts."""
    views = list(await tx.scalars(visible_views(who, "cases")))
    some = [filtered(tx, who, query_of(f"/cases?{view.query}")).with_only_columns(Case.id) for view in views]
    counts = [select(func.count()).select_from(one.limit(COUNTED).subquery()).scalar_subquery() for one in some]
    found = (await tx.execute(select(*counts))).one() if counts else ()
    return list(zip(views, map(int, found), strict=True))


@prepared
def count_waiting(who: Principal) -> ScalarSelect[Any]:
    """The badge: cases where it is our turn that are mine, or nobody's in a team of mine or in none."""
    nobodys = and_(Case.assignee_id.is_(None), or_(Case.team_id.is_(None), Case.team_id.in_(who.teams)))
    mine = visible_cases(who).where(Case.status.in_(OURS), or_(Case.assignee_id == who.user_id, nobodys))
    return mine.with_only_columns(func.count()).scalar_subquery()


@dataclass(frozen=True, slots=True)
class Thread:
    lines: list[Line]
    is_cut: bool


async def load_thread(tx: Tx, who: Principal, one: Case) -> Thread:
    """The newest facts of a case in their order; those that the relay has not numbered yet come last."""
    facts = select(EventRow).where(EventRow.subject == one.ref, EventRow.workspace_id == who.workspace_id)
    found = list(await tx.scalars(facts.order_by(EventRow.id.desc()).limit(THREAD + 1)))
    rows = sorted(found[:THREAD], key=lambda row: (row.position is None, row.position or row.id))
    return Thread(await draw(tx, who, rows), len(found) > THREAD)


@once
async def messages_by_id(tx: Tx, who: Principal, ids: set[int]) -> dict[int, CaseMessage]:
    if not ids:
        return {}
    rows = visible_messages(who).where(CaseMessage.id.in_(ids)).execution_options(populate_existing=True)
    return {message.id: message for message in await tx.scalars(rows)}


@once
async def cases_by_id(tx: Tx, who: Principal, ids: set[int]) -> dict[int, Case]:
    rows = visible_cases(who).where(Case.id.in_(ids)).options(*WHOLE)
    return {one.id: one for one in await tx.scalars(rows)}


async def load_around(tx: Tx, who: Principal, one: Case) -> dict[str, Any]:
    """What stands beside a case, as far as its reader may see it."""
    follows = select(User).join(CaseFollower, CaseFollower.user_id == User.id).where(CaseFollower.case_id == one.id)
    followers = list(await tx.scalars(follows.order_by(User.name)))
    linked = select(CaseLink.contact_id).where(CaseLink.case_id == one.id)
    records = visible_contacts(who).where(Contact.id.in_(linked)).options(OPEN_COMPANY).order_by(Contact.name)
    near = or_(Case.parent_id == one.id, Case.id == one.parent_id, Case.about == one.about)
    near_cases = visible_cases(who).where(near, Case.id != one.id).order_by(Case.id.desc()).limit(KIN)
    kin = list(await tx.scalars(near_cases.options(*WHOLE)))
    return {
        "followers": followers,
        "follows": any(user.id == who.user_id for user in followers),
        "may_write": who.may_write,
        "records": list(await tx.scalars(records.limit(KIN))),
        "parent": next((case for case in kin if case.id == one.parent_id), None),
        "children": [case for case in kin if case.parent_id == one.id],
        "earlier": [case for case in kin if case.about == one.about],
    }


async def linked_cases(tx: Tx, who: Principal, about: str) -> list[Case]:
    """Cases of others that concern this record too, the newest first."""
    ids = select(CaseLink.case_id).where(CaseLink.contact_id == subject_id(about))
    rows = visible_cases(who).where(Case.id.in_(ids)).order_by(Case.id.desc()).limit(EARLIER).options(*WHOLE)
    return list(await tx.scalars(rows))


async def list_case_tags(tx: Tx, who: Principal) -> list[str]:
    """Tags of cases in use, folded, the most used first."""
    used = select(CaseTag.value).where(CaseTag.workspace_id == who.workspace_id).group_by(CaseTag.value)
    return list(await tx.scalars(used.order_by(func.count().desc(), CaseTag.value).limit(TAGS)))


async def teams_with_counts(tx: Tx, who: Principal, query: CaseQuery) -> list[tuple[Team, int]]:
    """Each team and how many cases of the view it has, in one statement."""
    theirs = filtered(tx, who, replace(query, team="")).where(Case.team_id == Team.id).correlate(Team)
    count = theirs.with_only_columns(func.count()).scalar_subquery()
    rows = await tx.execute(visible_teams(who).order_by(Team.name).add_columns(count))
    return [(team, n) for team, n in rows]


async def list_macros(tx: Tx, who: Principal, begin: str = "", language: str = "") -> list[Macro]:
    """Those whose name has these letters; in the customer's language first, then the most used."""
    rows = list(await tx.scalars(visible_macros(who).order_by(Macro.used.desc(), Macro.name, Macro.id).limit(MACROS)))
    wanted, spoken = fold(begin), language[:2]
    found = [macro for macro in rows if wanted in fold(macro.name)]
    return sorted(found, key=lambda macro: macro.language not in ("", spoken))


@once
async def cases_of(tx: Tx, who: Principal, about: str) -> list[Case]:
    rows = visible_cases(who).where(Case.about == about)
    return list(await tx.scalars(rows.order_by(Case.id.desc()).limit(EARLIER).options(*WHOLE)))


@dataclass(frozen=True, slots=True)
class Writing:
    """What the reader has begun to write, by its kind, with the files for it; and who else has begun a reply, with its
    first words."""

    drafts: dict[str, Any]  # text, mark
    files: list[Any]  # id, name, size
    others: list[tuple[User, str]]


async def load_writing(tx: Tx, who: Principal, one: Case) -> Writing:
    """One statement, and one more when others write."""
    empty, none = literal(""), literal(0)
    words = select(
        literal("text").label("what"),
        CaseDraft.user_id,
        CaseDraft.kind.label("name"),
        CaseDraft.text,
        none.label("size"),
        none.label("id"),
        CaseDraft.mark,
    ).where(CaseDraft.case_id == one.id, or_(CaseDraft.user_id == who.user_id, CaseDraft.kind == "reply"))
    files = select(
        literal("file"), CaseDraftFile.user_id, CaseDraftFile.name, empty, CaseDraftFile.size, CaseDraftFile.id, empty
    ).where(CaseDraftFile.case_id == one.id, CaseDraftFile.user_id == who.user_id)
    rows = (await tx.execute(union_all(words, files))).all()
    others = {row.user_id: row.text for row in rows if row.what == "text" and row.user_id != who.user_id}
    people = await people_by_id(tx, set(others)) if others else {}
    return Writing(
        {row.name: row for row in rows if row.what == "text" and row.user_id == who.user_id},
        sorted((row for row in rows if row.what == "file"), key=lambda row: int(row.id)),
        [(people[id], others[id]) for id in sorted(people)][:WRITERS],
    )


async def last_said(tx: Tx, one: Case) -> CaseMessage | None:
    rows = select(CaseMessage).where(CaseMessage.case_id == one.id, CaseMessage.n == one.said_n)
    message: CaseMessage | None = await tx.scalar(rows)
    return message


async def references_of(tx: Tx, case_id: int) -> list[str]:
    """Ids of the letters so far, the oldest first, for the headers of the next one."""
    letters = select(CaseMessage.message_id).where(
        CaseMessage.case_id == case_id,
        CaseMessage.message_id != "",
        CaseMessage.state.in_(("in", "sent")),
    )
    return list(await tx.scalars(letters.order_by(CaseMessage.n)))


def _tagged(who: Principal, tag: str) -> ColumnElement[bool]:
    tagged = select(CaseTag.case_id).where(CaseTag.workspace_id == who.workspace_id, CaseTag.value == fold(tag))
    return Case.id.in_(tagged)


async def cases_after(
    tx: Tx, who: Principal, after: int, limit: int, number: int | None, status: str, tag: str
) -> list[Case]:
    """For clients: by id; one more than `limit` when there is another page."""
    found = visible_cases(who).where(Case.id > after).options(*WHOLE)
    found = found.where(Case.number == number) if number else found
    found = found.where(Case.status == status) if status else found
    found = found.where(_tagged(who, tag)) if tag else found
    return list(await tx.scalars(found.order_by(Case.id).limit(limit + 1)))


async def messages_after(tx: Tx, who: Principal, one: Case, after: int, limit: int) -> list[CaseMessage]:
    found = visible_messages(who).where(CaseMessage.case_id == one.id, CaseMessage.id > after)
    return list(await tx.scalars(found.order_by(CaseMessage.id).limit(limit + 1)))
