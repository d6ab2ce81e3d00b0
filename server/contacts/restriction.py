"""Who may see a record: everybody, or chosen people and teams alone."""

from collections.abc import Sequence

from sqlalchemy import delete, insert

from server.contacts import events as facts
from server.contacts.models import Contact
from server.identity.queries import known_names
from server.kit.access import Principal, Restriction, restricted_to
from server.kit.db import Tx
from server.kit.errors import Invalid
from server.kit.events import emit
from server.kit.text import _


async def restrict_contact(tx: Tx, who: Principal, contact: Contact, names: Sequence[str]) -> None:
    """For these people and teams alone ("user:5", "team:2"); none opens it to everybody. Whoever closes a record
    stays on its list."""
    wanted = sorted(await known_names(tx, who.workspace_id, set(names)))
    if len(wanted) != len(set(names)):
        raise Invalid(who=_("Not in this workspace"))
    if wanted and not set(wanted) & set(who.names) and who.kind != "system":
        wanted = sorted({*wanted, who.key})
    old = await restricted_to(tx, contact.about)
    if old == wanted:
        return
    await tx.execute(delete(Restriction).where(Restriction.about == contact.about))
    if wanted:
        rows = [
            {"about": contact.about, "who": name, "workspace_id": who.workspace_id, "record_id": contact.id}
            for name in wanted
        ]
        await tx.execute(insert(Restriction), rows)
    contact.version += 1
    emit(tx, who, facts.ContactRestricted(subject=contact.about, about=contact.about, old=old, new=wanted))
