"""Reads for the settings page."""

from collections.abc import Collection

from sqlalchemy import select

from server.automation.access import visible_rules
from server.automation.models import Agent, Care, EventLetter, Rule
from server.kit.access import Principal
from server.kit.db import Tx


async def list_rules(tx: Tx, who: Principal) -> list[Rule]:
    return list(await tx.scalars(visible_rules(who).order_by(Rule.place, Rule.id)))


async def letter_rules_after(tx: Tx, who: Principal, after: int, limit: int) -> list[Rule]:
    """Those for events, for clients: by id; one more than `limit` when there is another page."""
    rules = visible_rules(who).where(Rule.moment == "happened", Rule.id > after).order_by(Rule.id)
    return list(await tx.scalars(rules.limit(limit + 1)))


async def agents_by_id(tx: Tx, who: Principal) -> dict[int, Agent]:
    rows = await tx.scalars(select(Agent).where(Agent.workspace_id == who.workspace_id))
    return {agent.user_id: agent for agent in rows}


async def care_of(tx: Tx, who: Principal) -> Care | None:
    return await tx.get(Care, who.workspace_id)


async def letters_by_event(tx: Tx, who: Principal, happenings: Collection[str]) -> dict[str, list[EventLetter]]:
    """What was sent because of these events, by their subjects."""
    mine = EventLetter.workspace_id == who.workspace_id, EventLetter.happening.in_(happenings)
    found: dict[str, list[EventLetter]] = {}
    for letter in await tx.scalars(select(EventLetter).where(*mine).order_by(EventLetter.id)):
        found.setdefault(letter.happening, []).append(letter)
    return found
