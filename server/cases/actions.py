"""The verbs on cases. Each changes rows and announces facts; none commits, none knows HTTP."""

from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select, update

from server.cases import events as facts
from server.cases.forms import (
    parse_case_tags,
    parse_priority,
    parse_status,
    parse_subject,
    parse_type,
    parse_until,
)
from server.cases.models import OVER, Case, CaseTag
from server.channels.models import Channel
from server.contacts.models import Contact
from server.identity.access import visible_teams, visible_users
from server.identity.models import Team, User, Workspace
from server.identity.queries import members_of, resolve
from server.kit.access import Principal, restricted_to
from server.kit.clock import now
from server.kit.db import Tx
from server.kit.errors import Conflict, Invalid
from server.kit.events import Event, EventRow, emit
from server.kit.text import _, fold

FIELDS = {"priority": parse_priority, "subject": parse_subject, "type": parse_type}


def tell(tx: Tx, who: Principal, case: Case, fact: type[Event], **data: Any) -> None:
    """Announces a fact of this case."""
    emit(tx, who, fact(subject=case.ref, about=case.about, **data))


async def open_case(
    tx: Tx,
    who: Principal,
    contact: Contact,
    subject: str,
    channel: Channel | None = None,
    address: str = "",
    via: str = "email",
    call: int | None = None,
    language: str = "",
) -> Case:
    """A case of this person; its number is the workspace's next. Two that are opened at once wait for each other.
    `language`: what they write in, as it seems; what is known of them counts more, the channel's less."""
    case = Case(
        workspace_id=who.workspace_id,
        number=await _next_number(tx, who.workspace_id),
        subject=parse_subject(subject),
        about=contact.about,
        contact=contact,
        language=contact.language or language or (channel.language if channel else ""),
        address=address or contact.email,
        channel=channel,
        via=via,
        team_id=channel.team_id if channel else None,
        assignee=None,
        claimed_by=None,
        created_at=now(),
        active_at=now(),
    )
    tx.add(case)
    await tx.flush()
    tell(tx, who, case, facts.CaseOpened, number=case.number, title=case.subject, via=via, call=call)
    return case


async def _next_number(tx: Tx, workspace_id: int) -> int:
    """The workspace's row is the queue. Nobody changes its key (`key_share`), so whoever has written a row of it, such
    as a new record, stands in nobody's way: two of those would wait for each other."""
    await tx.scalar(select(Workspace.id).where(Workspace.id == workspace_id).with_for_update(key_share=True))
    return (await tx.scalar(select(func.max(Case.number)).where(Case.workspace_id == workspace_id)) or 0) + 1


class ClosedToThem(Invalid):
    """Whom the case was to go to may not see its customer's record."""


async def assign_case(tx: Tx, who: Principal, case: Case, assignee_id: int | None, team_id: int | None = None) -> Case:
    """Nobody gets a case that they cannot open: a person is told so, and what acts by itself leaves it where it is."""
    if (assignee_id, team_id) == (case.assignee_id, case.team_id):
        return case
    person: User | None = None
    if assignee_id is not None:
        person = await tx.scalar(visible_users(who).where(User.id == assignee_id, User.active))
        if person is None:
            raise Invalid(assignee=_("Not in this workspace"))
        if assignee_id != case.assignee_id and not await _may_have(tx, case, assignee_id):
            if who.kind != "system":
                raise ClosedToThem(assignee=_("They may not see this customer’s record"))
            person = assignee_id = None
    team: Team | None = None
    if team_id is not None and (team := await tx.scalar(visible_teams(who).where(Team.id == team_id))) is None:
        raise Invalid(team=_("Not in this workspace"))
    if team is not None and team_id != case.team_id and not await _somebody_may_have(tx, case, team.id):
        if who.kind != "system":
            raise ClosedToThem(team=_("Nobody of this team may see this customer’s record"))
        team, team_id = case.team, case.team_id
    if (assignee_id, team_id) == (case.assignee_id, case.team_id):
        return case
    old, old_team = case.assignee_id, case.team_id
    case.assignee, case.team = person, team
    case.version += 1
    await tx.flush()
    tell(tx, who, case, facts.CaseAssigned, old=old, new=assignee_id, old_team=old_team, new_team=team_id)
    if person is not None and case.status == "new":
        await turn(tx, who, case, "open")
    return case


async def take_from_the_blind(tx: Tx, who: Principal, case: Case) -> None:
    """Who has it, or all of its team, may not see its customer's record (any more): it is nobody's, so that those who
    may see it find it where nobody has it."""
    assignee, team = case.assignee_id, case.team_id
    if assignee is not None and not await _may_have(tx, case, assignee):
        assignee = None
    if team is not None and not await _somebody_may_have(tx, case, team):
        team = None
    await assign_case(tx, who, case, assignee, team)


async def _may_have(tx: Tx, case: Case, user_id: int) -> bool:
    closed = await restricted_to(tx, case.about)
    return not closed or user_id in await resolve(tx, case.workspace_id, closed)


async def _somebody_may_have(tx: Tx, case: Case, team_id: int) -> bool:
    closed = await restricted_to(tx, case.about)
    return not closed or bool(await members_of(tx, {team_id}) & await resolve(tx, case.workspace_id, closed))


async def turn(tx: Tx, who: Principal, case: Case, status: str) -> None:
    """Whose turn it is now; what goes with a status is set here alone."""
    if case.status == status:
        return
    old, case.status = case.status, status
    case.solved_at = (case.solved_at or now()) if case.is_over else None
    was_claimed = case.is_over and case.claimed_by_id is not None
    if was_claimed:  # there is nothing more to have for oneself
        case.claimed_by = case.claimed_until = None
    if status != "snoozed":
        case.snoozed_until = None
    case.version += 1
    await tx.flush()
    tell(tx, who, case, facts.CaseChanged, field="status", old=old, new=status)
    if was_claimed:
        tell(tx, who, case, facts.CaseReleased)


async def set_status(tx: Tx, who: Principal, case: Case, raw: object) -> Case:
    """Any but snoozed, which needs a moment. What a colleague has claimed is theirs to solve: Conflict."""
    status = parse_status(raw)
    if status in OVER and who.user_id is not None and case.is_claimed(who.user_id, now()):
        raise Conflict(_("A colleague has claimed this case"), {"who_id": case.claimed_by_id})
    if status == "snoozed":
        raise Invalid(until=_("A moment within the next year is expected here"))
    await turn(tx, who, case, status)
    return case


async def snooze_case(tx: Tx, who: Principal, case: Case, until: datetime | None) -> Case:
    """Out of sight until then, or until the customer writes. The customer's clocks go on."""
    case.snoozed_until = parse_until(until)
    await turn(tx, who, case, "snoozed")
    return case


async def change_case(tx: Tx, who: Principal, case: Case, field: str, raw: object) -> Case:
    if field not in FIELDS:
        raise Invalid(**{field: _("No such field")})
    old, new = getattr(case, field), FIELDS[field](raw)
    if new != old:
        setattr(case, field, new)
        case.version += 1
        await tx.flush()
        tell(tx, who, case, facts.CaseChanged, field=field, old=old, new=new)
    return case


async def tag_case(tx: Tx, who: Principal, case: Case, raw: object) -> Case:
    """All tags of the case, as a list or with commas between."""
    old, new = list(case.tags), parse_case_tags(raw)
    if new != old:
        case.tags, folded = new, {fold(tag) for tag in new}
        case.version += 1
        await tx.execute(delete(CaseTag).where(CaseTag.case_id == case.id))
        tx.add_all(CaseTag(case_id=case.id, workspace_id=case.workspace_id, value=value) for value in sorted(folded))
        await tx.flush()
        tell(tx, who, case, facts.CaseChanged, field="tags", old=", ".join(old), new=", ".join(new))
    return case


async def move_case(tx: Tx, who: Principal, case: Case, contact: Contact) -> Case:
    """Files the case under another record: a wrong match is mended, and what was said goes along."""
    if contact.about == case.about:
        return case
    old = case.about
    case.contact, case.about = contact, contact.about
    case.version += 1
    await tx.flush()
    # What a stranger wrote must not stay in the wrong person's stream.
    told = update(EventRow).where(EventRow.workspace_id == case.workspace_id, EventRow.subject == case.ref)
    await tx.execute(told.values(about=contact.about).execution_options(synchronize_session=False))
    tell(tx, who, case, facts.CaseMoved, old=old, new=contact.about)
    await take_from_the_blind(tx, who, case)
    return case
