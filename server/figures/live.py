"""Figures that somebody looks at say that there are newer ones; they are counted again when their reader asks."""

from server.kit.access import audiences
from server.kit.db import Tx
from server.kit.events import EventRow
from server.kit.live import Change, Refresh, shows


@shows("case.opened", "case.changed", "case.answered")
async def offer_newer(tx: Tx, row: EventRow) -> list[Change]:
    _record, lists = await audiences(tx, row.about, f"cases:{row.workspace_id}")
    return [Refresh(topic, ["figures"]) for topic in lists]
