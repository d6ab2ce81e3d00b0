"""A channel's own page: its mail accounts, whether they work, and letters that could not be taken."""

import secrets
from datetime import datetime
from email.message import EmailMessage
from typing import cast

from starlette.requests import Request
from starlette.responses import Response

from server.channels import accounts
from server.channels.access import get_channel
from server.channels.apart import APART
from server.channels.forms import AccountDraft
from server.channels.inbox import Login
from server.channels.models import Channel
from server.channels.proving import CAME, PROBE, probe_letter, send_probe, set_apart
from server.channels.queries import load_mail
from server.kit.access import Principal
from server.kit.db import Tx
from server.kit.errors import NotFound
from server.kit.jobs import Services
from server.kit.mail import AccountMailer, Mailer, SmtpServer
from server.kit.outbound import Unreachable, sentence
from server.kit.pages import render
from server.kit.text import _
from server.kit.web import Answer, field, page_heads, route, settings_page, toast


async def _mail_channel(request: Request, tx: Tx, who: Principal) -> Channel:
    channel = await get_channel(tx, who, request.path_params["id"], "change")
    if channel.kind != "email":
        raise NotFound(_("No such channel"))
    return channel


def _way(request: Request) -> str:
    way: str = request.path_params["way"]
    if way not in ("in", "out"):
        raise NotFound(_("No such channel"))
    return way


async def show(request: Request, tx: Tx, who: Principal) -> Answer:
    heads = await page_heads(tx, who)
    channel = await _mail_channel(request, tx, who)
    return await settings_page(
        request,
        tx,
        who,
        "channels/show.html",
        heads=heads,
        channel=channel,
        mail=await load_mail(tx, channel),
        sends=request.app.state.services.mailer.is_real,
        sentence=sentence,
        **_answers(channel),
    )


def _answers(channel: Channel) -> dict[str, object]:
    came = channel.options.get(CAME)
    return {
        "apart": bool(channel.options.get(APART)),
        "probe": channel.options.get(PROBE, ""),
        "came": datetime.fromisoformat(came) if came else None,
        "example": channel.address.replace("@", "+3f9c…@"),
    }


async def change(request: Request, tx: Tx, who: Principal) -> Answer:
    channel, form = await _mail_channel(request, tx, who), request.state.form
    draft = AccountDraft(
        field(form, "host", 253),
        field(form, "port", 6),
        field(form, "security", 10),
        field(form, "username", 320),
        field(form, "password", 500),
        field(form, "folder", 200),
        field(form, "history", 2) == "1",
    )
    await accounts.set_account(tx, who, channel, _way(request), draft, request.app.state.settings.secret)
    return Response(status_code=200, headers={"HX-Refresh": "true"})


async def drop(request: Request, tx: Tx, who: Principal) -> Answer:
    await accounts.drop_account(tx, who, await _mail_channel(request, tx, who), _way(request))
    return Response(status_code=200, headers={"HX-Refresh": "true"})


async def try_out(request: Request, who: Principal) -> None:
    """Connects as the account says, before any transaction; the verdict is in our own words."""
    services: Services = request.app.state.services
    async with services.database.transaction(read=True) as tx:
        channel = await _mail_channel(request, tx, who)
        account = await accounts.account_of(tx, channel, _way(request))
    if account is None:
        raise NotFound(_("No account is set up yet"))
    login = accounts.login_of(account, services.settings.secret)
    try:
        await (try_inbox if account.way == "in" else try_mailer)(services, login)
        request.state.verdict = ""
    except Unreachable as error:
        request.state.verdict = error.sentence
    except OSError:
        request.state.verdict = sentence("broken")


async def try_inbox(services: Services, login: Login) -> None:
    from server.channels.imap import ImapInbox

    inbox = ImapInbox(services.outbound, login)
    try:
        await inbox.open()
    finally:
        await inbox.close()


async def try_mailer(services: Services, login: Login) -> None:
    server = SmtpServer(login.host, login.port, login.security, login.username, login.password)
    await AccountMailer(server, services.outbound).test()


async def verdict(request: Request, tx: Tx, who: Principal) -> Answer:
    return render("channels/_verdict.html", way=_way(request), problem=cast(str, request.state.verdict), is_sent=False)


async def set_answers(request: Request, tx: Tx, who: Principal) -> Answer:
    channel = await _mail_channel(request, tx, who)
    set_apart(tx, who, channel, field(request.state.form, "answers", 10) == "apart")
    return toast(Response(status_code=200, headers={"HX-Reswap": "none"}), _("Saved"))


async def send_to_ourselves(request: Request, who: Principal) -> None:
    """A letter to an address of a case's own that no case has; what comes of it is seen when it comes in."""
    services: Services = request.app.state.services
    key = secrets.token_hex(16)
    async with services.database.transaction() as tx:
        channel = await _mail_channel(request, tx, who)
        mailer = await accounts.mailer_of(tx, channel, services)
        send_probe(tx, who, channel, key)
        letter = probe_letter(channel, key)
    request.state.verdict = await post_probe(mailer, letter)


async def post_probe(mailer: Mailer, letter: EmailMessage) -> str:
    if not mailer.is_real:
        return _("No mail server is set up. Ask your administrator for SMTP_URL")
    try:
        await mailer.post(letter)
    except OSError as error:
        return error.sentence if isinstance(error, Unreachable) else _("The mail server did not take it")
    return ""


async def probed(request: Request, tx: Tx, who: Principal) -> Answer:
    return render("channels/_verdict.html", way="answers", problem=cast(str, request.state.verdict), is_sent=True)


async def try_again(request: Request, tx: Tx, who: Principal) -> Answer:
    channel = await _mail_channel(request, tx, who)
    await accounts.settle_aside(tx, who, channel, request.path_params["letter"], again=True)
    return Response(status_code=204)


async def give_up(request: Request, tx: Tx, who: Principal) -> Answer:
    channel = await _mail_channel(request, tx, who)
    await accounts.settle_aside(tx, who, channel, request.path_params["letter"], again=False)
    return Response(status_code=204)


CHANNEL = "/settings/channels/{id:int}"
routes = [
    route("GET", CHANNEL, show),
    route("PUT", CHANNEL + "/accounts/{way}", change),
    route("DELETE", CHANNEL + "/accounts/{way}", drop),
    route("POST", CHANNEL + "/accounts/{way}/test", verdict, before=try_out),
    route("PUT", CHANNEL + "/answers", set_answers),
    route("POST", CHANNEL + "/answers/test", probed, before=send_to_ourselves),
    route("POST", CHANNEL + "/letters/{letter:int}/again", try_again),
    route("DELETE", CHANNEL + "/letters/{letter:int}", give_up),
]
