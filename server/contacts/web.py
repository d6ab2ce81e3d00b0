"""The list, the record's page, its facts edited in place, and what one does with many at once."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from server.contacts import actions
from server.contacts.access import get_contact, may, may_change_view
from server.contacts.actions import ContactDraft
from server.contacts.bulk import change_many
from server.contacts.cells import cells_of, draw_row
from server.contacts.fields import FieldView, field_views
from server.contacts.filters import unfit
from server.contacts.forms import ListQuery, parse_list
from server.contacts.listing import list_page
from server.contacts.models import Contact, SavedView
from server.contacts.queries import list_fields, list_tags, list_views, names_of, people_of, pick_records, recent
from server.contacts.restriction import restrict_contact
from server.contacts.trash import restore_contact, trash_contact
from server.identity.queries import list_people, list_teams
from server.kit.about import parse_about, to_id
from server.kit.access import Principal, restricted_to
from server.kit.clock import now
from server.kit.db import Tx
from server.kit.errors import Invalid, NotFound
from server.kit.pages import render
from server.kit.text import _, language, ngettext
from server.kit.web import Answer, field, is_htmx, page, page_heads, route, toast

CARDS = 20  # at once


async def index(request: Request, tx: Tx, who: Principal) -> Answer:
    if _kind(request) == "company":
        return RedirectResponse("/contacts?kind=company", 303)
    topic = f"contacts:{who.workspace_id}"
    heads = await page_heads(tx, who, topic)
    fields = await list_fields(tx, who)
    query = parse_list(request.query_params, fields)
    found, paging = await list_page(tx, who, query, fields, heads[topic])
    if not found and query.page > 1:
        _first, paging = await list_page(tx, who, replace(query, page=1), fields, heads[topic])
        return RedirectResponse(query.url(page=paging.pages), 303)
    views = await _views(tx, who)
    columns = [fields[key] for key in query.columns]
    cells = cells_of(query.kind, columns)
    rows = [draw_row(language(), cells, row) for row in found]
    shared = {"rows": rows, "paging": paging, "query": query, "fields": fields, "columns": columns, "views": views}
    shared |= await _filtered_by(tx, who, query)
    shared |= {"unfit": unfit(query, fields), "days": request.app.state.settings.trash_days}
    if is_htmx(request) and request.headers.get("hx-target", "").endswith("contact-list"):
        return render("contacts/_list.html", who=who, topics={topic: heads[topic]}, **shared)
    return await page(request, tx, who, "contacts/index.html", heads=heads, topics={topic: heads[topic]}, **shared)


async def _filtered_by(tx: Tx, who: Principal, query: ListQuery) -> dict[str, str]:
    """The names of what stands in the address as a number."""
    people = (
        {str(one.id): one.name for one in await list_people(tx, who, active=False)} if query.owner.isdigit() else {}
    )
    teams = {str(one.id): one.name for one in await list_teams(tx, who)} if query.team else {}
    companies = await names_of(tx, who, [f"company:{query.company}"]) if query.company else {}
    company = next((one.name for one in companies.values()), _("a company"))
    return {
        "owner": people.get(query.owner, _("a colleague")),
        "team": teams.get(query.team, _("a team")),
        "company": company,
    }


async def filters(request: Request, tx: Tx, who: Principal) -> Answer:
    """What the list can be narrowed by, fetched when somebody opens the menu."""
    fields, tags = await list_fields(tx, who), await list_tags(tx, who)
    people, teams = await list_people(tx, who), await list_teams(tx, who)
    return render("contacts/_filters.html", fields=fields, tags=tags, people=people, teams=teams)


async def _views(tx: Tx, who: Principal) -> list[tuple[SavedView, bool]]:
    """Views and whether this person may change them."""
    return [(view, may_change_view(who, view)) for view in await list_views(tx, who)]


async def views(request: Request, tx: Tx, who: Principal) -> Answer:
    """The names above the list, fetched again when one comes, goes or is renamed."""
    query = parse_list(request.query_params, await list_fields(tx, who))
    return render("contacts/_views.html", query=query, views=await _views(tx, who))


async def show(request: Request, tx: Tx, who: Principal) -> Answer:
    contact_id, kind = request.path_params["id"], _kind(request)
    about = f"{kind}:{contact_id}"
    panels = request.app.state.house.panels(kind, "centre", "facts", "dock")
    topics = dict.fromkeys([about, *(topic for panel in panels for topic in panel.topics(about))])
    heads = await page_heads(tx, who, f"contacts:{who.workspace_id}", *topics)
    try:
        contact = await get_contact(tx, who, contact_id)
    except NotFound:
        return await _show_trashed(request, tx, who, heads)
    if contact.kind != kind:
        return RedirectResponse(contact.url, 303)
    inputs = await _facts_of(tx, who, contact)
    loaded = [(panel, None if panel.after else await panel.load(tx, who, about)) for panel in panels]
    return await page(
        request,
        tx,
        who,
        "contacts/show.html",
        heads=heads,
        **inputs,
        panels=loaded,
        zone=await recent(tx, who, contact),
        may_delete=may(who, "delete", contact),
        may_restrict=may(who, "restrict", contact),
        days=request.app.state.settings.trash_days,
    )


async def _show_trashed(request: Request, tx: Tx, who: Principal, heads: dict[str, int]) -> Answer:
    """Its name and the way back, for those who saw it before."""
    contact = await get_contact(tx, who, request.path_params["id"], trashed=True)
    until = (contact.trashed_at or now()) + timedelta(days=request.app.state.settings.trash_days)
    inputs = {"contact": contact, "until": until, "may_restore": may(who, "delete", contact)}
    return HTMLResponse(await page(request, tx, who, "contacts/trashed.html", heads=heads, **inputs), 404)


def _kind(request: Request) -> str:
    return "company" if request.url.path.startswith("/companies") else "contact"


async def beside(request: Request, tx: Tx, who: Principal) -> Answer:
    """The narrow list beside a record, fetched again after a refresh."""
    heads = await page_heads(tx, who, f"contacts:{who.workspace_id}")
    contact = await get_contact(tx, who, request.path_params["id"])
    return render("contacts/_zone.html", contact=contact, zone=await recent(tx, who, contact), heads=heads)


async def facts(request: Request, tx: Tx, who: Principal) -> Answer:
    """The accordion of facts, fetched again after a refresh."""
    contact_id = request.path_params["id"]
    heads = await page_heads(tx, who, f"contact:{contact_id}", f"company:{contact_id}")
    contact = await get_contact(tx, who, contact_id)
    return render("contacts/_facts.html", heads=heads, **await _facts_of(tx, who, contact))


async def load_facts(tx: Tx, who: Principal, about: str) -> dict[str, Any]:
    """For pages beside which a record's facts stand."""
    return await _facts_of(tx, who, await get_contact(tx, who, parse_about(about)[1]))


async def _facts_of(tx: Tx, who: Principal, contact: Contact) -> dict[str, Any]:
    views = field_views(contact, list((await list_fields(tx, who)).values()))
    people = await people_of(tx, who, contact) if contact.kind == "company" else []
    return {"contact": contact, "facts": views, "people": people}


async def new(request: Request, tx: Tx, who: Principal) -> Answer:
    kind = "company" if request.query_params.get("kind") == "company" else "contact"
    return render("contacts/_new.html", kind=kind, name=request.query_params.get("name", "")[:200])


async def create(request: Request, tx: Tx, who: Principal) -> Answer:
    form = request.state.form
    values: dict[str, object] = {
        name: field(form, name) for name in ("title", "company", "emails", "phones", "tags") if field(form, name)
    }
    values["owner"] = who.user_id
    draft = ContactDraft(field(form, "name"), field(form, "kind") or "contact", values)
    contact = await actions.create_contact(tx, who, draft)
    return Response(status_code=201, headers={"HX-Redirect": contact.url, "Location": contact.url})


async def _fact(request: Request, tx: Tx, who: Principal, to: str) -> tuple[Contact, FieldView]:
    contact = await get_contact(tx, who, request.path_params["id"], to)  # type: ignore[arg-type]
    name = request.path_params["field"]
    views = field_views(contact, list((await list_fields(tx, who)).values()))
    if name == "name":
        views.append(FieldView("name", contact.name, contact.name, contact.field_versions.get("name", 0)))
    for view in views:
        if view.name == name:
            return contact, view
    raise NotFound(_("No such field"))


async def show_fact(request: Request, tx: Tx, who: Principal) -> Answer:
    contact, view = await _fact(request, tx, who, "see")
    return render("contacts/_fact.html", contact=contact, fact=view, by=None)


async def edit_fact(request: Request, tx: Tx, who: Principal) -> Answer:
    contact, view = await _fact(request, tx, who, "edit")
    people = await list_people(tx, who) if view.name == "owner" else []
    teams = await list_teams(tx, who) if view.name == "team" else []
    return render("contacts/_fact_form.html", contact=contact, fact=view, people=people, teams=teams)


async def change_fact(request: Request, tx: Tx, who: Principal) -> Answer:
    """Saves one field. The form carries the version it was opened on."""
    contact, view = await _fact(request, tx, who, "edit")
    form = request.state.form
    seen = field(form, "seen") or "0"
    if not (seen.isascii() and seen.isdigit() and len(seen) < 12):
        raise Invalid(seen=_("Not a version"))
    value = field(form, "value")
    await actions.change_fields(tx, who, contact, {view.name: value}, {view.name: int(seen)})
    contact, view = await _fact(request, tx, who, "see")
    if view.name == "name":
        return render("contacts/_identity.html", contact=contact)
    return render("contacts/_fact.html", contact=contact, fact=view, by=who.user_id)


async def trash(request: Request, tx: Tx, who: Principal) -> Answer:
    contact = await get_contact(tx, who, request.path_params["id"], "delete")
    await trash_contact(tx, who, contact)
    target = "/contacts?" + urlencode({"kind": contact.kind, "trashed": contact.id})
    response = Response(status_code=200, headers={"HX-Redirect": target})
    return toast(
        response, _("%(name)s is in the trash") % {"name": contact.name}, ("DELETE", f"/contacts/{contact.id}/trash")
    )


async def restore(request: Request, tx: Tx, who: Principal) -> Answer:
    contact = await get_contact(tx, who, request.path_params["id"], "delete", trashed=True)
    await restore_contact(tx, who, contact)
    return Response(status_code=200, headers={"HX-Redirect": contact.url})


async def restriction_form(request: Request, tx: Tx, who: Principal) -> Answer:
    contact = await get_contact(tx, who, request.path_params["id"], "restrict")
    return render(
        "contacts/_restriction.html",
        contact=contact,
        chosen=await restricted_to(tx, contact.about),
        people=await list_people(tx, who),
        teams=await list_teams(tx, who),
    )


async def restrict(request: Request, tx: Tx, who: Principal) -> Answer:
    contact = await get_contact(tx, who, request.path_params["id"], "restrict")
    await restrict_contact(tx, who, contact, [str(name) for name in request.state.form.getlist("who")])
    return Response(status_code=200, headers={"HX-Refresh": "true"})


async def change_selection(request: Request, tx: Tx, who: Principal) -> Answer:
    """Owner, tag, trash or the way back for the ticked rows; those that may not be changed are left and counted."""
    form = request.state.form
    ids = [to_id(raw) for raw in form.getlist("ids")]
    done, left = await change_many(tx, who, ids, request.path_params["what"], field(form, "value", 200))
    text = ngettext("%(num)s record changed", "%(num)s records changed", done) % {"num": done}
    if left:
        text += ". " + ngettext("%(num)s left as it was", "%(num)s left as they were", left) % {"num": left}
    return toast(HTMLResponse("", 200, {"HX-Reswap": "none"}), text)


async def pick(request: Request, tx: Tx, who: Principal) -> Answer:
    """Options for a field that names a record: GET /records?q=alm"""
    return render("contacts/_options.html", records=await pick_records(tx, who, request.query_params.get("q", "")[:80]))


async def cards(request: Request, tx: Tx, who: Principal) -> Answer:
    """Small cards for the records that texts on a page link to, as far as this reader may see them:
    GET /records/cards?about=contact:7,company:3"""
    asked = dict.fromkeys(request.query_params.get("about", "").split(","))
    numbers = {about: parse_about(about)[1] for about in list(asked)[:CARDS] if about}
    found = {one.id: one for one in (await names_of(tx, who, list(numbers))).values()}
    shown = [(about, found[id]) for about, id in numbers.items() if id in found]
    return render("contacts/_cards.html", cards=shown)


async def tags(request: Request, tx: Tx, who: Principal) -> Answer:
    return render("contacts/_tag_options.html", tags=await list_tags(tx, who, request.query_params.get("q", "")[:60]))


routes = [
    route("GET", "/contacts", index),
    route("POST", "/contacts", create),
    route("GET", "/contacts/new", new),
    route("GET", "/contacts/{id:int}", show),
    route("GET", "/companies", index),
    route("GET", "/companies/{id:int}", show),
    route("GET", "/contacts/{id:int}/beside", beside),
    route("GET", "/contacts/{id:int}/facts", facts),
    route("GET", "/contacts/{id:int}/facts/{field}", show_fact),
    route("GET", "/contacts/{id:int}/facts/{field}/edit", edit_fact),
    route("PUT", "/contacts/{id:int}/facts/{field}", change_fact),
    route("PUT", "/contacts/{id:int}/trash", trash),
    route("DELETE", "/contacts/{id:int}/trash", restore),
    route("GET", "/contacts/{id:int}/restriction", restriction_form),
    route("PUT", "/contacts/{id:int}/restriction", restrict),
    route("PUT", "/contacts/selection/{what}", change_selection),
    route("GET", "/contacts/filters", filters),
    route("GET", "/contacts/views", views),
    route("GET", "/records", pick),
    route("GET", "/records/cards", cards),
    route("GET", "/tags", tags),
]
