"""What one does with many records at once, and views of the list that are kept."""

from collections.abc import Sequence
from urllib.parse import parse_qsl

from server.contacts import events as facts
from server.contacts.access import may, visible_contacts, whole
from server.contacts.actions import change_fields
from server.contacts.forms import parse_list
from server.contacts.models import Contact, SavedView
from server.contacts.queries import list_fields
from server.contacts.trash import trash_contact
from server.kit.access import Principal
from server.kit.db import Tx
from server.kit.errors import Forbidden, Invalid
from server.kit.events import emit
from server.kit.text import _, clean

MOST = 500


async def change_many(tx: Tx, who: Principal, ids: Sequence[int], what: str, value: str) -> tuple[int, int]:
    """`what`: owner | tag | trash. How many changed, and how many were left because they may not be."""
    if len(ids) > MOST:
        raise Invalid(ids=_("At most %(n)s at once") % {"n": MOST})
    if what not in ("owner", "tag", "trash"):
        raise Invalid(what=_("No such act"))
    found = visible_contacts(who).where(Contact.id.in_(ids)).options(*whole(who)).order_by(Contact.id)
    contacts = list(await tx.scalars(found.with_for_update(of=Contact)))
    allowed = [one for one in contacts if may(who, "delete" if what == "trash" else "edit", one)]
    for contact in allowed:
        if what == "trash":
            await trash_contact(tx, who, contact)
        elif what == "owner":
            await change_fields(tx, who, contact, {"owner": value})
        else:
            await change_fields(tx, who, contact, {"tags": [*contact.tags, value]})
    return len(allowed), len(ids) - len(allowed)


async def save_view(tx: Tx, who: Principal, name: str, query: str, shared: bool) -> SavedView:
    """Only what the list's address can say is kept. Sharing is for managers."""
    if not (name := " ".join(clean(name, 80).split())):
        raise Invalid(name=_("A name is needed"))
    if shared and not who.is_at_least("manager"):
        raise Forbidden(_("Managers share views"))
    parsed = parse_list(dict(parse_qsl(query)), await list_fields(tx, who))
    view = SavedView(
        workspace_id=who.workspace_id,
        user_id=None if shared else who.user_id,
        name=name,
        query=parsed.url().partition("?")[2],
    )
    tx.add(view)
    await tx.flush()
    emit(tx, who, facts.ViewSaved(subject=f"view:{view.id}", name=name))
    return view
