"""The owner of calls in this process: takes them by lease, keeps them equal to the database, gives them back."""

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Awaitable, Callable

from realtime.bus import Bus, BusDown
from realtime.calls.envelope import KNOCK, Knock, call_channel, frame_packed, opened, process_channel
from realtime.calls.media import MakeMedia
from realtime.calls.owned import Ice, Owned
from realtime.calls.people import Address, Tell
from realtime.calls.ports import Book, Fact, Recorded
from realtime.tasks import Tasks

log = logging.getLogger(__name__)
TICK = 0.25
RENEW = 3.0
FACTS = 10_000  # that may wait for a database that is away
RETELL = 1.0
ANSWER = 5.0
LEASE = 10.0  # from when it was asked for; somebody else may have the call from then on
PROBES = 4  # of the self-check at once
Probe = Callable[[str, Callable[..., None], asyncio.Event], Awaitable[None]]


class Host:
    """`prepare` gives what makes a call's media; the first time it takes a while (aiortc is imported then)."""

    def __init__(
        self,
        book: Book,
        bus: Bus,
        process: str,
        prepare: Callable[[], Awaitable[MakeMedia]],
        ice: Ice,
        probe: Probe,
        *,
        tick: float = TICK,
        renew: float = RENEW,
    ) -> None:
        self._book, self._bus, self._process, self._prepare, self._ice = book, bus, process, prepare, ice
        self._probe, self._probes = probe, 0
        self._tick, self._renew_every = tick, renew
        self.owned: dict[str, Owned] = {}
        self._opening: dict[str, list[Knock]] = {}
        self._is_leaving = False
        self._openings: set[asyncio.Task[None]] = set()
        self._closing: set[str] = set()
        self._tasks = Tasks()
        self._stopping = asyncio.Event()
        self._frames: deque[tuple[str, bytes]] = deque(maxlen=FACTS)
        self._facts: deque[Fact] = deque(maxlen=FACTS)
        self._to_send, self._to_report = asyncio.Event(), asyncio.Event()
        self._poked: set[str] = set()
        self._lost: set[str] = set()  # calls that somebody else took meanwhile

    async def start(self) -> None:
        with contextlib.suppress(BusDown):  # it is heard as soon as the bus is there
            await self._bus.subscribe(KNOCK)
        for work in (self._every(self._tick, self._look), self._every(self._renew_every, self.renew)):
            self._tasks.start(work)
        self._tasks.start(self._sending())
        self._tasks.start(self._reporting())

    async def stop(self) -> None:
        """Everybody is told to come back, recordings are finished, the calls are somebody else's."""
        self._is_leaving = True
        if self._openings:
            await asyncio.wait(self._openings)
        for call in list(self.owned):
            await self._give_up(call)
        self._stopping.set()
        self._to_send.set()
        self._to_report.set()
        await self._tasks.stop()
        await self._bus.unsubscribe(KNOCK)

    # --- what comes in

    def heard(self, channel: str, data: bytes) -> None:
        if channel != KNOCK and channel.removeprefix("call:") not in self.owned:
            return
        members = opened(data)
        if members is None or self._stopping.is_set():
            return
        try:
            if channel == KNOCK and members.get("do") == "probe":
                self._tasks.start(self._probed(members["call"], Address(*members["at"]), members["sdp"]))
            elif channel == KNOCK:
                self._knocked(Knock.read(members))
            elif members.get("do") == "poke":
                self._poke(channel.removeprefix("call:"))
            else:
                self.owned[channel.removeprefix("call:")].heard(members)
        except (KeyError, TypeError):
            log.warning("an envelope of another process could not be read")

    def _knocked(self, knock: Knock) -> None:
        if (owned := self.owned.get(knock.call)) is not None:
            if owned.is_leased:  # else whoever has the lease by now answers, and it is asked again in three seconds
                owned.knock(knock)
        elif knock.call in self._closing or self._is_leaving:
            self._send(knock.call, Tell(knock.address, {"do": "no", "why": "later"}))
        elif knock.call in self._opening:
            self._opening[knock.call].append(knock)
        else:
            self._opening[knock.call] = [knock]
            opening = self._tasks.start(self._open(knock.call))
            self._openings.add(opening)
            opening.add_done_callback(self._openings.discard)

    async def _probed(self, call: str, at: Address, sdp: str) -> None:
        def tell(**members: str) -> None:
            self._send(call, Tell(at, {"do": "probed", **members}))

        if self._probes >= PROBES:
            return tell(why="later")
        self._probes += 1
        try:
            await self._probe(sdp, tell, self._stopping)
        finally:
            self._probes -= 1

    async def _open(self, call: str) -> None:
        """Take the call if it is free; whoever owns it has heard the knock too."""
        refusal: str | None = None
        asked = asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout(ANSWER):
                owner = await self._book.claim(call, self._process)
            if owner is None:
                refusal = "away"
            elif owner == self._process:
                await self._begin(call, asked + LEASE)
        except Exception:
            log.exception("a call could not be opened")
            refusal = "later"
        for knock in self._opening.pop(call):
            if refusal is not None:
                self._send(call, Tell(knock.address, {"do": "no", "why": refusal}))
            elif call in self.owned:
                self.owned[call].knock(knock)

    async def _begin(self, call: str, until: float) -> None:
        make_media = await self._prepare()
        await self._bus.subscribe(call_channel(call))
        wishes = await self._book.wishes(call)
        owned = Owned(call, make_media, self._send, self._report, self._ice)
        owned.leased_until = until
        self.owned[call] = owned
        self._lost.discard(call)
        owned.wish(wishes)

    # --- wishes

    def _poke(self, call: str) -> None:
        if call not in self._poked:
            self._poked.add(call)
            self._tasks.start(self._wish(call))

    async def _wish(self, call: str) -> None:
        self._poked.discard(call)  # a poke from now on is about something newer
        try:
            async with asyncio.timeout(ANSWER):
                wishes = await self._book.wishes(call)
        except Exception:
            log.exception("what is wanted of a call could not be read; it is asked again soon")
            return
        if (owned := self.owned.get(call)) is not None:
            owned.wish(wishes)
            await self._end_if_over(call)

    # --- rounds

    async def _look(self) -> None:
        for call, owned in list(self.owned.items()):
            if owned.is_leased:  # after a stop of this process people look lost who talk on elsewhere
                owned.tick()
            await self._end_if_over(call)

    async def renew(self) -> None:
        """Ten more seconds for each call; one that somebody else took is theirs. And see what is wanted of each."""
        if not self.owned:
            return
        asked, until = list(self.owned), asyncio.get_running_loop().time() + LEASE
        async with asyncio.timeout(ANSWER):
            mine = await self._book.renew(asked, self._process)
        for call in asked:
            if call not in mine:
                self._lost.add(call)
                await self._give_up(call)
            else:
                if (owned := self.owned.get(call)) is not None:
                    owned.leased_until = until
                await self._wish(call)
        self._to_report.set()

    async def _end_if_over(self, call: str) -> None:
        owned = self.owned.get(call)
        if owned is not None and owned.room.over:
            await self._let_go(call, owned.close)

    async def _give_up(self, call: str) -> None:
        if (owned := self.owned.get(call)) is not None:
            await self._let_go(call, owned.restart)

    async def _let_go(self, call: str, close: Callable[[], Awaitable[None]]) -> None:
        """Nobody is let in until all is closed and the lease is free: then the call may begin anew, here or there."""
        del self.owned[call]
        self._closing.add(call)
        try:
            await close()
            await self._bus.unsubscribe(call_channel(call))
            async with asyncio.timeout(ANSWER):
                await self._book.release(call, self._process)
        except Exception:
            log.exception("a call could not be given back; its lease ends by itself")
        finally:
            self._closing.discard(call)

    async def _every(self, seconds: float, work: Callable[[], Awaitable[None]]) -> None:
        while not self._stopping.is_set():
            try:
                async with asyncio.timeout(seconds):
                    await self._stopping.wait()
            except TimeoutError:
                try:
                    await work()
                except Exception:
                    log.exception("calls could not be looked after; the next round goes on")

    # --- what goes out

    def _send(self, call: str, tell: Tell) -> None:
        self._frames.append((process_channel(tell.to.process), frame_packed(tell.to, call, tell.frame)))
        self._to_send.set()

    async def _sending(self) -> None:
        """One after the other, so that frames arrive in their order. What the bus loses, the browser misses."""
        while self._frames or not self._stopping.is_set():
            await self._to_send.wait()
            self._to_send.clear()
            while self._frames:
                try:
                    await self._bus.publish_raw(*self._frames.popleft())
                except BusDown:
                    log.warning("a frame of a call was lost: the bus is away")
            if self._stopping.is_set():
                return

    def _report(self, fact: Fact) -> None:
        self._facts.append(fact)
        self._to_report.set()

    async def _reporting(self) -> None:
        while True:
            await self._to_report.wait()
            self._to_report.clear()
            self._forget_lost()
            while told := [fact for fact in self._facts if self._may_tell(fact)]:
                try:
                    await self._book.report(told)
                except Exception:
                    log.exception("facts of calls could not be told; again in a second")
                    if self._stopping.is_set():
                        return
                    await self._rest()
                    continue
                done = {id(fact) for fact in told}
                self._facts = deque((fact for fact in self._facts if id(fact) not in done), FACTS)
            if self._stopping.is_set():
                return

    def _may_tell(self, fact: Fact) -> bool:
        """While a lease has run out nobody knows whose the call is: what happened in it waits until it is renewed."""
        owned = self.owned.get(fact.call)
        return owned is None or owned.is_leased or self._stopping.is_set()

    def _forget_lost(self) -> None:
        """Who came and went is told by whoever has the call now; what was recorded here is told in any case."""
        kept = (fact for fact in self._facts if fact.call not in self._lost or isinstance(fact, Recorded))
        self._facts = deque(kept, FACTS)

    async def _rest(self) -> None:
        try:
            async with asyncio.timeout(RETELL):
                await self._stopping.wait()
        except TimeoutError:
            pass
