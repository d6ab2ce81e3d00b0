"""The only door to promises: everybody may know them, admins change them."""

from sqlalchemy import Select, select
from sqlalchemy.orm import joinedload

from server.kit.access import Principal
from server.kit.db import Tx
from server.kit.errors import Forbidden, NotFound
from server.kit.text import _
from server.sla.models import SlaCalendar, SlaPolicy


def must_be_admin(who: Principal) -> None:
    if not who.is_at_least("admin"):
        raise Forbidden(_("Only admins change what is promised"))


def visible_policies(who: Principal) -> Select[SlaPolicy]:
    own = select(SlaPolicy).where(SlaPolicy.workspace_id == who.workspace_id)
    return own.options(joinedload(SlaPolicy.team), joinedload(SlaPolicy.escalate_team))


def visible_calendars(who: Principal) -> Select[SlaCalendar]:
    return select(SlaCalendar).where(SlaCalendar.workspace_id == who.workspace_id)


async def get_policy(tx: Tx, who: Principal, policy_id: int) -> SlaPolicy:
    must_be_admin(who)
    policy = await tx.scalar(visible_policies(who).where(SlaPolicy.id == policy_id))
    if policy is None:
        raise NotFound(_("No such promise"))
    return policy


async def get_calendar(tx: Tx, who: Principal, calendar_id: int) -> SlaCalendar:
    must_be_admin(who)
    calendar = await tx.scalar(visible_calendars(who).where(SlaCalendar.id == calendar_id))
    if calendar is None:
        raise NotFound(_("No such hours"))
    return calendar
