"""What other screens see when a record changes: the field on its page, the row in lists."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import joinedload, undefer

from server.contacts.access import OPEN_COMPANY, open_names, visible_contacts, visible_fields, whole
from server.contacts.cells import cell_of, row_of
from server.contacts.fields import company_ref, field_views
from server.contacts.models import Contact, CustomField
from server.kit.about import subject_id
from server.kit.access import Principal, audiences, system
from server.kit.db import Tx
from server.kit.events import EventRow
from server.kit.live import Change, Patch, Recheck, Refresh, fragment, lines, shows, silent
from server.kit.pages import dom_id

silent("contact.erased", "the record is gone from every screen when it is trashed")


CELLS = {"emails": "points", "phones": "points"}  # fields that share a cell of the list
BESIDE = {"name", "company", "emails"}  # fields whose words stand in the narrow list
WAYS = {"emails", "phones"}  # fields that a record's buttons write and call to; which ones depends on who reads
LISTS = ["contact-list", "record-zone"]
PEOPLE = 200  # of one company, whose rows change with its name or its rights


def _list(row: EventRow) -> str:
    return f"contacts:{row.workspace_id}"


async def _contact(tx: Tx, row: EventRow) -> Contact | None:
    visible = visible_contacts(system(row.workspace_id)).where(Contact.id == subject_id(row.subject))
    return await tx.scalar(visible.options(*whole(system(row.workspace_id))))


@shows("contact.changed")
async def show_change(tx: Tx, row: EventRow) -> list[Change]:
    contact = await _contact(tx, row)
    if contact is None:
        return []
    who = system(row.workspace_id)
    custom: list[CustomField] = list(await tx.scalars(visible_fields(who)))
    record, lists = await audiences(tx, row.about, _list(row))
    head = fragment("contacts/_identity.html", contact=contact)
    changes: list[Change] = [Patch(t, dom_id("contact", contact.id, "identity"), "replace", head) for t in record]
    for view in field_views(contact, custom):
        if view.name == row.data["field"] == "company" and contact.company_id and not contact.open_company:
            changes += [Refresh(t, ["facts"]) for t in record]  # its name is not for all who hear this
        elif view.name == row.data["field"]:
            shown = fragment("contacts/_fact.html", contact=contact, fact=view, by=row.actor_id)
            changes += [
                Patch(t, dom_id("contact", contact.id, f"fact-{_css(view.name)}"), "replace", shown) for t in record
            ]
    if row.data["field"] in WAYS:
        changes += [Refresh(t, ["record-acts"]) for t in record]
    name = CELLS.get(row.data["field"], row.data["field"])
    cell = fragment("contacts/_cell.html", row=row_of(contact), cell=cell_of(name))
    changes += [Patch(t, dom_id("contact", contact.id, f"cell-{_css(name)}"), "replace", cell) for t in lists]
    changes += [_beside(contact, t) for t in lists if row.data["field"] in BESIDE]
    firms = {row.data["old"], row.data["new"]} if row.data["field"] == "company" else {company_ref(contact.company_id)}
    named = lists and row.data["field"] in ("name", "title", *BESIDE)
    return changes + [Refresh(firm, ["facts"]) for firm in sorted(firms) if firm and named]


def _beside(contact: Contact, topic: str) -> Patch:
    """Its words in the narrow list beside other records."""
    words = fragment("contacts/_beside.html", other=contact)
    return Patch(topic, dom_id("contact", contact.id, "beside"), "replace", words)


@shows("company.relabelled")
async def show_people(tx: Tx, row: EventRow) -> list[Change]:
    """What a company's people show of it, in their rows and on their pages. Beyond the first few hundred, whoever
    looks at a list or a record is told once to fetch it again."""
    shown = (OPEN_COMPANY.undefer(Contact.is_restricted), joinedload(Contact.owner), undefer(Contact.is_restricted))
    found = visible_contacts(system(row.workspace_id)).where(Contact.company_id == subject_id(row.subject))
    found = found.order_by(Contact.active_at.desc(), Contact.id).limit(PEOPLE + 1)
    people = list(await tx.scalars(found.options(*shown)))
    changes: list[Change] = []
    if len(people) > PEOPLE:
        on_records = ["facts", "record-who", "timeline"]
        changes = [Refresh(_list(row), LISTS), Refresh(f"workspace:{row.workspace_id}", on_records)]
    for contact in people[:PEOPLE]:
        head = fragment("contacts/_identity.html", contact=contact)
        changes.append(Patch(contact.about, dom_id("contact", contact.id, "identity"), "replace", head))
        changes.append(Refresh(contact.about, ["facts", "timeline"]))
        for cell in () if contact.is_restricted else ("name", "company"):
            place = dom_id("contact", contact.id, f"cell-{cell}")
            shown_cell = fragment("contacts/_cell.html", row=row_of(contact), cell=cell_of(cell))
            changes.append(Patch(_list(row), place, "replace", shown_cell))
        changes += [] if contact.is_restricted else [_beside(contact, _list(row))]
    return changes


def _css(name: str) -> str:
    return name.replace(".", "-")


@shows("contact.created", "contact.restored", "contact.trashed", "contact.restricted")
async def show_among_people(tx: Tx, row: EventRow) -> list[Change]:
    """On its company's page. What happens to a closed record is nobody else's to hear, only that it was closed."""
    _record, lists = await audiences(tx, row.about, _list(row))
    company = await tx.scalar(select(Contact.company_id).where(Contact.id == subject_id(row.subject)))
    return [Refresh(company_ref(company), ["facts"])] if company and (lists or row.name == "contact.restricted") else []


@shows("contact.created", "contact.restored")
async def show_new(tx: Tx, row: EventRow) -> Sequence[Change]:
    record, lists = await audiences(tx, row.about, _list(row))
    return [Refresh(t, LISTS) for t in lists] + [Refresh(t, ["facts"]) for t in record]


@shows("contact.trashed")
async def show_trash(tx: Tx, row: EventRow) -> list[Change]:
    """The record is nobody's to hear any more; its row goes from lists."""
    target = dom_id("contact", subject_id(row.subject), "row")
    gone = Patch(_list(row), target, "remove")
    return [Recheck(row.subject), gone, Refresh(_list(row), LISTS)]


@shows("contact.restricted")
async def show_restriction(tx: Tx, row: EventRow) -> list[Change]:
    """Lists are fetched again with each reader's own rights; the row is taken off them at once."""
    gone: list[Change] = (
        [Patch(_list(row), dom_id("contact", subject_id(row.subject), "row"), "remove")] if row.data["new"] else []
    )
    asked: list[Change] = [Recheck(row.subject), Refresh(row.subject, ["facts"]), *gone]
    if (contact := await _contact(tx, row)) is not None:
        head = fragment("contacts/_identity.html", contact=contact)
        asked.append(Patch(row.subject, dom_id("contact", contact.id, "identity"), "replace", head))
    return [*asked, Refresh(_list(row), LISTS)]


@shows("contacts.imported")
async def show_list(tx: Tx, row: EventRow) -> list[Change]:
    return [Refresh(_list(row), LISTS)]


@shows("view.saved", "view.changed", "view.removed")
async def show_views(tx: Tx, row: EventRow) -> list[Change]:
    """The names above the list, on every screen that has this view."""
    user, place = row.data.get("user"), row.data.get("place", "contacts")
    return [Refresh(f"user:{user}" if user else f"{place}:{row.workspace_id}", [f"{place.removesuffix('s')}-views"])]


@shows("field.defined", "field.changed", "field.removed")
async def show_fields(tx: Tx, row: EventRow) -> list[Change]:
    return [Refresh(_list(row), ["contact-list"]), Refresh(f"workspace:{row.workspace_id}", ["fields", "facts"])]


@lines(
    "contact.created",
    "contact.changed",
    "contact.trashed",
    "contact.restored",
    "contact.restricted",
    template="contacts/lines.html",
)
async def load_lines(tx: Tx, who: Principal, rows: list[EventRow]) -> dict[int, dict[str, object]]:
    """The fact itself says everything but the names of companies: lines are the same for all who read them, so a
    closed company's name is in none."""
    linked = [row for row in rows if row.data.get("field") == "company"]
    refs = {row.data[part] for row in linked for part in ("old", "new") if row.data[part]}
    names = await open_names(tx, [subject_id(ref) for ref in refs])
    companies = {f"company:{id}": name for id, name in names.items()}
    return {row.id: {"companies": companies} for row in rows}
