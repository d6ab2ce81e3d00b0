"""The verbs on a workspace's own fields; admins make them, and imports of admins."""

from collections.abc import Collection, Sequence

from sqlalchemy import select

from server.contacts import events as facts
from server.contacts.access import visible_contacts
from server.contacts.actions import custom_fields
from server.contacts.models import Contact, CustomField
from server.kit.access import Principal
from server.kit.db import Tx
from server.kit.errors import Forbidden, Invalid
from server.kit.events import EventRow, emit
from server.kit.text import _, fold, one_line


async def define_field(
    tx: Tx, who: Principal, label: str, kind: str, choices: Sequence[str] = (), key: str = ""
) -> CustomField:
    """A new custom field; admins only. `key` is made from the label when not given."""
    if not who.is_at_least("admin"):
        raise Forbidden(_("Only admins change fields"))
    label = one_line(label, 80)
    if not label:
        raise Invalid(label=_("A name is needed"))
    if kind not in ("text", "number", "date", "choice", "yes_no"):
        raise Invalid(kind=_("No such kind of field"))
    options = _choices(choices)
    if kind == "choice" and not options:
        raise Invalid(choices=_("Name at least one choice"))
    known = await custom_fields(tx, who)
    made = CustomField(
        workspace_id=who.workspace_id,
        key=_free_key(key or label, {*known, *await _keys_of_other_kinds(tx, who, kind)}),
        label=label,
        kind=kind,
        choices=options,
        order=len(known),
    )
    tx.add(made)
    await tx.flush()
    known[made.key] = made
    emit(tx, who, facts.FieldDefined(subject=f"field:{made.id}", key=made.key, label=label, kind=kind))
    return made


def _choices(typed: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(filter(None, (one_line(choice, 200) for choice in typed))))[:200]


async def _keys_of_other_kinds(tx: Tx, who: Principal, kind: str) -> set[str]:
    """Keys of fields that are gone: records may hold values under them, and text is no number."""
    facts = select(EventRow.data).where(EventRow.workspace_id == who.workspace_id, EventRow.name == "field.defined")
    return {data["key"] for data in await tx.scalars(facts) if data["kind"] != kind}


def _free_key(label: str, taken: set[str]) -> str:
    plain = "".join(c if c.isascii() and c.isalnum() else "_" for c in fold(label)).strip("_")[:40] or "field"
    key, n = plain, 2
    while key in taken:
        key, n = f"{plain}_{n}", n + 1
    return key


async def change_field(tx: Tx, who: Principal, custom: CustomField, label: str, choices: Sequence[str]) -> CustomField:
    """Its name and its choices; the kind stays, so that stored values keep their meaning."""
    custom.label = one_line(label, 80) or custom.label
    if custom.kind == "choice":
        options = _choices(choices)
        custom.choices = options or custom.choices
    emit(tx, who, facts.FieldChanged(subject=f"field:{custom.id}", key=custom.key, label=custom.label))
    return custom


async def remove_field(tx: Tx, who: Principal, custom: CustomField) -> None:
    """The field goes from every page; stored values stay in the rows until they are changed."""
    emit(tx, who, facts.FieldRemoved(subject=f"field:{custom.id}", key=custom.key))
    (await custom_fields(tx, who)).pop(custom.key, None)
    await tx.delete(custom)


async def remove_unused(tx: Tx, who: Principal, keys: Collection[str]) -> None:
    """Those of these fields that no record outside the trash has a value in."""
    known = await custom_fields(tx, who)
    for key in keys:
        used = visible_contacts(who).where(Contact.custom[key].as_string().is_not(None)).with_only_columns(Contact.id)
        if key in known and await tx.scalar(used.limit(1)) is None:
            await remove_field(tx, who, known[key])
