"""The verbs on rules, on how people take cases, and on the care of still ones."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import func, select

from server.automation import events as facts
from server.automation.forms import (
    MOST_CASES,
    MOST_DAYS,
    RuleDraft,
    parse_acts,
    parse_brings,
    parse_count,
    parse_event_names,
    parse_letter,
    parse_moment,
    parse_skills,
    parse_texts,
    parse_when,
)
from server.automation.models import Agent, Care, Rule
from server.cases.forms import parse_name
from server.channels.access import visible_channels
from server.channels.models import Channel
from server.identity.access import visible_teams, visible_users
from server.identity.models import Team, User
from server.kit.about import to_id
from server.kit.access import Principal
from server.kit.db import Tx
from server.kit.errors import Invalid, NotFound
from server.kit.events import emit
from server.kit.text import _
from server.sla.access import visible_calendars
from server.sla.models import SlaCalendar


async def create_rule(tx: Tx, who: Principal, draft: RuleDraft) -> Rule:
    last = await tx.scalar(select(func.max(Rule.place)).where(Rule.workspace_id == who.workspace_id))
    rule = Rule(workspace_id=who.workspace_id, place=(last or 0) + 1, fired=0, **await _parsed(tx, who, draft))
    tx.add(rule)
    await tx.flush()
    emit(tx, who, facts.AutomationChanged(subject=rule.subject, name=rule.name))
    return rule


async def change_rule(tx: Tx, who: Principal, rule: Rule, draft: RuleDraft) -> Rule:
    for name, value in (await _parsed(tx, who, draft)).items():
        setattr(rule, name, value)
    emit(tx, who, facts.AutomationChanged(subject=rule.subject, name=rule.name))
    return rule


async def _parsed(tx: Tx, who: Principal, draft: RuleDraft) -> dict[str, Any]:
    if draft.moment == "happened":
        return await _parsed_for_events(tx, who, draft)
    when = parse_when(draft.when) | await _references(tx, who, draft.when, ("channel", "team", "calendar"))
    if "calendar" in when:
        when["hours"] = "closed" if draft.when.get("hours") == "closed" else "open"
    acts = parse_acts(draft.acts, draft.answer) | await _references(tx, who, draft.acts, ("team",))
    if not acts:
        raise Invalid(tags=_("Say what the rule does"))
    name, moment = parse_name(draft.name), parse_moment(draft.moment)
    return {"name": name, "moment": moment, "when": when, "acts": acts, "stops": draft.stops}


async def _parsed_for_events(tx: Tx, who: Principal, draft: RuleDraft) -> dict[str, Any]:
    """One without a letter does nothing, and keeps those below it from doing something when it `stops`."""
    brings = parse_brings(draft.when.get("brings") or "")
    when = parse_when({name: draft.when.get(name) or "" for name in ("language", "tag")})
    when |= {"events": parse_event_names(draft.when.get("events") or ""), "brings": brings}
    acts: dict[str, Any] = await _references(tx, who, draft.acts, ("sender",))
    if letter := parse_letter(draft, brings):
        acts["letter"] = letter
    return {"name": parse_name(draft.name), "moment": "happened", "when": when, "acts": acts, "stops": draft.stops}


async def _references(tx: Tx, who: Principal, typed: Mapping[str, str], names: tuple[str, ...]) -> dict[str, Any]:
    """Numbers of what is there and may be seen."""
    doors: dict[str, Any] = {
        "channel": visible_channels(who, None).where(Channel.id == _number(typed, "channel")),
        "sender": visible_channels(who).where(Channel.id == _number(typed, "sender")),
        "team": visible_teams(who).where(Team.id == _number(typed, "team")),
        "calendar": visible_calendars(who).where(SlaCalendar.id == _number(typed, "calendar")),
    }
    found = {}
    for name in names:
        if typed.get(name):
            if (one := await tx.scalar(doors[name])) is None:
                raise Invalid(**{name: _("Not in this workspace")})
            found[name] = one.id
    return found


def _number(typed: Mapping[str, str], name: str) -> int:
    return to_id(typed[name]) if typed.get(name) else 0


async def move_rule_up(tx: Tx, who: Principal, rule: Rule) -> None:
    """Above the next one of its own list: those for events stand apart."""
    above = select(Rule).where(Rule.workspace_id == who.workspace_id, Rule.place < rule.place)
    is_for_events = Rule.moment == "happened"
    above = above.where(is_for_events if rule.moment == "happened" else ~is_for_events)
    other = await tx.scalar(above.order_by(Rule.place.desc()).limit(1))
    if other is not None:
        other.place, rule.place = rule.place, other.place
        emit(tx, who, facts.AutomationChanged(subject=rule.subject, name=rule.name))


async def remove_rule(tx: Tx, who: Principal, rule: Rule) -> None:
    emit(tx, who, facts.AutomationChanged(subject=rule.subject, name=rule.name))
    await tx.delete(rule)


async def change_agent(tx: Tx, who: Principal, user_id: int, most: str, skills: str, is_away: bool) -> Agent:
    user = await tx.scalar(visible_users(who).where(User.id == user_id, User.active))
    if user is None:
        raise NotFound(_("Nobody of this workspace"))
    agent = await tx.get(Agent, user_id)
    if agent is None:
        agent = Agent(user_id=user_id, workspace_id=who.workspace_id)
        tx.add(agent)
    agent.most, agent.skills, agent.is_away = parse_count(most, "most", MOST_CASES), parse_skills(skills), is_away
    await tx.flush()
    emit(tx, who, facts.AutomationChanged(subject=f"user:{user_id}", name=user.name))
    return agent


async def change_care(
    tx: Tx, who: Principal, typed: Mapping[str, str], ask_text: Mapping[str, str], rate_text: Mapping[str, str]
) -> Care:
    care = await tx.get(Care, who.workspace_id)
    if care is None:
        care = Care(workspace_id=who.workspace_id)
        tx.add(care)
    for name in ("ask_after", "solve_after", "rate_after", "close_after"):
        setattr(care, name, parse_count(typed.get(name) or "", name, MOST_DAYS))
    care.ask_text, care.rate_text = parse_texts(ask_text), parse_texts(rate_text)
    if care.rate_after and not care.rate_text:
        raise Invalid(rate_en=_("Write what is asked"))
    if care.ask_after and not care.ask_text:
        raise Invalid(ask_en=_("Write what is asked"))
    await tx.flush()
    emit(tx, who, facts.AutomationChanged(subject=f"workspace:{who.workspace_id}", name=_("Still cases")))
    return care
