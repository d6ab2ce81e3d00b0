"""The only door to rules: admins read and change them."""

from sqlalchemy import Select, select

from server.automation.models import Rule
from server.kit.access import Principal
from server.kit.db import Tx
from server.kit.errors import Forbidden, NotFound
from server.kit.text import _


def must_be_admin(who: Principal) -> None:
    if not who.is_at_least("admin"):
        raise Forbidden(_("Only admins change what happens by itself"))


def visible_rules(who: Principal) -> Select[Rule]:
    return select(Rule).where(Rule.workspace_id == who.workspace_id)


async def get_rule(tx: Tx, who: Principal, rule_id: int) -> Rule:
    must_be_admin(who)
    rule = await tx.scalar(visible_rules(who).where(Rule.id == rule_id))
    if rule is None:
        raise NotFound(_("No such rule"))
    return rule
