"""The public surface under /p/: routes and a live door for people without an account. No member's session is read
or set here, and no cookie at all."""

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route
from starlette.websockets import WebSocket

from server.kit.access import Principal
from server.kit.db import Database, Tx
from server.kit.passes import Pass, find_pass, pass_again, principal_of
from server.kit.text import LANGUAGES, pick_language, speaking
from server.kit.web import SAFE, Answer, is_own_origin, prepare
from server.settings import Settings

PublicHandler = Callable[[Request, Tx], Awaitable[Answer]]
Around = Callable[[Request], AbstractAsyncContextManager[None]]


def public_route(method: str, path: str, handler: PublicHandler, *, around: Around | None = None) -> Route:
    """A route for whoever has its address. GET = a snapshot that cannot write: readers of mail open every link.
    `around` does what has no place in a transaction, such as keeping files, and tidies up when it failed."""
    assert path.startswith("/p/")

    async def endpoint(request: Request) -> Response:
        database: Database = request.app.state.database
        try:
            await prepare(request)
            with speaking(language_of(request)):
                async with (
                    around(request) if around else nullcontext(),
                    database.transaction(read=method in SAFE) as tx,
                ):
                    answer = await handler(request, tx)
        finally:
            await request.close()
        return HTMLResponse(answer) if isinstance(answer, str) else answer

    return Route(path, endpoint, methods=[method], name=f"{handler.__module__}.{handler.__name__}")


def language_of(request: Request) -> str:
    """As asked for in the address, else as the browser likes it."""
    chosen = request.query_params.get("lang", "")
    return chosen if chosen in LANGUAGES else pick_language(request.headers.get("accept-language", ""))


@dataclass(frozen=True, slots=True)
class Visitor:
    """A listener who came by the public door, as realtime knows one. Its number is no person's."""

    who: Principal
    variant: str
    pass_id: int
    subject: str
    scope: frozenset[str]
    id: int = 0
    head: int | None = None
    is_member: bool = False

    @property
    def key(self) -> str:
        return f"pass:{self.pass_id}"


def visitor_of(one: Pass) -> Visitor:
    return Visitor(principal_of(one), one.language, one.id, one.subject, frozenset(one.scope))


class PublicDoor:
    """What the hub asks about visitors: a pass is good for exactly its topics, until it is revoked."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self._database, self._settings = database, settings

    async def admit(self, websocket: WebSocket, token: str) -> Visitor | None:
        origin, host = websocket.headers.get("origin"), websocket.headers.get("host", "")
        if origin is not None and not is_own_origin(origin, host, self._settings.url):
            return None
        async with self._database.transaction(read=True) as tx:
            found = await find_pass(tx, token)
        return visitor_of(found) if found else None

    async def visitor_again(self, visitor: Visitor) -> Visitor | None:
        async with self._database.transaction(read=True) as tx:
            found = await pass_again(tx, visitor.pass_id)
        return visitor_of(found) if found else None

    def within(self, visitor: Visitor, topics: set[str]) -> set[str]:
        """What the pass names, letter by letter."""
        return topics & visitor.scope
