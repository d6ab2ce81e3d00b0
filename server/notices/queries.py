"""The list under the bell."""

from sqlalchemy.orm import joinedload

from server.contacts.models import Contact
from server.contacts.queries import names_of
from server.kit.access import Principal
from server.kit.db import Tx
from server.notices.access import visible_notices
from server.notices.models import Notice

SHOWN = 100


async def list_notices(tx: Tx, who: Principal, unread: bool = False) -> list[Notice]:
    """The newest first."""
    notices = visible_notices(who).options(joinedload(Notice.actor)).order_by(Notice.id.desc()).limit(SHOWN)
    return list(await tx.scalars(notices.where(Notice.read_at.is_(None)) if unread else notices))


async def records_of(tx: Tx, who: Principal, notices: list[Notice]) -> dict[str, Contact]:
    return await names_of(tx, who, {notice.about for notice in notices})
