"""The letter with a customer's signed link: by it they call, and are known."""

from server.announcer import events as facts
from server.announcer.models import CustomerNumber
from server.announcer.proof import DAYS
from server.contacts.models import Contact
from server.identity.letters import send_letter
from server.identity.models import Workspace
from server.kit.access import Principal
from server.kit.db import Tx
from server.kit.errors import Conflict, Invalid
from server.kit.events import emit
from server.kit.text import LANGUAGES, _, speaking


async def mail_link(tx: Tx, who: Principal, contact: Contact, link: str) -> str:
    """In the customer's language, else the house's; to whom it goes. The link itself is in no fact."""
    if await tx.get(CustomerNumber, contact.id) is None:
        raise Conflict(_("There is no PIN"))
    if not contact.email:
        raise Invalid(_("They have no e-mail address"))
    workspace = await tx.get_one(Workspace, who.workspace_id)
    with speaking(contact.language if contact.language in LANGUAGES else workspace.language):
        names = {"name": contact.name, "house": workspace.name, "n": DAYS}
        subject = _("Your link to call %(house)s") % names
        words = _("Hello %(name)s, with this link you call %(house)s from your browser, and we know that it is you:")
        rest = _("It is yours alone and works for %(n)s days. Please do not pass it on.")
        text = f"{words % names}\n\n{link}\n\n{rest % names}\n"
    send_letter(tx, who.workspace_id, contact.email, subject, text)
    emit(tx, who, facts.LinkMailed(subject=contact.about, about=contact.about, to=contact.email))
    return contact.email
