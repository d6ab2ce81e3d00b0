"""Skills and territories, as those who route calls ask for them."""

from sqlalchemy import Select, select
from sqlalchemy.orm import joinedload

from server.automation.matching import customer_holds
from server.automation.models import Agent, Rule
from server.contacts.models import Contact
from server.identity.models import User
from server.kit.about import parse_about
from server.kit.db import Tx
from server.kit.routes import Routes, offers_routes
from server.kit.text import fold

OF_CUSTOMERS = {"territory", "tag"}  # conditions that hold without a case


def _agents(workspace_id: int) -> Select[Agent]:
    found = select(Agent).join(User, User.id == Agent.user_id).where(User.workspace_id == workspace_id)
    return found.where(User.active, User.role != "read-only").order_by(Agent.user_id)


async def skills_of(tx: Tx, workspace_id: int) -> list[str]:
    return sorted({fold(skill) for agent in await tx.scalars(_agents(workspace_id)) for skill in agent.skills})


async def able(tx: Tx, workspace_id: int, skill: str) -> list[int]:
    """Who is away is left out."""
    agents = await tx.scalars(_agents(workspace_id).where(Agent.is_away.is_(False)))
    return [agent.user_id for agent in agents if fold(skill) in map(fold, agent.skills)]


async def territory_team(tx: Tx, workspace_id: int, about: str) -> int | None:
    """By the rules that give cases of a territory to a team, as far as they ask of the customer alone."""
    found = select(Contact).where(Contact.id == parse_about(about)[1], Contact.workspace_id == workspace_id)
    contact = await tx.scalar(found.options(joinedload(Contact.company)))
    if contact is None:
        return None
    rules = select(Rule).where(Rule.workspace_id == workspace_id).order_by(Rule.place, Rule.id)
    for rule in await tx.scalars(rules):
        asks = set(rule.when)
        if "territory" in asks and asks <= OF_CUSTOMERS and rule.acts.get("team"):
            holds = customer_holds(rule.when, contact)
            if all(holds[name] for name in asks):
                return int(rule.acts["team"])
    return None


offers_routes(Routes(skills_of, able, territory_team))
