"""What happened, for programs: all facts one may see, and those of one record."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pydantic import Field
from starlette.requests import Request

from server.apidocs.queries import facts_about, facts_after, taken_back
from server.contacts.access import get_record
from server.kit.access import Principal
from server.kit.api import PREFIX, Listing, Page, Query, Shape, api, page_of
from server.kit.db import Tx
from server.kit.events import EventRow
from server.kit.live import event_json
from server.kit.paging import API_LIMIT, PER_PAGE


class FactShape(Shape):
    """The same as a socket with a token gets. `data` depends on `name`; names are never changed."""

    position: int
    name: str
    subject: str
    about: str | None
    actor: int | None
    via: str
    at: datetime
    data: dict[str, Any]


class FactPage(Shape):
    """`next` is the position to ask `after` next time; null when this was all."""

    items: list[FactShape]
    next: str | None


class FactListing(Query):
    limit: int = Field(PER_PAGE, ge=1, le=API_LIMIT)
    after: int = Field(0, ge=0, lt=10**18, description="The position of the last one you know")


async def _shapes(tx: Tx, rows: Sequence[EventRow]) -> dict[int, FactShape]:
    """By id of the row. The words of what was removed since are left out."""
    removed = await taken_back(tx, rows)
    shapes: dict[int, FactShape] = {}
    for row in rows:
        fact = event_json(row)
        if row.subject in removed:
            fact["data"] = {**fact["data"], "excerpt": ""}
        shapes[row.id] = FactShape.model_validate(fact)
    return shapes


async def facts(request: Request, tx: Tx, who: Principal) -> FactPage:
    asked: FactListing = request.state.query
    rows = await facts_after(tx, who, asked.after, asked.limit)
    shown = rows[: asked.limit]
    shapes = await _shapes(tx, shown)
    more = str(shown[-1].position) if len(rows) > asked.limit else None
    return FactPage(items=[shapes[row.id] for row in shown], next=more)


async def timeline(request: Request, tx: Tx, who: Principal) -> Page[FactShape]:
    kind = "company" if request.url.path.startswith(f"{PREFIX}/companies") else "contact"
    record = await get_record(tx, who, f"{kind}:{request.path_params['id']}")
    asked: Listing = request.state.query
    rows = list(await facts_about(tx, who, record.about, asked.after, asked.limit))
    shapes = await _shapes(tx, rows)
    return page_of(rows, asked.limit, lambda row: shapes[row.id], lambda row: row.position or 0)


routes = [
    api("GET", "/events", facts, "Read what happened, from a position on", gives=FactPage, asks=FactListing),
    *(
        api(
            "GET",
            f"/{home}/{{id:int}}/timeline",
            timeline,
            f"Read what happened to a {one}",
            gives=Page[FactShape],
            asks=Listing,
        )
        for home, one in (("contacts", "contact"), ("companies", "company"))
    ),
]
