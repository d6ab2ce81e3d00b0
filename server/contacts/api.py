"""The API of records and of the workspace's own fields."""

from collections.abc import Collection
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field
from starlette.requests import Request

from server.contacts import actions
from server.contacts.access import Verb, get_contact, get_record
from server.contacts.actions import ContactDraft
from server.contacts.custom import define_field
from server.contacts.fields import CUSTOM, POINTS, TAGS, own_values
from server.contacts.filters import check_filters
from server.contacts.forms import FILTERS, OPERATORS, CustomFilter, ListQuery, own_filters
from server.contacts.listing import list_after
from server.contacts.models import Contact, CustomField
from server.contacts.queries import list_fields
from server.contacts.trash import restore_contact, trash_contact
from server.kit.access import Principal
from server.kit.api import PREFIX, ApiRoute, Body, Listing, Number, Page, Shape, Whose, api, page_of
from server.kit.db import Tx
from server.kit.errors import Invalid, NotFound
from server.kit.text import _, clean

FieldKind = Literal["text", "number", "date", "choice", "yes_no"]
Custom = dict[Annotated[str, Field(max_length=60)], str | int | float | bool | None]


class Point(Body):
    """A mail, phone or address with its label ("home", "work")."""

    value: str = Field(max_length=500)
    label: str = Field("", max_length=40)


Points = Annotated[list[Annotated[str, Field(max_length=500)] | Point], Field(max_length=POINTS)]
Tags = Annotated[list[Annotated[str, Field(max_length=60)]], Field(max_length=TAGS)]
CompanyName = Annotated[str, Field(max_length=200)]


class ContactFields(Body):
    """What a record may carry beside its name."""

    emails: Points = Field([])
    phones: Points = Field([])
    addresses: Points = Field([])
    title: str = Field("", max_length=200)
    company: Number | CompanyName | None = Field(None, description="Its number, or a name; an unknown name makes it")
    owner: Number | None = None
    team: Number | None = None
    tags: Tags = Field([])
    language: str = Field("", max_length=35)
    custom: Custom = Field({}, description="Own fields by key; null empties one")


class NewContact(ContactFields):
    name: str = Field(min_length=1, max_length=200)


class ContactChanges(ContactFields):
    """Members left out stay as they are. With `version` (or `seen`, field by field) a field that somebody changed
    since then is answered with 409 and both values."""

    name: str = Field("", min_length=1, max_length=200)
    version: int | None = Field(None, ge=0, lt=10**12)
    seen: dict[Annotated[str, Field(max_length=60)], Annotated[int, Field(ge=0, lt=10**12)]] = Field({})


class Ref(Shape):
    id: int
    name: str


class PointShape(Shape):
    value: str
    label: str


class ContactShape(Shape):
    id: int
    about: str
    kind: Literal["contact", "company"]
    name: str
    emails: list[PointShape]
    phones: list[PointShape]
    addresses: list[PointShape]
    title: str
    company: Ref | None
    owner: int | None
    team: int | None
    tags: list[str]
    language: str
    custom: dict[str, str | int | float | bool | None]
    version: int
    field_versions: dict[str, int]
    created_at: datetime
    active_at: datetime
    url: str

    def location(self) -> str:
        return f"{PREFIX}{self.url}"


class ContactListing(Listing):
    """Own fields are asked for as in the list's address: `x.tenure.gt=12`."""

    model_config = ConfigDict(extra="allow")

    q: str = Field("", max_length=100, description="Parts of words in any order")
    tag: str = Field("", max_length=60)
    owner: Whose = ""
    team: Number | None = None
    company: Number | None = None


def _kind(request: Request) -> Literal["contact", "company"]:
    return "company" if request.url.path.startswith(f"{PREFIX}/companies") else "contact"


async def _get(request: Request, tx: Tx, who: Principal, to: Verb = "see") -> Contact:
    return await get_record(tx, who, f"{_kind(request)}:{request.path_params['id']}", to)


def contact_shape(contact: Contact, fields: Collection[str]) -> ContactShape:
    company = contact.company
    return ContactShape.model_validate(
        {
            "id": contact.id,
            "about": contact.about,
            "kind": contact.kind,
            "name": contact.name,
            "emails": contact.emails,
            "phones": contact.phones,
            "addresses": contact.addresses,
            "title": contact.title,
            "company": {"id": company.id, "name": company.name} if company else None,
            "owner": contact.owner_id,
            "team": contact.team_id,
            "tags": contact.tags,
            "language": contact.language,
            "custom": own_values(contact, fields),
            "version": contact.version,
            "field_versions": contact.field_versions,
            "created_at": contact.created_at,
            "active_at": contact.active_at,
            "url": contact.url,
        }
    )


async def _shown(tx: Tx, who: Principal, contact: Contact) -> ContactShape:
    return contact_shape(contact, await actions.custom_fields(tx, who))


async def index(request: Request, tx: Tx, who: Principal) -> Page[ContactShape]:
    asked: ContactListing = request.state.query
    own = {name: str(value) for name, value in (asked.model_extra or {}).items()}
    fields = await list_fields(tx, who)
    query = ListQuery(
        kind=_kind(request),
        q=asked.q.replace("\x00", ""),
        tag=asked.tag.replace("\x00", ""),
        owner=asked.owner,
        team=str(asked.team or ""),
        company=str(asked.company or ""),
        custom=_own_filters(own, fields),
    )
    check_filters(query, fields)
    rows = await list_after(tx, who, query, fields, asked.after, asked.limit)
    return page_of(list(rows), asked.limit, lambda row: contact_shape(row, fields), lambda row: row.id)


def _own_filters(asked: dict[str, str], fields: dict[str, CustomField]) -> tuple[CustomFilter, ...]:
    """Unlike the page's, a program's address says nothing that is unknown."""
    found = own_filters(asked, fields)
    known = {f"x.{one.key}.{one.operator}" for one in found}
    if strange := [name for name in asked if name not in known]:
        raise Invalid(**{clean(name, 80): _unknown_filter(name, fields) for name in strange})
    if len(found) > FILTERS:
        raise Invalid(_("At most %(n)s") % {"n": FILTERS})
    return tuple(found)


def _unknown_filter(name: str, fields: dict[str, CustomField]) -> str:
    key = name.removeprefix("x.")
    if name.startswith("x.") and (key in fields or key.rpartition(".")[0] in fields):
        return _("Say how it is compared: %(list)s") % {"list": ", ".join("." + one for one in OPERATORS)}
    return _("No such field")


async def create(request: Request, tx: Tx, who: Principal) -> ContactShape:
    body: NewContact = request.state.body
    values = _values(body)
    name = values.pop("name")
    contact = await actions.create_contact(tx, who, ContactDraft(name, _kind(request), values))
    return await _shown(tx, who, contact)


def _values(body: ContactFields) -> dict[str, Any]:
    """The members that were sent, own fields under "x.<key>"."""
    sent = body.model_dump(exclude_unset=True, exclude={"custom", "version", "seen"})
    own = body.custom if "custom" in body.model_fields_set else {}
    return sent | {CUSTOM + key: value for key, value in own.items()}


async def show(request: Request, tx: Tx, who: Principal) -> ContactShape:
    return await _shown(tx, who, await _get(request, tx, who))


async def change(request: Request, tx: Tx, who: Principal) -> ContactShape:
    contact = await _get(request, tx, who, "edit")
    body: ContactChanges = request.state.body
    values = _values(body)
    slips = body.seen.keys() - ContactChanges.model_fields.keys() - values.keys() - contact.field_versions.keys()
    if slips:  # one would write over what somebody else wrote
        raise Invalid(**{f"seen.{name}": _("No such field") for name in slips})
    seen = dict.fromkeys(values, body.version) if body.version is not None else {}
    known = {name: version for name, version in (seen | body.seen).items() if version is not None}
    await actions.change_fields(tx, who, contact, values, known)
    return await _shown(tx, who, contact)


async def remove(request: Request, tx: Tx, who: Principal) -> None:
    await trash_contact(tx, who, await _get(request, tx, who, "delete"))


async def restore(request: Request, tx: Tx, who: Principal) -> ContactShape:
    contact = await get_contact(tx, who, request.path_params["id"], "delete", trashed=True)
    if contact.kind != _kind(request):
        raise NotFound(_("No such record"))
    return await _shown(tx, who, await restore_contact(tx, who, contact))


class NewField(Body):
    label: str = Field(min_length=1, max_length=80)
    kind: FieldKind
    choices: list[Annotated[str, Field(max_length=200)]] = Field([], max_length=200)


class FieldShape(Shape):
    id: int
    key: str
    label: str
    kind: FieldKind
    choices: list[str]


def field_shape(field: CustomField) -> FieldShape:
    return FieldShape.model_validate(
        {"id": field.id, "key": field.key, "label": field.label, "kind": field.kind, "choices": field.choices}
    )


async def fields(request: Request, tx: Tx, who: Principal) -> Page[FieldShape]:
    """All of them: a workspace has few."""
    found = await list_fields(tx, who)
    return Page(items=[field_shape(field) for field in found.values()], next=None)


async def create_field(request: Request, tx: Tx, who: Principal) -> FieldShape:
    body: NewField = request.state.body
    return field_shape(await define_field(tx, who, body.label, body.kind, body.choices))


def _records(home: str, many: str, one: str) -> list[ApiRoute]:
    path = f"/{home}/{{id:int}}"
    return [
        api("GET", f"/{home}", index, f"List {many}", gives=Page[ContactShape], asks=ContactListing),
        api("POST", f"/{home}", create, f"Add a {one}", gives=ContactShape, takes=NewContact),
        api("GET", path, show, f"Read a {one}", gives=ContactShape),
        api("PATCH", path, change, f"Change a {one}", gives=ContactShape, takes=ContactChanges),
        api("DELETE", path, remove, f"Put a {one} in the trash"),
        api("DELETE", f"{path}/trash", restore, f"Bring a {one} back from the trash", gives=ContactShape),
    ]


routes = [
    *_records("contacts", "contacts", "contact"),
    *_records("companies", "companies", "company"),
    api("GET", "/fields", fields, "List the workspace's own fields", gives=Page[FieldShape]),
    api(
        "POST", "/fields", create_field, "Add a field of the workspace's own (admins)", gives=FieldShape, takes=NewField
    ),
]
