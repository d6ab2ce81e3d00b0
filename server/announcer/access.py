"""The only door to the line: everybody in the workspace may read how it is set up, admins change it."""

from sqlalchemy import Select, select
from sqlalchemy.orm import selectinload

from server.announcer.models import Line, LineCall, LineMenu, LineOption
from server.calls.access import visible_calls
from server.calls.models import Call
from server.kit.access import Principal
from server.kit.db import Tx
from server.kit.errors import Forbidden, NotFound
from server.kit.text import _


def visible_lines(who: Principal) -> Select[Line]:
    return select(Line).where(Line.workspace_id == who.workspace_id)


def must_be_admin(who: Principal) -> None:
    if not who.is_at_least("admin"):
        raise Forbidden(_("Only admins set up the announcer"))


async def get_line(tx: Tx, who: Principal, *, to_edit: bool = False) -> Line | None:
    """With its menus and their options; None before it was ever set up."""
    if to_edit:
        must_be_admin(who)
    whole = selectinload(Line.menus).selectinload(LineMenu.options)
    found = visible_lines(who).options(whole).execution_options(populate_existing=True)
    return await tx.scalar(found)


async def get_menu(tx: Tx, who: Principal, menu_id: int) -> LineMenu:
    must_be_admin(who)
    mine = visible_lines(who).with_only_columns(Line.id)
    found = select(LineMenu).where(LineMenu.id == menu_id, LineMenu.line_id.in_(mine))
    menu = await tx.scalar(found.options(selectinload(LineMenu.options)))
    if menu is None:
        raise NotFound(_("No such menu"))
    return menu


async def get_option(tx: Tx, who: Principal, menu: LineMenu, option_id: int) -> LineOption:
    must_be_admin(who)
    option = await tx.scalar(select(LineOption).where(LineOption.id == option_id, LineOption.menu_id == menu.id))
    if option is None:
        raise NotFound(_("No such choice"))
    return option


async def line_of_key(tx: Tx, key: str) -> Line:
    """The public line of this key. Unknown and switched off are answered alike."""
    line = await tx.scalar(select(Line).where(Line.key == key, Line.is_on))
    if line is None:
        raise NotFound(_("Nobody can be called here"))
    return line


async def line_call_of(tx: Tx, who: Principal, call_id: int) -> LineCall | None:
    """What is known of a call that came by the line, for those who may see the call."""
    seen = visible_calls(who).with_only_columns(Call.id)
    return await tx.scalar(select(LineCall).where(LineCall.call_id == call_id, LineCall.call_id.in_(seen)))
