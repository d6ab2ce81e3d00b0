"""Who a request or a socket belongs to: the cookie's session, or a bearer token."""

from dataclasses import dataclass, replace
from datetime import timedelta

from starlette.requests import HTTPConnection
from starlette.websockets import WebSocket

from server.identity.access import by_api_token, by_session, by_user_id, has_session
from server.identity.cookies import read_cookie
from server.identity.passwords import hash_token
from server.kit.access import Principal
from server.kit.clock import now
from server.kit.db import Database, Tx
from server.kit.domain import House
from server.kit.patches import read_heads
from server.kit.public import PublicDoor, Visitor
from server.kit.web import is_own_origin
from server.settings import Settings

SEEN_EVERY = timedelta(minutes=10)


async def authenticate(connection: HTTPConnection, tx: Tx) -> Principal | None:
    """A bearer token counts under /api/ and on sockets; everywhere else the cookie alone."""
    secret = connection.app.state.settings.secret
    scheme, _, token = connection.headers.get("authorization", "").partition(" ")
    is_api = connection.scope["type"] == "websocket" or connection.url.path.startswith("/api/")
    if is_api and scheme.lower() == "bearer" and token:
        return await by_api_token(tx, hash_token(secret, token.strip()))
    if not (cookie := read_cookie(connection)):
        return None
    found = await by_session(tx, hash_token(secret, cookie))
    if found is None:
        return None
    who, seen_at = found
    if who.session_id is not None and seen_at + SEEN_EVERY < now():
        connection.app.state.sightings[who.session_id] = now()
    return who


@dataclass(frozen=True, slots=True)
class Person:
    """A listener, as realtime knows one."""

    who: Principal
    variant: str
    token_hash: str = ""
    head: int | None = None  # of the own topic, read with the session
    is_member: bool = True

    @property
    def key(self) -> str:
        return self.who.key

    @property
    def id(self) -> int:
        return self.who.user_id or 0


class LiveDoors(PublicDoor):
    """What the hub asks about people, whichever door they came through."""

    def __init__(self, database: Database, house: House, settings: Settings) -> None:
        super().__init__(database, settings)
        self._topics = house.topics

    async def authenticate(self, websocket: WebSocket) -> Person | None:
        """Origin first: a browser's socket must come from our own pages."""
        origin, host = websocket.headers.get("origin"), websocket.headers.get("host", "")
        if origin is not None and not is_own_origin(origin, host, self._settings.url):
            return None
        async with self._database.transaction(read=True) as tx:
            who = await authenticate(websocket, tx)
            if who is None:
                return None
            head = (await read_heads(tx, who.key))[who.key]
        if who.via == "api":
            token = websocket.headers.get("authorization", "").partition(" ")[2].strip()
            return Person(who, "json", hash_token(self._settings.secret, token), head)
        return Person(who, who.language, head=head)

    async def again(self, person: Person | Visitor) -> Person | Visitor | None:
        """The same person with the rights of now; None when the session, token, pass or user is gone."""
        if isinstance(person, Visitor):
            return await self.visitor_again(person)
        who = person.who
        async with self._database.transaction(read=True) as tx:
            if person.token_hash:
                fresh = await by_api_token(tx, person.token_hash)
                return Person(fresh, "json", person.token_hash) if fresh else None
            if who.user_id is None or who.session_id is None or not await has_session(tx, who.session_id):
                return None
            fresh = await by_user_id(tx, who.user_id, via="page")
        if fresh is None:
            return None
        return Person(replace(fresh, session_id=who.session_id), fresh.language)

    async def may_listen(self, person: Person | Visitor, topics: set[str]) -> set[str]:
        """One query per kind of topic."""
        if isinstance(person, Visitor):
            return self.within(person, topics)
        by_kind: dict[str, set[str]] = {}
        for topic in topics:
            kind, _, rest = topic.partition(":")
            by_kind.setdefault(kind, set()).add(rest)
        allowed: set[str] = set()
        async with self._database.transaction(read=True) as tx:
            for kind, rests in by_kind.items():
                if check := self._topics.get(kind):
                    allowed |= {f"{kind}:{rest}" for rest in await check(tx, person.who, rests)}
        return allowed & topics
