"""One call that this process owns: its room and its media, kept equal to each other."""

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Any

from realtime.calls.envelope import Knock
from realtime.calls.media import MakeMedia
from realtime.calls.people import Address, Note, Plan, Tell
from realtime.calls.ports import Clip, Fact, Wishes
from realtime.calls.rooms import Room
from realtime.calls.words import Answer, Candidate, Digit, Malformed, understand

log = logging.getLogger(__name__)
Send = Callable[[str, Tell], None]
Report = Callable[[Fact], None]
Ice = Callable[[str], list[dict[str, Any]]]


class Owned:
    """Told of media.py. Everything happens in the loop, one thing after the other, without waiting."""

    def __init__(self, call: str, make_media: MakeMedia, send: Send, report: Report, ice: Ice) -> None:
        self.call = call
        self.room = Room(call, self._now(), time.time())
        self._send, self._report, self._ice = send, report, ice
        self._plan: Plan | None = None
        self._quality: dict[int, int] = {}
        self._seconds = self._now()
        self._busy = False
        self.leased_until = float("inf")
        self.media = make_media(call, self)

    def _now(self) -> float:
        return asyncio.get_running_loop().time()

    @property
    def is_leased(self) -> bool:
        """By our own clock: when it is not, somebody else may carry the call by now."""
        return self._now() < self.leased_until

    # --- from outside

    def knock(self, knock: Knock) -> None:
        ice = self._ice(f"{self.call}.{knock.seat.participant}")
        self.room.join(knock.seat, knock.address, knock.on, ice, self._now())
        self.settle()

    def heard(self, members: dict[str, Any]) -> None:
        """One envelope of "call:<id>"."""
        match members.get("do"):
            case "word":
                self._word(Address(*members["at"]), members["word"])
            case "gone":
                self.room.gone(Address(*members["at"]), self._now())
            case "leave":
                self.room.leave(members["who"], members.get("reason", "left"), self._now())
            case "play":
                self.media.play(Clip(*members["clip"]))
            case "hush":
                self.media.hush(members["to"])
        self.settle()

    def _word(self, address: Address, word: dict[str, Any]) -> None:
        try:
            said = understand(word)
        except Malformed:
            return
        one = self.room.who(address)
        match said:
            case Answer() if one is not None:
                self.media.answered(one.id, said.round, said.sdp)
            case Candidate() if one is not None:
                self.media.candidate(one.id, said.round, said.candidate, said.mid)
            case Digit() if one is not None:
                self.media.pressed(one.id, said.digit)
            case _:
                self.room.word(address, said, self._now())

    def wish(self, wishes: Wishes) -> None:
        self.room.wish(wishes, self._now())
        self.settle()

    def tick(self) -> None:
        now = self._now()
        self.room.tick(now, self.media.heard())
        self.room.speaks(self.media.speaker(now))
        if now - self._seconds >= 1:
            self._seconds = now
            self.media.second(now)
            quality = dict(self.media.quality(now))
            if quality != self._quality:
                self._quality = quality
                self.room.quality(quality)
        self.settle()

    # --- from the media

    def offered(self, who: int, frame: dict[str, Any]) -> None:
        self.room.tell(who, **frame)
        self.settle()

    def connected(self, who: int, round_: int) -> None:
        self.room.connected(who, round_, self._now())
        self.settle()

    def failed(self, who: int, round_: int, why: str) -> None:
        log.info("call %s: the connection of participant %d failed: %s", self.call, who, why)
        self.room.failed(who, round_, why, self._now())
        self.settle()

    def noted(self, fact: Fact) -> None:
        self._report(fact)
        self.settle()

    # --- settling

    def settle(self) -> None:
        """Say what is to be said, and make the media equal to the plan; what that brings about is settled too."""
        if self._busy:
            return
        self._busy = True
        try:
            self._say()
            while True:
                self.room.voice = self.media.speaks
                plan = self.room.plan()
                if plan != self._plan:
                    self._plan = plan
                    self.media.apply(plan)
                elif not self._say():
                    return
        finally:
            self._busy = False

    def _say(self) -> bool:
        commands = self.room.take()
        for command in commands:
            if isinstance(command, Note):
                self._report(command.fact)
            else:
                self._send(self.call, command)
        return bool(commands)

    async def close(self) -> None:
        await self.media.close()
        self._say()

    async def restart(self) -> None:
        self.room.restart(self._now())
        self._say()
        await self.media.close()
