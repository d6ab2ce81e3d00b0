"""The API described: as OpenAPI for programs, as a page for people. Neither holds any data, so both are open."""

from functools import cache
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse

from server import __version__
from server.apidocs.forms import groups_of
from server.kit.api import PREFIX, Operation, operations_of
from server.kit.db import Database
from server.kit.openapi import document
from server.kit.pages import render
from server.kit.web import Answer, open_route


@cache
def _document(operations: tuple[Operation, ...]) -> dict[str, Any]:
    return document(operations, __version__)


async def openapi(request: Request, database: Database) -> Answer:
    return JSONResponse(_document(tuple(operations_of(request.app.state.house.routes))))


async def docs(request: Request, database: Database) -> Answer:
    known = operations_of(request.app.state.house.routes)
    base = str(request.base_url).rstrip("/") + PREFIX
    return render("apidocs/docs.html", nonce=request.state.nonce, who=None, groups=groups_of(known), base=base)


routes = [open_route("GET", f"{PREFIX}/openapi.json", openapi), open_route("GET", f"{PREFIX}/docs", docs)]
