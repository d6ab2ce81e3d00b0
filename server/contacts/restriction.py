"""Who may see a record: everybody, or chosen people and teams alone."""

from collections.abc import Sequence

from sqlalchemy import delete, insert, select

from server.contacts import events as facts
from server.contacts.models import Contact
from server.identity.models import TeamMember
from server.identity.queries import known_names, resolve
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
    await _put(tx, who, contact, wanted)


async def _put(tx: Tx, who: Principal, contact: Contact, wanted: list[str]) -> None:
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


async def put_members_in(tx: Tx, who: Principal, team: str, members: Sequence[int]) -> None:
    """A team is gone: its people stand on the lists of records in its place."""
    for contact, names in await _lists_with(tx, who, [team]):
        kept = {*names, *(f"user:{id}" for id in members)} - {team}
        await _put(tx, who, contact, await _with_a_reader(tx, who, kept))


async def keep_a_reader(tx: Tx, who: Principal, user_id: int) -> None:
    """Somebody is gone: what nobody could open any more is from now on for whoever let them go, and says so."""
    teams = await tx.scalars(select(TeamMember.team_id).where(TeamMember.user_id == user_id))
    for contact, names in await _lists_with(tx, who, [f"user:{user_id}", *(f"team:{id}" for id in teams)]):
        await _put(tx, who, contact, await _with_a_reader(tx, who, set(names)))


async def _lists_with(tx: Tx, who: Principal, names: Sequence[str]) -> list[tuple[Contact, list[str]]]:
    """Closed records that name one of these, in the trash too, and whom they name."""
    ids = select(Restriction.record_id).where(
        Restriction.workspace_id == who.workspace_id, Restriction.who.in_(names), Restriction.record_id > 0
    )
    records = await tx.scalars(select(Contact).where(Contact.id.in_(ids)).order_by(Contact.id).with_for_update())
    return [(one, await restricted_to(tx, one.about)) for one in records]


async def _with_a_reader(tx: Tx, who: Principal, names: set[str]) -> list[str]:
    is_lost = who.user_id is not None and not await resolve(tx, who.workspace_id, names)
    return sorted({*names, who.key} if is_lost else names)
