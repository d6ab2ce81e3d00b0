"""One's own notices, as long as one may still see what they are about."""

from typing import Any

from sqlalchemy import ScalarSelect, Select, func, or_, select

from server.contacts.access import trashed_abouts
from server.kit.access import Principal, allowed, prepared
from server.kit.db import Tx
from server.kit.errors import NotFound
from server.kit.text import _
from server.notices.models import Notice


def visible_notices(who: Principal) -> Select[Notice]:
    still_there = or_(Notice.about.is_(None), Notice.about.not_in(trashed_abouts(who)))
    return select(Notice).where(Notice.user_id == who.user_id, allowed(who, Notice.about), still_there)


async def get_notice(tx: Tx, who: Principal, notice_id: int) -> Notice:
    notice = await tx.scalar(visible_notices(who).where(Notice.id == notice_id))
    if notice is None:
        raise NotFound(_("No such notice"))
    return notice


@prepared
def unread_notices(who: Principal) -> ScalarSelect[Any]:
    """The number on the bell."""
    mine = visible_notices(who).where(Notice.read_at.is_(None)).with_only_columns(func.count())
    return mine.order_by(None).scalar_subquery()
