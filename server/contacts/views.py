"""Views of a list that are kept under a name, by one person for themselves or by a manager for everybody."""

from urllib.parse import parse_qsl

from sqlalchemy import func

from server.contacts import events as facts
from server.contacts.access import visible_views
from server.contacts.forms import parse_list
from server.contacts.models import SavedView
from server.contacts.queries import list_fields
from server.kit.access import Principal
from server.kit.db import Tx
from server.kit.errors import Forbidden, Invalid
from server.kit.events import emit
from server.kit.text import _, one_line

MOST = {"contacts": 60, "cases": 12}  # in one person's sight; each of cases is counted


async def save_view(tx: Tx, who: Principal, name: str, query: str, shared: bool) -> SavedView:
    """Only what the list's address can say is kept."""
    parsed = parse_list(dict(parse_qsl(query)), await list_fields(tx, who))
    return await keep_view(tx, who, name, parsed.url().partition("?")[2], shared)


async def keep_view(tx: Tx, who: Principal, name: str, query: str, shared: bool, place: str = "contacts") -> SavedView:
    """`query` as the list itself writes it. Sharing is for managers."""
    name = _parse_name(name)
    _check_sharing(who, shared)
    known = visible_views(who, place).with_only_columns(func.count()).order_by(None)
    if (await tx.scalar(known) or 0) >= MOST[place]:
        raise Invalid(name=_("At most %(n)s views. Delete one first") % {"n": MOST[place]})
    owner = None if shared else who.user_id
    view = SavedView(workspace_id=who.workspace_id, user_id=owner, place=place, name=name, query=query)
    tx.add(view)
    await tx.flush()
    emit(tx, who, facts.ViewSaved(subject=f"view:{view.id}", name=name, user=view.user_id, place=place))
    return view


async def change_view(tx: Tx, who: Principal, view: SavedView, name: str, shared: bool) -> SavedView:
    """Another name, or for everybody from now on, or for oneself alone."""
    name, before = _parse_name(name), view.user_id
    owner = None if shared else (before or who.user_id)
    if owner != before:
        _check_sharing(who, True)
    if (name, owner) == (view.name, before):
        return view
    view.name, view.user_id = name, owner
    both = owner if owner == before else None  # one of the two sights is everybody's
    emit(tx, who, facts.ViewChanged(subject=f"view:{view.id}", name=name, user=both, place=view.place))
    return view


async def remove_view(tx: Tx, who: Principal, view: SavedView) -> None:
    await tx.delete(view)
    fact = facts.ViewRemoved(subject=f"view:{view.id}", name=view.name, user=view.user_id, place=view.place)
    emit(tx, who, fact)


def _parse_name(raw: str) -> str:
    if not (name := one_line(raw, 80)):
        raise Invalid(name=_("A name is needed"))
    return name


def _check_sharing(who: Principal, shared: bool) -> None:
    if shared and not who.is_at_least("manager"):
        raise Forbidden(_("Managers share views"))
