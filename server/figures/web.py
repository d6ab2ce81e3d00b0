"""The page of figures and its table as a file."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from server.channels.queries import every_channel
from server.figures.cases import Row, count_cases
from server.figures.forms import GROUPS, FiguresQuery, parse_query
from server.identity.queries import list_people, list_teams
from server.kit.access import Principal
from server.kit.db import Tx
from server.kit.pages import render
from server.kit.sheets import BOM, csv_line, with_decimals
from server.kit.text import _
from server.kit.web import Answer, is_htmx, page, page_heads, route


async def names_of(tx: Tx, who: Principal, by: str) -> dict[Any, str]:
    """How the lines of the table are called."""
    match by:
        case "channel":
            return {one.id: one.label for one in await every_channel(tx, who)}
        case "team":
            return {one.id: one.name for one in await list_teams(tx, who)}
        case "person":
            return {one.id: one.name for one in await list_people(tx, who, active=False)}
    return {}


async def _inputs(tx: Tx, who: Principal, query: FiguresQuery) -> dict[str, Any]:
    figures, names = await count_cases(tx, who, query), await names_of(tx, who, query.by)
    for row in figures.rows:
        row.key = row.key.isoformat() if query.by == "day" else names.get(row.key, "")
    rows = sorted(figures.rows, key=lambda row: row.key if query.by == "day" else (-row.opened, row.key))
    return {"query": query, "groups": GROUPS, "rows": rows, "total": figures.total, "is_cut": figures.is_cut}


async def index(request: Request, tx: Tx, who: Principal) -> Answer:
    topic = f"cases:{who.workspace_id}"
    heads = await page_heads(tx, who, topic)
    query = parse_query(request.query_params, who.timezone)
    inputs = {"topics": {topic: heads[topic]}, **await _inputs(tx, who, query)}
    if is_htmx(request):
        return render("figures/_cases.html", **inputs)
    return await page(request, tx, who, "figures/index.html", heads=heads, **inputs)


async def table(request: Request, tx: Tx, who: Principal) -> Answer:
    """The same lines as CSV; times in minutes."""
    query = parse_query(request.query_params, who.timezone)
    inputs = await _inputs(tx, who, query)
    head = [
        _("Name"),
        _("New cases"),
        _("Resolved"),
        _("First answer, minutes"),
        _("Solution, minutes"),
        _("Promises kept, %"),
    ]
    head += [_("Promises"), _("Rating, of 5"), _("Ratings"), _("Open now"), _("Age of the open, minutes")]
    lines = [*inputs["rows"], inputs["total"]]
    named = [*(row.key or _("None") for row in inputs["rows"]), _("All")]
    text = BOM + csv_line(head) + "".join(csv_line(_cells(name, row)) for name, row in zip(named, lines, strict=True))
    name = f"cases-{query.since}-{query.until}-{query.by}.csv"
    headers = {"content-disposition": f'attachment; filename="{name}"', "cache-control": "no-store"}
    return Response(text, media_type="text/csv; charset=utf-8", headers=headers)


def _cells(name: str, row: Row) -> list[str]:
    def minutes(seconds: float | None) -> str:
        return "" if seconds is None else f"{seconds / 60:.0f}"

    share = "" if row.share is None else with_decimals(f"{row.share * 100:.1f}")
    stars = "" if row.rating is None else with_decimals(f"{row.rating:.2f}")
    counts = [str(row.opened), str(row.solved), minutes(row.answer), minutes(row.solution), share]
    return [name, *counts, str(row.promised), stars, str(len(row.stars)), str(row.waiting), minutes(row.age)]


routes = [route("GET", "/figures/cases", index), route("GET", "/figures/cases.csv", table)]
