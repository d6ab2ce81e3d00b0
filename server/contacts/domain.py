"""Contacts: people, companies, their fields and tags."""

from server.contacts.access import may_hear_company, may_hear_contact, may_hear_list
from server.contacts.actions import change_fields, create_contact
from server.kit.domain import Domain

domain = Domain(
    name="contacts",
    topics={"contact": may_hear_contact, "company": may_hear_company, "contacts": may_hear_list},
    verbs={"contact.create": create_contact, "contact.change": change_fields},
)
