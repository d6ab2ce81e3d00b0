"""The command palette's options and the page of results."""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.routing import BaseRoute

from server.kit.access import Principal
from server.kit.db import Tx
from server.kit.pages import render
from server.kit.paging import page_number
from server.kit.text import _, clean, fold
from server.kit.web import Answer, is_htmx, page, page_heads, route
from server.search.marks import marked, place
from server.search.queries import GROUPS, LAST_PAGE, palette, results

QUERY_LENGTH = 100
MARKS = {"marked": marked, "place": place}


@dataclass(frozen=True, slots=True)
class Act:
    """Something one can do from anywhere. `url` is a page, or with `dialog` a form that opens over the page."""

    key: str
    title: str
    icon: str
    url: str = ""
    dialog: bool = False


def _acts(request: Request, who: Principal, query: str) -> list[Act]:
    """Those whose name has a word that begins like the query's."""
    nav = request.app.state.house.nav
    acts = [Act("new-contact", _("New contact"), "user-plus", "/contacts/new", True)] if who.may_write else []
    if who.may_write and any(entry.url == "/tasks" for entry in nav):
        acts.append(Act("new-task", _("New task"), "circle-check", "/tasks/new", True))
    acts += [
        Act(entry.url.strip("/"), _("Go to %(page)s") % {"page": _(entry.title)}, entry.icon, entry.url)
        for entry in nav
    ]
    acts.append(Act("settings", _("Go to %(page)s") % {"page": _("Settings")}, "settings", "/settings"))
    acts.append(Act("theme", _("Light or dark"), "moon"))
    acts.append(Act("sign-out", _("Sign out"), "logout"))
    wanted = fold(query).split()
    return [act for act in acts if all(_begins(act.title, word) for word in wanted)]


def _begins(title: str, word: str) -> bool:
    return any(part.startswith(word) for part in fold(title).split())


async def options(request: Request, tx: Tx, who: Principal) -> Answer:
    query = clean(request.query_params.get("q", ""), QUERY_LENGTH)
    groups = await palette(tx, who, query)
    acts = _acts(request, who, query)
    shown = {"query": query, "groups": groups, "acts": acts, "may_write": who.may_write}
    return render("search/_options.html", **shown, **MARKS)


async def index(request: Request, tx: Tx, who: Principal) -> Answer:
    heads = await page_heads(tx, who)
    query = clean(request.query_params.get("q", ""), QUERY_LENGTH)
    group = request.query_params.get("kind", "")
    group = group if group in GROUPS else ""
    number = min(page_number(request.query_params.get("page")), LAST_PAGE)
    hits, more = await results(tx, who, query, group, number)
    shown = {"query": query, "group": group, "hits": hits, "more": more, "number": number, **MARKS}
    if is_htmx(request):
        return render("search/_results.html", **shown)
    return await page(request, tx, who, "search/index.html", heads=heads, **shown)


routes: list[BaseRoute] = [route("GET", "/palette", options), route("GET", "/search", index)]
