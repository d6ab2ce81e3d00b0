"""The verbs on policies and their hours. What changes is counted again in all open cases, by a job."""

from sqlalchemy import func, select

from server.cases.forms import parse_name
from server.identity.access import visible_teams
from server.identity.models import Team
from server.kit.access import Principal
from server.kit.db import Tx
from server.kit.errors import Invalid
from server.kit.events import emit
from server.kit.hours import parse_zone
from server.kit.text import _, clean
from server.sla import events as facts
from server.sla.access import visible_calendars
from server.sla.forms import CalendarDraft, PolicyDraft, parse_holidays, parse_targets, parse_warn
from server.sla.models import SlaCalendar, SlaPolicy


async def create_calendar(tx: Tx, who: Principal, draft: CalendarDraft) -> SlaCalendar:
    calendar = SlaCalendar(workspace_id=who.workspace_id)
    tx.add(calendar)
    return await change_calendar(tx, who, calendar, draft)


async def change_calendar(tx: Tx, who: Principal, calendar: SlaCalendar, draft: CalendarDraft) -> SlaCalendar:
    calendar.name, calendar.hours, calendar.zone = parse_name(draft.name), draft.hours, parse_zone(draft.zone)
    calendar.holidays = parse_holidays(draft.holidays)
    await tx.flush()
    emit(tx, who, facts.SlaChanged(subject=calendar.subject, name=calendar.name))
    return calendar


async def remove_calendar(tx: Tx, who: Principal, calendar: SlaCalendar) -> None:
    if await tx.scalar(select(SlaPolicy.id).where(SlaPolicy.calendar_id == calendar.id).limit(1)) is not None:
        raise Invalid(_("A promise counts by these hours. Change it first"))
    emit(tx, who, facts.SlaChanged(subject=calendar.subject, name=calendar.name))
    await tx.delete(calendar)


async def create_policy(tx: Tx, who: Principal, draft: PolicyDraft) -> SlaPolicy:
    last = await tx.scalar(select(func.max(SlaPolicy.place)).where(SlaPolicy.workspace_id == who.workspace_id))
    policy = SlaPolicy(workspace_id=who.workspace_id, place=(last or 0) + 1)
    await _fill(tx, who, policy, draft)
    tx.add(policy)
    await tx.flush()
    emit(tx, who, facts.SlaChanged(subject=policy.subject, name=policy.name))
    return policy


async def change_policy(tx: Tx, who: Principal, policy: SlaPolicy, draft: PolicyDraft) -> SlaPolicy:
    await _fill(tx, who, policy, draft)
    await tx.flush()
    emit(tx, who, facts.SlaChanged(subject=policy.subject, name=policy.name))
    return policy


async def move_policy_up(tx: Tx, who: Principal, policy: SlaPolicy) -> None:
    """It is asked before the one that stood above it."""
    above = select(SlaPolicy).where(SlaPolicy.workspace_id == who.workspace_id, SlaPolicy.place < policy.place)
    other = await tx.scalar(above.order_by(SlaPolicy.place.desc()).limit(1))
    if other is not None:
        other.place, policy.place = policy.place, other.place
        await tx.flush()
        emit(tx, who, facts.SlaChanged(subject=policy.subject, name=policy.name))


async def remove_policy(tx: Tx, who: Principal, policy: SlaPolicy) -> None:
    """What it promised for open cases is promised by the next that fits, or not at all."""
    emit(tx, who, facts.SlaChanged(subject=policy.subject, name=policy.name))
    await tx.delete(policy)


async def _fill(tx: Tx, who: Principal, policy: SlaPolicy, draft: PolicyDraft) -> None:
    calendar = await tx.scalar(visible_calendars(who).where(SlaCalendar.id == draft.calendar_id))
    if calendar is None:
        raise Invalid(calendar=_("Choose the hours that count"))
    policy.name, policy.calendar, policy.tag = parse_name(draft.name), calendar, clean(draft.tag, 60)
    policy.targets, policy.warn, policy.raises = parse_targets(draft.targets), parse_warn(draft.warn), draft.raises
    policy.team = await _team(tx, who, "team", draft.team_id)
    policy.escalate_team = await _team(tx, who, "escalate_team", draft.escalate_team_id)


async def _team(tx: Tx, who: Principal, field: str, team_id: int | None) -> Team | None:
    if team_id is None:
        return None
    team: Team | None = await tx.scalar(visible_teams(who).where(Team.id == team_id))
    if team is None:
        raise Invalid(**{field: _("Not in this workspace")})
    return team
