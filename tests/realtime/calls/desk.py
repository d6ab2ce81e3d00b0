"""A whole server of calls in the test's loop: a book in memory, real sockets, and members that speak the wire."""

import asyncio
import contextlib
import json
from collections import defaultdict
from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass, field, replace
from typing import Any

from aiortc.exceptions import InvalidStateError
from starlette.routing import BaseRoute
from starlette.websockets import WebSocket
from websockets.asyncio.client import ClientConnection, connect

from realtime.bus import Bus, MemoryBus
from realtime.calls.calls import Calls, open_calls
from realtime.calls.ports import Fact, MediaSettings, Seat, Wishes
from realtime.hub import Hub
from realtime.ports import Person
from realtime.socket import live_route, public_route
from tests.realtime.calls.scripted import Caller
from tests.realtime.fakes import FakePerson, FakeSource, until
from tests.realtime.live_server import serving

FAR = 3600.0


class Doors:
    """Who one is stands in the address; everybody may hear everything."""

    def __init__(self) -> None:
        self.gone: set[int] = set()

    async def authenticate(self, websocket: WebSocket) -> Person | None:
        return FakePerson(int(websocket.query_params["me"]))

    async def admit(self, websocket: WebSocket, token: str) -> Person | None:
        return FakePerson(9) if token == "invited" * 6 else None

    async def again(self, person: Person) -> Person | None:
        return None if person.id in self.gone else person

    async def may_listen(self, person: Person, topics: Collection[str]) -> set[str]:
        return set(topics)


@dataclass
class FakeBook:
    """The database behind calls. Person 9 is a guest; only calls in `open` exist."""

    open: set[str] = field(default_factory=lambda: {"room"})
    state: Wishes = field(default_factory=Wishes)
    owners: dict[str, str] = field(default_factory=dict)
    tokens: dict[int, str] = field(default_factory=dict)
    away: set[int] = field(default_factory=set)
    facts: list[Fact] = field(default_factory=list)
    failing: bool = False
    asked: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def _count(self, what: str) -> None:
        self.asked[what] += 1
        if self.failing:
            raise OSError("the database is away")

    async def seat(self, person: Person, call: str, token: str | None) -> Seat | None:
        self._count("seat")
        if call not in self.open or person.id in self.away:
            return None
        if token is not None and token != self.tokens.get(person.id):
            return None
        fresh = "" if token else f"token{person.id}"
        self.tokens[person.id] = f"token{person.id}"
        kind = "guest" if person.id == 9 else "member"
        return Seat(person.id, kind, f"Person {person.id}", token=fresh, waiting=kind == "guest")

    async def claim(self, call: str, process: str) -> str | None:
        self._count("claim")
        return self.owners.setdefault(call, process) if call in self.open else None

    async def renew(self, calls: Collection[str], process: str) -> set[str]:
        self._count("renew")
        return {call for call in calls if self.owners.get(call) == process}

    async def release(self, call: str, process: str) -> None:
        if self.owners.get(call) == process:
            del self.owners[call]

    async def wishes(self, call: str) -> Wishes:
        self._count("wishes")
        return self.state

    async def report(self, facts: Collection[Fact]) -> None:
        self._count("report")
        self.facts += facts

    def told(self, kind: type[Any]) -> list[Any]:
        return [fact for fact in self.facts if type(fact) is kind]


class Member:
    """A page: its socket, its media, and everything it was told."""

    def __init__(self, socket: ClientConnection, me: int, call: str = "room", *, video: bool = True) -> None:
        self.socket, self.me, self.call = socket, me, call
        self.caller = Caller(video=video)
        self.video = video
        self.told: list[dict[str, Any]] = []
        self.token: str | None = None
        self.answers = True
        self._task = asyncio.create_task(self._read())

    async def _read(self) -> None:
        async for text in self.socket:
            frame = json.loads(text)
            if frame["t"] != "call":
                continue
            self.told.append(frame)
            if frame["do"] == "welcome":
                self.token = frame["token"] or self.token
            if frame["do"] == "offer" and self.answers:
                with contextlib.suppress(InvalidStateError):  # the server hung up meanwhile
                    await self.say("answer", round=frame["round"], sdp=await self.caller.answer(frame))

    async def say(self, do: str, **members: Any) -> None:
        await self.socket.send(json.dumps({"t": "call", "call": self.call, "do": do, **members}))

    async def join(self, **more: Any) -> "Member":
        count = len(self.frames("welcome"))
        await self.say("join", state={"audio": True, "video": self.video}, **more)
        await until(lambda: len(self.frames("welcome")) > count or self.frames("no"))
        return self

    def frames(self, do: str) -> list[dict[str, Any]]:
        return [frame for frame in self.told if frame["do"] == do]

    async def hear(self, do: str, **members: Any) -> dict[str, Any]:
        def found() -> list[dict[str, Any]]:
            if self._task.done() and not self._task.cancelled():
                self._task.result()  # what ended the reading
            return [frame for frame in self.frames(do) if members.items() <= frame.items()]

        await until(found)
        return found()[-1]

    async def hears(self, who: int, source: str = "audio", more: int = 5) -> None:
        start = self.caller.of(who, source).packets
        await until(lambda: self.caller.of(who, source).packets >= start + more)

    async def close(self) -> None:
        await self.socket.close()
        await asyncio.wait([self._task])  # it ends with the socket, behind an answer that is under way
        self._task.exception()
        await self.caller.close()


class Site:
    """One process: its hub, its calls, its sockets. Several share a book (and a Redis)."""

    def __init__(self, book: FakeBook, bus: Bus, settings: MediaSettings, **options: Any) -> None:
        self.book, self.bus = book, bus
        self.doors = Doors()
        self.hub = Hub(FakeSource(), bus, self.doors, check_every=FAR, heartbeat_every=FAR)
        self.calls: Calls = open_calls(book, bus, settings, **options)
        self.address = ""
        self.members: list[Member] = []

    @property
    def room(self) -> Any:
        assert self.calls.host is not None
        return self.calls.host.owned["room"].room

    async def member(self, me: int, *, video: bool = True, call: str = "room") -> Member:
        socket = await connect(f"{self.address}/live?me={me}", max_size=None, close_timeout=1)
        member = Member(socket, me, call, video=video)
        self.members.append(member)
        return member

    async def guest(self) -> Member:
        """Somebody without an account, through the public door."""
        socket = await connect(f"{self.address}/p/live", max_size=None, close_timeout=1)
        await socket.send(json.dumps({"t": "auth", "token": "invited" * 6}))
        self.members.append(Member(socket, 9, video=False))
        return self.members[-1]

    async def wish(self, **wishes: Any) -> None:
        self.book.state = replace(self.book.state, **wishes)
        await self.calls.poke("room")


@contextlib.asynccontextmanager
async def site(
    settings: MediaSettings,
    book: FakeBook | None = None,
    bus: Bus | None = None,
    routes: Collection[BaseRoute] = (),
    **options: Any,
) -> AsyncIterator[Site]:
    made = Site(book or FakeBook(), bus or MemoryBus(), settings, **options)
    await made.bus.start()
    await made.hub.start()
    await made.calls.start()
    inner, outer = (made.calls.front(made.hub.tell, probes=probes) for probes in (True, False))
    doors = [live_route(made.hub, made.doors, calls=inner), public_route(made.hub, made.doors, calls=outer)]
    async with serving(*doors, *routes) as address:
        made.address = address
        try:
            yield made
        finally:
            await made.calls.stop()
            for member in made.members:
                await member.close()
            await made.hub.stop()
    await made.bus.stop()
