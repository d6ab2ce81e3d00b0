"""What screens see of people: rights that changed are asked again, lists of people fetch themselves."""

from server.kit.db import Tx
from server.kit.events import EventRow
from server.kit.live import Change, Recheck, Refresh, shows, silent

silent("workspace.created", "nobody is there yet")
silent("user.password_changed", "the sign-outs that go with it are shown")


@shows("user.signed_out")
async def show_sign_out(tx: Tx, row: EventRow) -> list[Change]:
    return [Recheck(row.subject), Refresh(row.subject, ["devices"])]


@shows("user.role_changed", "user.deactivated", "user.reactivated")
async def show_rights(tx: Tx, row: EventRow) -> list[Change]:
    return [Recheck(row.subject), Refresh(f"workspace:{row.workspace_id}", ["people"])]


@shows("team.joined", "team.left")
async def show_membership(tx: Tx, row: EventRow) -> list[Change]:
    return [Recheck(f"user:{row.data['user']}"), Refresh(f"workspace:{row.workspace_id}", ["people", "teams"])]


@shows("user.joined", "user.invited", "team.created", "team.removed")
async def show_people(tx: Tx, row: EventRow) -> list[Change]:
    return [Refresh(f"workspace:{row.workspace_id}", ["people", "teams"])]


@shows("user.changed", "workspace.changed")
async def show_profile(tx: Tx, row: EventRow) -> list[Change]:
    if row.name == "user.changed" and row.data["field"] == "language":
        return [Recheck(row.subject), Refresh(row.subject, ["nav", "tabbar", "main"])]  # their other windows
    if row.name == "user.changed" and row.data["field"] not in ("name", "picture"):
        return []
    own = [Refresh(row.subject, ["nav"])] if row.name == "user.changed" else []
    return [Refresh(f"workspace:{row.workspace_id}", ["people", "workspace-form"]), *own]
