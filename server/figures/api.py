"""The API of figures."""

from datetime import date
from typing import Literal

from pydantic import Field
from starlette.requests import Request

from server.figures.cases import Row, count_cases
from server.figures.forms import parse_query
from server.kit.access import Principal
from server.kit.api import Query, Shape, api
from server.kit.db import Tx


class FiguresAsked(Query):
    """Days of your own time zone, both included; without them the last thirty."""

    since: date | None = None
    until: date | None = None
    by: Literal["channel", "team", "person", "day"] = "channel"


class FiguresRow(Shape):
    key: str | None = Field(description="The id of the channel, team or person, or the day; null: none")
    opened: int
    solved: int
    first_answer: float | None = Field(description="Median, in seconds")
    solution: float | None = Field(description="Median, in seconds")
    promised: int
    kept: int
    rating: float | None = Field(description="Mean of the customers' stars, 1 to 5")
    ratings: int
    open_now: int
    open_age: float | None = Field(description="Mean, in seconds")


class FiguresShape(Shape):
    since: date
    until: date
    rows: list[FiguresRow]
    total: FiguresRow


def _row(row: Row) -> FiguresRow:
    return FiguresRow(
        key=None if row.key is None else str(row.key),
        opened=row.opened,
        solved=row.solved,
        first_answer=row.answer,
        solution=row.solution,
        promised=row.promised,
        kept=row.kept,
        rating=row.rating,
        ratings=len(row.stars),
        open_now=row.waiting,
        open_age=row.age,
    )


async def cases(request: Request, tx: Tx, who: Principal) -> FiguresShape:
    asked: FiguresAsked = request.state.query
    given = {
        "since": asked.since.isoformat() if asked.since else "",
        "until": asked.until.isoformat() if asked.until else "",
    }
    query = parse_query(given | {"by": asked.by}, who.timezone)
    figures = await count_cases(tx, who, query)
    return FiguresShape(
        since=query.since, until=query.until, rows=list(map(_row, figures.rows)), total=_row(figures.total)
    )


routes = [api("GET", "/figures/cases", cases, "Read the figures of cases", gives=FiguresShape, asks=FiguresAsked)]
