"""Notices are personal: each screen of their reader fetches the bell and the list again, and says what came."""

from datetime import timedelta

from sqlalchemy.orm import joinedload

from server.identity.access import by_user_id
from server.kit.about import subject_id
from server.kit.clock import now
from server.kit.db import Tx
from server.kit.events import EventRow
from server.kit.live import Change, Patch, Refresh, fragment, shows
from server.kit.pages import dom_id
from server.notices.access import visible_notices
from server.notices.models import Notice

NEWS = timedelta(minutes=2)  # a screen that comes back later finds it under the bell


@shows("notice.created")
async def show_notice(tx: Tx, row: EventRow) -> list[Change]:
    changes: list[Change] = [Refresh(row.subject, ["nav", "notices", "tabbar"])]
    who = await by_user_id(tx, subject_id(row.subject), via="page")
    if who is None or row.at < now() - NEWS:
        return changes
    found = visible_notices(who).where(Notice.id == row.data["notice"], Notice.read_at.is_(None))
    notice = await tx.scalar(found.options(joinedload(Notice.actor)))
    if notice is not None:
        changes.append(Patch(row.subject, "toasts", "append", fragment("notices/_toast.html", notice=notice)))
    return changes


@shows("notice.read")
async def show_read(tx: Tx, row: EventRow) -> list[Change]:
    changes: list[Change] = [Refresh(row.subject, ["nav", "notices", "tabbar"])]
    if row.data["notice"] is not None:
        changes.append(Patch(row.subject, dom_id("notice", row.data["notice"], "toast"), "remove"))
    return changes
