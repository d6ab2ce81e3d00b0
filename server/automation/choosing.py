"""Who of a team gets a case: by turns, or who has the fewest, within each one's limit and with the skill it needs."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import func, select

from server.automation.models import Agent
from server.cases.models import Case
from server.identity.models import Team, TeamMember, User
from server.identity.queries import may_know
from server.kit.clock import now
from server.kit.db import Tx
from server.kit.text import fold

NEVER = datetime.min.replace(tzinfo=UTC)
BUSY = ("new", "open", "waiting")  # what counts against a limit; a snoozed case is out of sight


@dataclass(frozen=True, slots=True)
class Candidate:
    user_id: int
    has: int
    most: int = 0
    skills: tuple[str, ...] = ()
    given_at: datetime = NEVER


def choose(candidates: Sequence[Candidate], method: str, skill: str = "") -> Candidate | None:
    """None when nobody has the skill or all are full: the case stays with the team."""
    able = [one for one in candidates if not skill or fold(skill) in one.skills]
    free = [one for one in able if not one.most or one.has < one.most]
    has_first = method == "least_busy"
    return min(free, key=lambda one: (one.has if has_first else 0, one.given_at, one.user_id), default=None)


async def pick(tx: Tx, team_id: int, about: str, method: str, skill: str = "") -> int | None:
    """The team's row is the queue: of two cases at once the second sees whom the first was given to. Who may not see
    `about` is not asked, so that no turn is lost on them."""
    team = (await tx.scalars(select(Team).where(Team.id == team_id).with_for_update(key_share=True))).one()
    members = select(User.id, Agent).join(TeamMember, TeamMember.user_id == User.id)
    members = members.outerjoin(Agent, Agent.user_id == User.id).where(TeamMember.team_id == team_id, User.active)
    rows = list(await tx.execute(members.where(User.role != "read-only").order_by(User.id)))
    ids = await may_know(tx, team.workspace_id, about, {user_id for user_id, _agent in rows})
    held = select(Case.assignee_id, func.count()).where(Case.assignee_id.in_(ids), Case.status.in_(BUSY))
    counts = dict((await tx.execute(held.group_by(Case.assignee_id))).all())
    candidates = [
        Candidate(id, counts.get(id, 0), agent.most, tuple(map(fold, agent.skills)), agent.given_at or NEVER)
        if agent is not None
        else Candidate(id, counts.get(id, 0))
        for id, agent in rows
        if id in ids and (agent is None or not agent.is_away)
    ]
    chosen = choose(candidates, method, skill)
    if chosen is None:
        return None
    await _note(tx, team, chosen.user_id)
    return chosen.user_id


async def _note(tx: Tx, team: Team, user_id: int) -> None:
    agent = await tx.get(Agent, user_id)
    if agent is None:
        agent = Agent(user_id=user_id, workspace_id=team.workspace_id, most=0, skills=[])
        tx.add(agent)
    agent.given_at = now()
    await tx.flush()
