"""What agents see of who calls, and a customer's number and PIN on their page."""

from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from server.announcer.access import get_line, line_call_of
from server.announcer.given import ONCE, link_of, make_pin
from server.announcer.letters import mail_link
from server.announcer.pins import give_pin, remove_pin
from server.announcer.proof import DAYS
from server.announcer.queries import number_of
from server.calls.access import about_of
from server.contacts.access import get_contact
from server.contacts.queries import names_of
from server.identity.settings import shown_base
from server.kit.about import subject_id
from server.kit.access import Principal
from server.kit.db import Tx
from server.kit.errors import Conflict
from server.kit.pages import render
from server.kit.text import _
from server.kit.web import Answer, page_heads, route, toast
from server.tasks.queries import tasks_of

SHOWN = 3  # tasks on a card


async def load_caller(tx: Tx, who: Principal, subject: str) -> dict[str, Any]:
    """Who calls, whether that is proved, what they chose, and what is still to be done for them."""
    call_id = subject_id(subject)
    visit = await line_call_of(tx, who, call_id)
    about = await about_of(tx, who, call_id) if visit is not None else ""
    tasks, total = await tasks_of(tx, who, about) if about else ([], 0)
    number = (await number_of(tx, about))["number"] if about.startswith("contact:") else None
    records = await names_of(tx, who, [about])
    return {
        "call_id": call_id, "visit": visit, "record": records.get(about), "number": number.number if number else "",
        "tasks": tasks[:SHOWN], "total": total,
    }  # fmt: skip


async def caller(request: Request, tx: Tx, who: Principal) -> Answer:
    subject = f"call:{request.path_params['id']}"
    await about_of(tx, who, request.path_params["id"])
    return render("announcer/_caller.html", **await load_caller(tx, who, subject))


async def load_number(tx: Tx, who: Principal, about: str) -> dict[str, Any]:
    return await number_of(tx, about)


async def number(request: Request, tx: Tx, who: Principal) -> Answer:
    contact = await get_contact(tx, who, request.path_params["id"])
    heads = await page_heads(tx, who, contact.about)
    return render("announcer/_panel.html", about=contact.about, heads=heads, **await number_of(tx, contact.about))


async def give(request: Request, tx: Tx, who: Principal) -> Answer:
    """A new PIN, and a link that proves the same: both are shown this once."""
    contact = await get_contact(tx, who, request.path_params["id"], "edit")
    line = await get_line(tx, who)
    row = await give_pin(tx, who, contact, request.state.pin_hash)
    link = link_of(request, line, row, shown_base(request)) if line is not None else ""
    shown = render(
        "announcer/_given.html",
        pin=request.state.pin, number=row.number, link=link, days=DAYS, contact=contact, mails=_mails(request),
    )  # fmt: skip
    return HTMLResponse(shown, 201, headers=ONCE)


def _mails(request: Request) -> bool:
    is_real: bool = request.app.state.services.mailer.is_real
    return is_real


async def mail(request: Request, tx: Tx, who: Principal) -> Answer:
    """Sends a link of theirs: those before it stay good."""
    contact = await get_contact(tx, who, request.path_params["id"], "edit")
    line, row = await get_line(tx, who), (await number_of(tx, contact.about))["number"]
    if not _mails(request):
        raise Conflict(_("No mail server is set: copy the link when you give a PIN"))
    if line is None or not line.is_on or row is None:
        raise Conflict(_("There is no PIN"))
    to = await mail_link(tx, who, contact, link_of(request, line, row, request.app.state.settings.url))
    return toast(Response(status_code=201, headers={"HX-Reswap": "none"}), _("The link goes to %(to)s") % {"to": to})


async def take(request: Request, tx: Tx, who: Principal) -> Answer:
    contact = await get_contact(tx, who, request.path_params["id"], "edit")
    if (await number_of(tx, contact.about))["number"] is None:
        raise Conflict(_("There is no PIN"))
    await remove_pin(tx, who, contact)
    return toast(Response(status_code=200, headers={"HX-Reswap": "none"}), _("Number and PIN removed"))


routes = [
    route("GET", "/calls/{id:int}/caller", caller),
    route("GET", "/contacts/{id:int}/pin", number),
    route("POST", "/contacts/{id:int}/pin", give, before=make_pin),
    route("DELETE", "/contacts/{id:int}/pin", take),
    route("POST", "/contacts/{id:int}/pin/letters", mail),
]
