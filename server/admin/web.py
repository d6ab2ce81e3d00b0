"""/settings/check: says what is wrong, in plain words."""

from starlette.requests import Request

from realtime.bus import BusDown
from server.admin.media import check_media
from server.admin.media import check_relay as check_turn
from server.admin.queries import Check, check_facts, check_jobs
from server.kit.access import Principal
from server.kit.db import Tx
from server.kit.text import _
from server.kit.web import Answer, page_heads, route, settings_page

LATE = 5  # seconds a committed fact may wait for its number


async def index(request: Request, tx: Tx, who: Principal) -> Answer:
    heads = await page_heads(tx, who)
    state = request.app.state
    checks = [
        check_relay(await state.relay.lag()),
        await check_bus(request),
        check_address(state.settings.is_https, state.settings.url),
        check_mail(state.services.mailer.is_real),
        check_engine(state.database.is_sqlite),
        check_media(state.settings),
        await check_turn(state.settings),
        await check_jobs(tx),
        await check_facts(tx, who.workspace_id),
    ]
    return await settings_page(request, tx, who, "admin/check.html", heads=heads, checks=checks, ice=state.ice("check"))


def check_relay(lag: float) -> Check:
    title = _("Live updates")
    if lag > LATE:
        return Check(
            "bad", title, _("A change has waited %(n)s seconds for its turn. Restart the server") % {"n": int(lag)}
        )
    return Check("ok", title, _("No committed change is waiting"))


async def check_bus(request: Request) -> Check:
    title = _("Between processes")
    try:
        seconds = await request.app.state.bus.probe()
    except BusDown:
        return Check("bad", title, _("Redis does not answer. Nothing is lost: screens catch up every five seconds"))
    if not request.app.state.settings.redis_url:
        return Check("ok", title, _("One process, no Redis needed"))
    return Check("ok", title, _("Redis gave a message back in %(n)s ms") % {"n": round(seconds * 1000, 1)})


def check_address(is_https: bool, url: str) -> Check:
    title = _("Address")
    if is_https:
        return Check("ok", title, _("%(url)s, encrypted") % {"url": url})
    text = _("%(url)s is not encrypted. Behind a proxy with a certificate, set BASE_URL to the https address") % {
        "url": url
    }
    return Check("warn", title, text)


def check_mail(is_real: bool) -> Check:
    title = _("Mail")
    if is_real:
        return Check("ok", title, _("A mail server is set"))
    return Check("warn", title, _("No mail server is set, so links are copied by hand. Set SMTP_URL and MAIL_FROM"))


def check_engine(is_sqlite: bool) -> Check:
    title = _("Database")
    if is_sqlite:
        return Check("ok", title, _("SQLite, every save is synced to disk"))
    return Check("ok", title, _("PostgreSQL"))


routes = [route("GET", "/settings/check", index)]
