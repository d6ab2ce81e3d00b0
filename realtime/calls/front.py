"""The side of the sockets: asks who may come in, takes words to the owner of the call, and frames back."""

import asyncio
import contextlib
import itertools
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from realtime.bus import Bus, BusDown
from realtime.calls.envelope import KNOCK, Knock, call_channel, frame_opened, packed, process_channel
from realtime.calls.people import Address
from realtime.calls.ports import Book, Seat
from realtime.calls.words import Candidate, Join, Malformed, Probe, Said, understand
from realtime.connection import Connection
from realtime.frames import Frame, json_frame
from realtime.limits import Credits

log = logging.getLogger(__name__)
Tell = Callable[[Connection, Frame], None]
ANSWER = 5.0  # seconds for the book to say who may come in
AT_ONCE = 3  # calls that one socket may be in
CANDIDATES = 50  # a second
JOINS = 5  # in a row; then one in two seconds


@dataclass(slots=True)
class Caller:
    """One socket that has spoken of a call. `seats`: where it was let in, and under which state of its rights."""

    connection: Connection
    tell: Tell
    address: Address
    candidates: Credits
    joins: Credits
    seats: dict[str, tuple[Seat, int]] = field(default_factory=dict)
    warned: float = -1.0
    probes: bool = False


class Desk:
    """All sockets of one process that take part in calls, whichever door they came through."""

    def __init__(self, book: Book, bus: Bus, process: str, clock: Callable[[], float] = time.monotonic) -> None:
        self.process = process
        self._book, self._bus, self._clock = book, bus, clock
        self._numbers = itertools.count(1)
        self._callers: dict[int, Caller] = {}
        self._by_connection: dict[Connection, Caller] = {}

    async def start(self) -> None:
        with contextlib.suppress(BusDown):  # it is heard as soon as the bus is there
            await self._bus.subscribe(process_channel(self.process))

    def __len__(self) -> int:
        return len(self._callers)

    def caller(self, connection: Connection, tell: Tell, *, probes: bool = False) -> Caller:
        caller = self._by_connection.get(connection)
        if caller is None:
            number = next(self._numbers)
            credits = Credits(self._clock, CANDIDATES, CANDIDATES), Credits(self._clock, 0.5, JOINS)
            caller = Caller(connection, tell, Address(self.process, number), *credits, probes=probes)
            self._callers[number] = self._by_connection[connection] = caller
        return caller

    # --- to the owner

    async def said(self, caller: Caller, members: dict[str, Any]) -> None:
        try:
            said = understand(members)
        except Malformed as problem:
            self._error(caller, members.get("call"), problem.code)
            return
        if isinstance(said, Join):
            await self._join(caller, said)
        elif isinstance(said, Probe):
            await self._probe(caller, said)
        elif said.call not in caller.seats:
            self._error(caller, said.call, "join")
        elif isinstance(said, Candidate) and not caller.candidates.spend():
            if self._clock() - caller.warned >= 1:
                caller.warned = self._clock()
                self._error(caller, said.call, "candidates")
        else:
            await self._carry(caller, said)

    async def _carry(self, caller: Caller, said: Said) -> None:
        word = said.model_dump(exclude_none=True)
        await self._publish(call_channel(said.call), packed(do="word", at=list(caller.address), word=word))

    async def _join(self, caller: Caller, said: Join) -> None:
        if not caller.joins.spend() or len(caller.seats.keys() | {said.call}) > AT_ONCE:
            self._no(caller, said.call, "later")
            return
        rights = caller.connection.rights
        try:
            seat = await self._within(self._book.seat(caller.connection.person, said.call, said.token))
        except Exception:
            log.exception("a place in a call could not be asked for; refused")
            self._no(caller, said.call, "later")
            return
        if seat is None or caller.connection.closed is not None:
            self._no(caller, said.call, "away")
            return
        caller.seats[said.call] = (seat, rights)
        knock = Knock(said.call, seat, caller.address, said.state.said())
        if not await self._publish(KNOCK, knock.packed()):
            self._no(caller, said.call, "later")

    async def _probe(self, caller: Caller, said: Probe) -> None:
        """For members: their self-check. Whoever carries media answers."""
        asked = packed(do="probe", call=said.call, at=list(caller.address), sdp=said.sdp)
        if not (caller.probes and caller.joins.spend() and await self._publish(KNOCK, asked)):
            caller.tell(caller.connection, json_frame(t="call", call=said.call, do="probed", why="later"))

    async def left(self, connection: Connection) -> None:
        """The socket is gone; whether the participant is, the owner decides by the packets."""
        caller = self._by_connection.pop(connection, None)
        if caller is not None:
            del self._callers[caller.address.connection]
            for call in caller.seats:
                await self._publish(call_channel(call), packed(do="gone", at=list(caller.address)))

    # --- rights

    async def look(self) -> None:
        """Ask again for everybody whose rights have changed since they came in."""
        for caller in list(self._callers.values()):
            for call, (seat, rights) in list(caller.seats.items()):
                if caller.connection.rights != rights:
                    await self._ask_again(caller, call, seat)

    async def _ask_again(self, caller: Caller, call: str, seat: Seat) -> None:
        rights = caller.connection.rights
        try:
            now = await self._within(self._book.seat(caller.connection.person, call, None))
        except Exception:
            log.exception("a place in a call could not be asked for again; refused")
            now = None
        if now is not None and now.participant == seat.participant:
            caller.seats[call] = (seat, rights)
        else:
            await self._publish(call_channel(call), packed(do="leave", who=seat.participant, reason="rights"))

    # --- from the owner

    def heard(self, channel: str, data: bytes) -> None:
        if channel != process_channel(self.process) or (found := frame_opened(data)) is None:
            return
        number, call, do, payload = found
        caller = self._callers.get(number)
        if caller is not None:
            if do in ("bye", "no"):
                caller.seats.pop(call, None)
            caller.tell(caller.connection, Frame(payload))

    # --- inside

    async def _within(self, question: Awaitable[Seat | None]) -> Seat | None:
        async with asyncio.timeout(ANSWER):
            return await question

    async def _publish(self, channel: str, data: bytes) -> bool:
        try:
            await self._bus.publish_raw(channel, data)
        except BusDown:
            return False
        return True

    def _no(self, caller: Caller, call: str, why: str) -> None:
        caller.seats.pop(call, None)
        caller.tell(caller.connection, json_frame(t="call", call=call, do="no", why=why))

    def _error(self, caller: Caller, call: object, code: str) -> None:
        named = {"call": call} if isinstance(call, str) and len(call) <= 64 else {}
        caller.tell(caller.connection, json_frame(t="call", **named, do="err", code=code))


class Front:
    """What one door hands its sockets' call frames to (`Calls` of socket.py)."""

    def __init__(self, desk: Desk, tell: Tell, *, probes: bool) -> None:
        self._desk, self._tell, self._probes = desk, tell, probes

    async def said(self, connection: Connection, members: dict[str, Any]) -> None:
        await self._desk.said(self._desk.caller(connection, self._tell, probes=self._probes), members)

    async def left(self, connection: Connection) -> None:
        await self._desk.left(connection)
