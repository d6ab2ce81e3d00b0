"""Rules act in the transaction of what they react to: a case is never seen without what they did."""

from sqlalchemy import delete
from sqlalchemy.orm import joinedload

from server.automation import events as facts
from server.automation.access import visible_rules
from server.automation.answering import answer_once_a_day
from server.automation.choosing import pick
from server.automation.confirming import write_letter
from server.automation.matching import Asked, asked_of, holds, hours_of
from server.automation.models import EventLetter, Rule
from server.cases.actions import assign_case, change_case, tag_case
from server.cases.models import Case
from server.contacts.access import visible_contacts
from server.contacts.models import Contact
from server.kit.about import subject_id
from server.kit.access import Principal, system
from server.kit.db import Tx
from server.kit.events import EventRow, emit, reacts
from server.sla.winding import load_case


@reacts("case.opened", "case.received")
async def ask_rules(tx: Tx, row: EventRow) -> None:
    moment = row.name.removeprefix("case.")
    who = system(row.workspace_id)
    rules = [rule for rule in await _rules(tx, who) if rule.moment == moment]
    if not rules:
        return
    case = await load_case(tx, row.workspace_id, subject_id(row.subject))
    if case is None:
        return
    asked, is_open = await asked_of(tx, case), await hours_of(tx, rules)
    for rule in rules:
        if holds(rule.when, asked, is_open):
            await act(tx, who, rule, case, answers=not row.quiet)
            if rule.stops:
                return


@reacts("outside.happened")
async def confirm(tx: Tx, row: EventRow) -> None:
    """Rules for what a program elsewhere tells. What they send belongs to no case, whatever case the customer has."""
    who = system(row.workspace_id)
    rules = [rule for rule in await _rules(tx, who) if rule.moment == "happened"]
    found = visible_contacts(who).where(Contact.id == subject_id(row.about or "")).options(joinedload(Contact.company))
    contact = await tx.scalar(found) if rules else None
    if contact is None:
        return
    text = " ".join(row.data["words"].values())
    asked = Asked(contact, row.data["language"], row.data["channel"], text, event=row.data["event"])
    is_open = await hours_of(tx, rules)
    for rule in rules:
        if holds(rule.when, asked, is_open):
            rule.fired += 1
            await write_letter(tx, who, rule, contact, row)
            if rule.stops:
                return


@reacts("contact.erased")
async def erase_with_record(tx: Tx, row: EventRow) -> None:
    theirs = EventLetter.workspace_id == row.workspace_id, EventLetter.about == row.subject
    await tx.execute(delete(EventLetter).where(*theirs))


async def _rules(tx: Tx, who: Principal) -> list[Rule]:
    """Read once a transaction: a batch of letters asks for them with each."""
    known: dict[int, list[Rule]] = tx.info.setdefault("automation_rules", {})
    if who.workspace_id not in known:
        known[who.workspace_id] = list(await tx.scalars(visible_rules(who).order_by(Rule.place, Rule.id)))
    return known[who.workspace_id]


async def act(tx: Tx, who: Principal, rule: Rule, case: Case, *, answers: bool = True) -> None:
    """`answers`: not to letters that lay in a mailbox from before."""
    acts = rule.acts
    rule.fired += 1
    emit(tx, who, facts.AutomationActed(subject=case.ref, about=case.about, rule=rule.name))
    if "tags" in acts:
        await tag_case(tx, who, case, [*case.tags, *acts["tags"]])
    for field in ("type", "priority"):
        if field in acts:
            await change_case(tx, who, case, field, acts[field])
    await _route(tx, who, acts, case)
    if answers and "answer" in acts and case.asked_at is not None:
        await answer_once_a_day(tx, who, case, acts["answer"])


async def _route(tx: Tx, who: Principal, acts: dict[str, object], case: Case) -> None:
    """To a team, and there to somebody; a case that somebody has stays with them."""
    team = acts.get("team", case.team_id)
    team_id = team if isinstance(team, int) else None
    person = case.assignee_id
    if person is None and team_id is not None and acts.get("method"):
        person = await pick(tx, team_id, case.about, str(acts["method"]), str(acts.get("skill", "")))
    await assign_case(tx, who, case, person, team_id)
