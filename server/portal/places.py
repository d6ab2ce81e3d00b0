"""Where the customers' side stands: on their page, and beside the thread on the team's."""

from typing import Any

from server.cases.models import Case, CaseMessage
from server.kit.db import Tx
from server.kit.live import Change, Patch, fragment
from server.kit.once import once
from server.kit.pages import dom_id
from server.portal.models import CaseSide
from server.portal.queries import inside, standing_links


def said_patch(topic: str, message: CaseMessage, part: bool = False) -> Patch:
    """`part`: it is of a case that is shown in the one of this topic."""
    return Patch(topic, "said", "append", fragment("portal/_message.html", message=message, part=part))


def parted_patch(topic: str, message: CaseMessage) -> Patch:
    """It is there, and of another part now."""
    shown = fragment("portal/_message.html", message=message, part=True)
    return Patch(topic, f"said-{message.id}", "replace", shown)


async def state_patches(tx: Tx, case: Case) -> list[Change]:
    """Whose turn it is, and how it was. For the customer."""
    shown = await inside(tx, case, await tx.get(CaseSide, case.id))
    return [Patch(case.customer_topic, "state", "replace", fragment("portal/_state.html", shown=shown))]


async def seen_patch(tx: Tx, case: Case) -> Patch:
    shown = await inside(tx, case, await tx.get(CaseSide, case.id))
    return Patch(case.customer_topic, "seen", "replace", fragment("portal/_seen.html", shown=shown))


@once
async def beside(tx: Tx, case: Case) -> dict[str, Any]:
    """For the team: links, reading, page, source, rating."""
    side = await tx.get(CaseSide, case.id, populate_existing=not tx.info.get("read"))
    return {"shown": await inside(tx, case, side), "links": await standing_links(tx, case)}


async def beside_patch(tx: Tx, case: Case) -> Patch:
    """On the team's own page."""
    shown = fragment("portal/_beside.html", **await beside(tx, case))
    return Patch(case.topic, dom_id("case", case.id, "customer"), "replace", shown)
