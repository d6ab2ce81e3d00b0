"""What one does with many records at once."""

from collections.abc import Sequence

from server.contacts.access import may, visible_contacts, whole
from server.contacts.actions import change_fields
from server.contacts.models import Contact
from server.contacts.trash import restore_contact, trash_contact
from server.kit.access import Principal
from server.kit.db import Tx
from server.kit.errors import Invalid
from server.kit.text import _

MOST = 500


async def change_many(tx: Tx, who: Principal, ids: Sequence[int], what: str, value: str) -> tuple[int, int]:
    """`what`: owner | tag | trash | restore. How many changed, and how many were left because they may not be."""
    if len(ids) > MOST:
        raise Invalid(ids=_("At most %(n)s at once") % {"n": MOST})
    if what not in ("owner", "tag", "trash", "restore"):
        raise Invalid(what=_("No such act"))
    found = (
        visible_contacts(who, trashed=what == "restore")
        .where(Contact.id.in_(ids))
        .options(*whole(who))
        .order_by(Contact.id)
    )
    contacts = list(await tx.scalars(found.with_for_update(of=Contact)))
    allowed = [one for one in contacts if may(who, "delete" if what in ("trash", "restore") else "edit", one)]
    for contact in allowed:
        if what == "trash":
            await trash_contact(tx, who, contact)
        elif what == "restore":
            await restore_contact(tx, who, contact)
        elif what == "owner":
            await change_fields(tx, who, contact, {"owner": value})
        else:
            await change_fields(tx, who, contact, {"tags": [*contact.tags, value]})
    return len(allowed), len(ids) - len(allowed)
