"""By which ways a customer writes, and what they are called there."""

from sqlalchemy import func, select

from server.cases.access import visible_cases
from server.cases.models import Case, CaseMessage
from server.channels.models import Channel, KnownHandle
from server.kit.about import subject_id
from server.kit.access import Principal
from server.kit.db import Tx
from server.kit.once import once

MOST = 50


async def preferred_channel(tx: Tx, who: Principal, about: str) -> tuple[str, int, int] | None:
    """How this customer mostly writes: the way, how often, and how often in all. None before they wrote."""
    ways = await _ways_of(tx, who, about)
    if not ways:
        return None
    via, most = max(ways.items(), key=lambda way: (way[1], way[0]))
    return via, most, sum(ways.values())


@once
async def _ways_of(tx: Tx, who: Principal, about: str) -> dict[str, int]:
    theirs = visible_cases(who).where(Case.about == about).with_only_columns(Case.id)
    counted = select(CaseMessage.via, func.count()).where(CaseMessage.case_id.in_(theirs), CaseMessage.state == "in")
    return dict((await tx.execute(counted.group_by(CaseMessage.via))).all())


@once
async def handles_of(tx: Tx, who: Principal, about: str) -> list[tuple[str, str]]:
    """Who this customer is at other messengers: what they are called there, and where. Who never wrote by one is asked
    nothing."""
    if "webhook" not in await _ways_of(tx, who, about):
        return []
    rows = select(KnownHandle.shown, Channel.name).join(Channel, Channel.id == KnownHandle.channel_id)
    theirs = rows.where(KnownHandle.contact_id == subject_id(about)).order_by(Channel.name, KnownHandle.handle)
    return [(row.shown, row.name) for row in await tx.execute(theirs.limit(MOST))]
