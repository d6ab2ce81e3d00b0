"""Macros: canned answers with words that fill themselves in, and acts that go with them."""

import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from server.cases import events as facts
from server.cases.actions import assign_case, change_case, set_status, snooze_case, tag_case
from server.cases.forms import BODY_LENGTH, parse_case_tags, parse_name, parse_priority, parse_status, parse_type
from server.cases.models import Case, CaseMessage, Macro
from server.identity.access import visible_teams
from server.identity.models import Team
from server.kit.access import Principal
from server.kit.clock import now
from server.kit.db import Tx
from server.kit.errors import Invalid
from server.kit.events import emit
from server.kit.text import _, clean

WORDS = re.compile(r"\{(name|first_name|company|number|subject|agent)\}")
LANGUAGES = ("", "en", "es")
LONGEST_SNOOZE = 365  # days


@dataclass(frozen=True, slots=True)
class MacroDraft:
    """As typed. `acts`: status, snooze (days), priority, type, team (number), tags (with commas). Empty ones
    are left out."""

    name: str
    language: str
    text: str
    acts: dict[str, str]


async def create_macro(tx: Tx, who: Principal, draft: MacroDraft) -> Macro:
    macro = Macro(workspace_id=who.workspace_id, **await _parsed(tx, who, draft))
    tx.add(macro)
    await tx.flush()
    emit(tx, who, facts.MacroChanged(subject=macro.subject, name=macro.name))
    return macro


async def change_macro(tx: Tx, who: Principal, macro: Macro, draft: MacroDraft) -> Macro:
    for name, value in (await _parsed(tx, who, draft)).items():
        setattr(macro, name, value)
    emit(tx, who, facts.MacroChanged(subject=macro.subject, name=macro.name))
    return macro


async def remove_macro(tx: Tx, who: Principal, macro: Macro) -> None:
    emit(tx, who, facts.MacroRemoved(subject=macro.subject, name=macro.name))
    await tx.delete(macro)


async def _parsed(tx: Tx, who: Principal, draft: MacroDraft) -> dict[str, Any]:
    name = parse_name(draft.name)
    if draft.language not in LANGUAGES:
        raise Invalid(language=_("English or Spanish"))
    text, acts = clean(draft.text, BODY_LENGTH), await _acts(tx, who, draft.acts)
    if not text and not acts:
        raise Invalid(text=_("Write a text or choose what it does"))
    return {"name": name, "language": draft.language, "text": text, "acts": acts}


async def _acts(tx: Tx, who: Principal, typed: dict[str, str]) -> dict[str, Any]:
    acts: dict[str, Any] = {}
    if typed.get("snooze"):
        acts["snooze"] = _days(typed["snooze"])
    elif typed.get("status"):
        acts["status"] = parse_status(typed["status"])
        if acts["status"] == "snoozed":
            raise Invalid(snooze=_("Say for how many days"))
    if typed.get("priority"):
        acts["priority"] = parse_priority(typed["priority"])
    if typed.get("type"):
        acts["type"] = parse_type(typed["type"])
    if typed.get("team"):
        team = await tx.scalar(visible_teams(who).where(Team.id == _number(typed["team"])))
        if team is None:
            raise Invalid(team=_("Not in this workspace"))
        acts["team"] = team.id
    if typed.get("tags") and (tags := parse_case_tags(typed["tags"])):
        acts["tags"] = tags
    return acts


def _number(raw: str) -> int:
    return int(raw) if raw.isascii() and raw.isdigit() and len(raw) < 18 else 0


def _days(raw: str) -> int:
    if not 1 <= _number(raw) <= LONGEST_SNOOZE:
        raise Invalid(snooze=_("Between 1 and 365 days"))
    return int(raw)


def fill_in(text: str, case: Case, agent: str) -> str:
    """The text for this case. A word that nothing is known for is left out; any other brace stays as it is."""
    name = case.contact.name
    known = {
        "name": name,
        "first_name": name.split(" ")[0],
        "company": case.contact.company.name if case.contact.company else "",
        "number": str(case.number),
        "subject": case.subject,
        "agent": agent,
    }
    return WORDS.sub(lambda word: known[word[1]], text)


async def apply_macro(tx: Tx, who: Principal, case: Case, macro: Macro, message: CaseMessage | None = None) -> None:
    """What it does to the case; its text was sent before. With a reply for later it happens when that leaves."""
    macro.used += 1
    if message is None or message.state != "scheduled":
        return await do_acts(tx, who, case, macro.acts)
    message.acts = macro.acts


async def do_acts(tx: Tx, who: Principal, case: Case, acts: dict[str, Any]) -> None:
    for field in ("priority", "type"):
        if field in acts:
            await change_case(tx, who, case, field, acts[field])
    if "tags" in acts:
        with suppress(Invalid):  # there are too many already
            await tag_case(tx, who, case, [*case.tags, *acts["tags"]])
    if "team" in acts and await tx.get(Team, acts["team"]) is not None:
        with suppress(Invalid):  # its text is sent already: it stays with those who have it
            await assign_case(tx, who, case, case.assignee_id, acts["team"])
    if "snooze" in acts:
        await snooze_case(tx, who, case, now() + timedelta(days=acts["snooze"]))
    elif "status" in acts:
        await set_status(tx, who, case, acts["status"])
