"""Reads for the customer's page and for what the team sees of it."""

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload, selectinload

from server.cases.access import WHOLE
from server.cases.models import Case, CaseMessage
from server.channels.models import Channel
from server.identity.models import Workspace
from server.kit.clock import now
from server.kit.db import Tx
from server.kit.once import once
from server.kit.passes import Pass
from server.portal.access import is_theirs_to_see, may_rate, parts_of, seen_by_customer
from server.portal.models import CaseRating, CaseSide

WAYS_SHOWN = 50
MOST = 300  # messages on a customer's page, the newest
WAYS = {"new": "ours", "open": "ours", "snoozed": "ours", "waiting": "yours", "solved": "solved", "closed": "closed"}


def way_of(status: str) -> str:
    """A status as the customer is told it. That we put it off until Monday is ours to know."""
    return WAYS[status]


async def goes_on_in(tx: Tx, case: Case) -> Case | None:
    """The case that the customer's next words belong to: the part of the conversation that we spoke in last. None when
    all of it is closed."""
    ours = select(func.max(CaseMessage.id)).where(CaseMessage.case_id == Case.id, CaseMessage.author_id.is_not(None))
    open_ones = select(Case).where(parts_of(case, Case.id), Case.status != "closed", Case.merged_into_id.is_(None))
    latest = ours.scalar_subquery().desc().nulls_last(), Case.id.desc()
    found: Case | None = await tx.scalar(open_ones.order_by(*latest).limit(1).options(*WHOLE))
    return found


async def said_to(tx: Tx, case: Case) -> list[CaseMessage]:
    """What the customer wrote and what reached them, in order, in all parts of the conversation."""
    seen = parts_of(case, CaseMessage.case_id), seen_by_customer()
    rows = select(CaseMessage).where(*seen).order_by(CaseMessage.id.desc()).limit(MOST)
    rows = rows.options(joinedload(CaseMessage.author), selectinload(CaseMessage.files))
    return [one for one in list(await tx.scalars(rows))[::-1] if is_theirs_to_see(case, one)]


@once
async def shown_message(tx: Tx, case: Case, message_id: int) -> CaseMessage | None:
    """As it is now; None when the customer does not see it."""
    seen = CaseMessage.id == message_id, seen_by_customer()
    rows = select(CaseMessage).where(*seen).options(joinedload(CaseMessage.author), selectinload(CaseMessage.files))
    message: CaseMessage | None = await tx.scalar(rows.execution_options(populate_existing=True))
    return message if message is not None and is_theirs_to_see(case, message) else None


async def last_of_customer(tx: Tx, case: Case) -> int:
    """The number of their newest message."""
    theirs = select(func.max(CaseMessage.n)).where(CaseMessage.case_id == case.id, CaseMessage.state == "in")
    return await tx.scalar(theirs) or 0


@dataclass(frozen=True, slots=True)
class Inside:
    """What is shown of one case, to its customer or to the team."""

    case: Case
    side: CaseSide | None
    rating: CaseRating | None
    last: int  # number of the customer's newest message

    @property
    def way(self) -> str:
        return way_of(self.case.status)

    @property
    def may_rate(self) -> bool:
        return may_rate(self.case)

    @property
    def is_seen_by_team(self) -> bool:
        return bool(self.last and self.side and self.side.team_n >= self.last)


@once
async def inside(tx: Tx, case: Case, side: CaseSide | None) -> Inside:
    return Inside(case, side, await tx.get(CaseRating, case.id), await last_of_customer(tx, case))


async def standing_links(tx: Tx, case: Case) -> int:
    held = select(func.count()).where(
        Pass.workspace_id == case.workspace_id, Pass.subject == case.ref, Pass.revoked_at.is_(None)
    )
    return await tx.scalar(held.where(Pass.expires_at > now())) or 0


@dataclass(frozen=True, slots=True)
class Found:
    """How many cases of a channel came by one way."""

    source: str
    medium: str
    campaign: str
    referrer: str
    cases: int


async def count_origins(tx: Tx, channel: Channel) -> list[Found]:
    """The ways by which customers came to a form or a chat, the most used first."""
    ways = CaseSide.source, CaseSide.medium, CaseSide.campaign, CaseSide.referrer
    counted = func.count()
    rows = select(*ways, counted).join(Case, Case.id == CaseSide.case_id).where(Case.channel_id == channel.id)
    rows = rows.group_by(*ways).order_by(counted.desc(), *ways).limit(WAYS_SHOWN)
    return [Found(*row) for row in await tx.execute(rows)]


async def house_name(tx: Tx, workspace_id: int) -> str:
    """The name that customers know us by."""
    return (await tx.get_one(Workspace, workspace_id)).name
