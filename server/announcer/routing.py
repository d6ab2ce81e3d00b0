"""Whom a choice of the menu rings: a team, a person, who looks after the caller, or whoever can do something."""

from server.announcer.models import Line, LineCall
from server.announcer.script import Option
from server.calls.models import Call
from server.contacts.access import get_record
from server.kit.access import system
from server.kit.db import Tx
from server.kit.homes import get_home
from server.kit.routes import known_routes


async def addressees(tx: Tx, visit: LineCall, call: Call, option: Option) -> tuple[str, list[str]]:
    """What is waited for (callers who wait for the same stand in one queue), and who is rung for it."""
    match option.kind:
        case "skill":
            people = await known_routes().able(tx, call.workspace_id, option.skill)
            return f"skill:{option.skill}", [f"user:{id}" for id in people]
        case "record":
            names = await _who_looks_after(tx, visit, call)
            return names[-1] if names else "", names
    name = f"{'team' if option.kind == 'team' else 'user'}:{option.target}"
    return name, [name]


async def _who_looks_after(tx: Tx, visit: LineCall, call: Call) -> list[str]:
    """Owner and team of the caller's record, else the team of their territory, else those of their company. Who has
    proved nothing comes to the line's own team."""
    if call.about:
        house = system(call.workspace_id)
        if rings := (await get_home(tx, house, call.about)).rings:
            return list(rings)
        if team := await known_routes().territory(tx, call.workspace_id, call.about):
            return [f"team:{team}"]
        company = (await get_record(tx, house, call.about)).company
        if company is not None and (rings := (await get_home(tx, house, company.about)).rings):
            return list(rings)
    line = await tx.get_one(Line, visit.line_id)
    return [f"team:{line.team_id}"] if line.team_id else []
