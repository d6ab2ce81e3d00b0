"""Notices are personal: each screen of their reader fetches the bell and the list again."""

from server.kit.db import Tx
from server.kit.events import EventRow
from server.kit.live import Change, Refresh, shows


@shows("notice.created", "notice.read")
async def show_notice(tx: Tx, row: EventRow) -> list[Change]:
    return [Refresh(row.subject, ["nav", "notices", "tabbar"])]
