"""The one WebSocket endpoint: lets a person in, takes its frames to the hub, and lets nothing else through."""

import asyncio
import time
from collections.abc import Callable
from typing import Any, Protocol

from starlette.responses import PlainTextResponse
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from realtime.admission import GONE, LATER
from realtime.connection import Connection
from realtime.frames import json_frame
from realtime.hub import BYE, Hub
from realtime.limits import MALFORMED, TOPICS, Credits
from realtime.ports import Doors, Person
from realtime.presence import CUSTOMER
from realtime.protocol import At, Call, Malformed, Said, Sub, Typing, Unsub, members, parse, parse_auth
from realtime.writers import SocketWriter, open_writer

BAD, TOO_MUCH = 4400, 4429
INTRODUCTION = 5.0  # seconds to say who one is


class Calls(Protocol):
    """Where `call` frames go; without it they are unknown."""

    async def said(self, connection: Connection, members: dict[str, Any]) -> None: ...

    async def left(self, connection: Connection) -> None: ...


def live_route(
    hub: Hub,
    doors: Doors,
    path: str = "/live",
    *,
    calls: Calls | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> WebSocketRoute:

    async def endpoint(websocket: WebSocket) -> None:
        person = await doors.authenticate(websocket)
        if person is None:
            await websocket.close()
            return
        connection = await hub.connect(person)
        try:
            if connection.closed is not None:
                await refuse(websocket, connection.closed)
                return
            await websocket.accept()
            writer = open_writer(websocket, BYE)
            hub.accepted(connection, writer)
            await converse(hub, connection, writer, calls, clock)
        except WebSocketDisconnect:
            pass
        finally:
            await part(hub, connection, calls)

    return WebSocketRoute(path, endpoint)


def public_route(
    hub: Hub,
    doors: Doors,
    path: str = "/p/live",
    *,
    calls: Calls | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> WebSocketRoute:
    """The door of people without an account: `{"t":"auth","token":…}` is their first frame, within five seconds.
    No cookie is read here."""

    async def endpoint(websocket: WebSocket) -> None:
        await websocket.accept()
        writer = open_writer(websocket, BYE)
        connection = None
        try:
            person = await introduced(websocket, writer, doors)
            if person is None:
                writer.close(GONE)
                return
            connection = await hub.connect(person, writer)
            await converse(hub, connection, writer, calls, clock)
        except WebSocketDisconnect:
            pass
        finally:
            await writer.stop()
            if connection is not None:
                await part(hub, connection, calls)

    return WebSocketRoute(path, endpoint)


async def introduced(websocket: WebSocket, writer: SocketWriter, doors: Doors) -> Person | None:
    """Who the first frame says it is."""
    try:
        async with asyncio.timeout(INTRODUCTION):
            event = await writer.receive()
            return await doors.admit(websocket, parse_auth(event.get("text")))
    except (TimeoutError, Malformed):
        return None


async def converse(
    hub: Hub, connection: Connection, writer: SocketWriter, calls: Calls | None, clock: Callable[[], float]
) -> None:
    """Until one of the two has enough."""
    try:
        await Dialogue(hub, connection, calls, Credits(clock)).run(writer)
    finally:
        hub.leave(connection)
        await writer.stop()


async def part(hub: Hub, connection: Connection, calls: Calls | None) -> None:
    hub.leave(connection)
    if calls is not None:
        await calls.left(connection)


async def refuse(websocket: WebSocket, code: int) -> None:
    """Before accept: 403, or 503 when it is our own fault and coming back makes sense."""
    if code == LATER and "websocket.http.response" in websocket.scope.get("extensions", {}):
        await websocket.send_denial_response(PlainTextResponse("Try again later", 503))
    else:
        await websocket.close()


class Dialogue:
    """One client's frames: counted, checked, carried out."""

    __slots__ = ("_calls", "_connection", "_credits", "_hub", "_malformed")

    def __init__(self, hub: Hub, connection: Connection, calls: Calls | None, credits: Credits) -> None:
        self._hub, self._connection, self._calls, self._credits = hub, connection, calls, credits
        self._malformed = 0

    async def run(self, writer: SocketWriter) -> None:
        while self._connection.closed is None:
            event = await writer.receive()
            if event["type"] != "websocket.receive":
                return
            await self.take(event.get("text"))

    async def take(self, text: str | None) -> None:
        """One frame; None = binary, which nobody here speaks."""
        try:
            if text is None:
                raise Malformed("bad")
            said = parse(text)
        except Malformed as problem:
            self._bad(problem.code)
            return
        if self._credits.spend(cost(said)):
            await self._do(said)
        else:
            self._end("credits", TOO_MUCH)

    async def _do(self, said: Said) -> None:
        match said:
            case Sub(topics=topics):
                self._subscribe(topics)
            case Unsub(topics=names):
                self._hub.unsubscribe(self._connection, names)
            case At() | Typing() if not self._knows(said):
                self._bad("unknown")
            case At(topic=topic, editing=editing, also=also):
                if not self._hub.presence.at(self._connection, topic, editing, also):
                    self._error("topic")
            case Typing(topic=topic):
                if not self._hub.presence.typing(self._connection, topic):
                    self._error("topic")
            case Call() if self._calls is not None:
                await self._calls.said(self._connection, members(said))
            case _:
                self._bad("unknown")

    def _knows(self, said: At | Typing) -> bool:
        """Who came by the public door has one word of these: that they write, to the team."""
        return self._connection.person.is_member or (isinstance(said, Typing) and said.topic.endswith(CUSTOMER))

    def _subscribe(self, topics: dict[str, int | None]) -> None:
        if len(self._connection.subscriptions.keys() | topics.keys()) > TOPICS:
            self._error("topics")
        else:
            self._hub.want(self._connection, topics)

    def _bad(self, code: str) -> None:
        self._malformed += 1
        if self._malformed >= MALFORMED:
            self._end(code, BAD)
        elif not self._credits.spend(5):
            self._end("credits", TOO_MUCH)
        else:
            self._error(code)

    def _error(self, code: str) -> None:
        self._hub.tell(self._connection, json_frame(t="err", code=code))

    def _end(self, code: str, close: int) -> None:
        self._error(code)
        self._hub.close(self._connection, close)


def cost(said: Said) -> float:
    """Credits: a question about rights costs more than a word; a call talks in bursts."""
    if isinstance(said, Sub | Unsub):
        return 1 + len(said.topics) / 10
    return 0.25 if isinstance(said, Call) else 1
