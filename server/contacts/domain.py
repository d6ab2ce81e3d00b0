"""Contacts: people, companies, their fields and tags."""

from server.contacts import api, homes, jobs, live, reactions, resources, settings, web  # noqa: F401  registers itself
from server.contacts.access import KINDS, may_hear_company, may_hear_contact, may_hear_list
from server.contacts.actions import change_fields, create_contact
from server.kit.domain import Domain, Nav, Panel, SettingsPage

domain = Domain(
    name="contacts",
    routes=[*web.routes, *resources.routes, *settings.routes, *api.routes],
    topics={"contact": may_hear_contact, "company": may_hear_company, "contacts": may_hear_list},
    verbs={"contact.create": create_contact, "contact.change": change_fields},
    panels=[Panel(KINDS, "about", "facts", "contacts/_facts.html", web.load_facts, "/contacts/{id}/facts")],
    nav=[Nav("Contacts", "/contacts", "users", 20, also=("/companies", "/import"))],
    settings=[SettingsPage("Own fields", "/settings/fields", "tag", 50)],
)
