"""Attends to callers in the process that carries their call: feeds the dialogue, and does what it says."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Protocol

from sqlalchemy.exc import SQLAlchemyError

from realtime.calls.ports import Clip, Connected, Digit, Fact, Joined, Left, Spoken
from server.announcer import visits
from server.announcer.dialogue import Dialogue
from server.announcer.happenings import (
    Act,
    Alone,
    Came,
    Checked,
    Happening,
    Key,
    Met,
    Nobody,
    Placed,
    Said,
    Say,
    Tick,
)
from server.announcer.models import Line, LineCall
from server.announcer.pins import is_locked, note_wrong, number_row
from server.announcer.queries import Attended, known_of, place_in_queue, rings_left
from server.announcer.script import Known, Prompt
from server.announcer.speech import Sound, Speech
from server.announcer.words import text_of
from server.calls.models import Call
from server.identity.passwords import Passwords
from server.kit.db import Database, Tx
from server.kit.errors import NotFound
from server.kit.logging import log

WAITING = 64  # things that may wait to be looked at: keys beyond are lost, as is right for a flood
GONE = ("left", "lost", "failed", "removed")


class Player(Protocol):
    """What carries sound into a call (realtime/calls/calls.py)."""

    async def play(self, call: str, clip: Clip) -> None: ...

    async def hush(self, call: str, to: int | None = None) -> None: ...


class Over(Exception):
    """The talk has come to its end."""


class Attendant:
    """One caller. Everything that happens is looked at one after the other."""

    def __init__(
        self, room: str, attended: Attended, database: Database, speech: Speech, passwords: Passwords, player: Player
    ) -> None:
        self.room, self._call = room, attended
        self._database, self._speech, self._passwords, self._player = database, speech, passwords, player
        self._events: asyncio.Queue[Happening | Fact | None] = asyncio.Queue(WAITING)
        self._dialogue = Dialogue(attended.script, time.monotonic())
        self._sounds: list[Sound] = []
        self._playing: Sound | None = None
        self._saying = Say(())
        self._clips = 0
        self._paused = False
        self._team: set[int] = set()

    def hear(self, what: Fact | None) -> None:
        """A fact of the call, or None: its row may have changed."""
        if not self._events.full():
            self._events.put_nowait(what)

    async def run(self) -> None:
        try:
            while True:
                what = await self._next()
                try:
                    await self._feed(what)
                except (OSError, SQLAlchemyError) as error:
                    # The talk goes on when the database does. Without its trace, which may show what was typed.
                    log.warning("announcer.failed", error=type(error).__name__)
        except (Over, NotFound):  # NotFound: the call is over, by whoever's hand
            pass
        finally:
            self._forget()

    async def _next(self) -> Happening | Fact | None:
        due = self._dialogue.due
        try:
            async with asyncio.timeout(None if due is None else max(0.0, due - time.monotonic())):
                return await self._events.get()
        except TimeoutError:
            return Tick()

    async def _feed(self, what: Happening | Fact | None) -> None:
        for happening in [what] if isinstance(what, Happening) else await self._understand(what):
            for act in self._dialogue.feed(happening, time.monotonic()):
                await self._do(act)

    # --- what happens

    async def _understand(self, fact: Fact | None) -> list[Happening]:
        me = self._call.participant_id
        match fact:
            case None:
                return await self._look()
            case Connected(participant=one) if one == me:
                return [Came()]
            case Connected(participant=one) | Joined(participant=one, waiting=False) if one != me:
                self._team.add(one)
                return [Met()] if isinstance(fact, Connected) else []
            case Left(participant=one, reason=reason) if one == me:
                if reason in GONE:
                    await self._write(visits.hang_up)
                    raise Over
            case Left(participant=one):
                self._team.discard(one)
                return [] if self._team else [Alone()]
            case Digit(participant=one, digit=digit) if one == me:
                return [Key(digit)]
            case Spoken(clip=clip, how=how) if clip == self._clip:
                return await self._spoken(how)
        return []

    async def _look(self) -> list[Happening]:
        """At the rows, when something may have changed, and every few seconds."""
        if self._paused and not self._dialogue.is_typing:
            await self._go_on()  # what failed when it was to be done
        if self._dialogue.state != "queue":
            return []
        async with self._database.transaction(read=True) as tx:
            visit, call = await tx.get(LineCall, self._call.call_id), await tx.get(Call, self._call.call_id)
            if visit is None or call is None or not call.is_open:
                raise Over
            if call.answered_at is not None:
                return []  # they are on their way
            place, left = await place_in_queue(tx, visit), await rings_left(tx, call.id)
        if not left:
            return [Nobody()]
        if "busy" in left:
            await self._write(visits.ring_freed)
        return [Placed(place)]

    # --- what is done

    async def _do(self, act: Act) -> None:
        if isinstance(act, Say):
            return await self._say(act)
        match act.what:
            case "hush":
                self._forget()
                await self._player.hush(self.room, self._call.participant_id)
                await self._write(visits.met)
                self._paused = False
            case "ring" if act.option is not None:
                option = act.option
                await self._write(lambda tx, call_id: visits.ring(tx, call_id, option))
            case "unring":
                await self._write(visits.unring)
            case "check":
                await self._feed(Checked(await self._check(act.number, act.pin)))
            case "pause":
                self._paused = True
                await self._write(visits.pause)
            case "resume":
                await self._go_on()
            case "call_back":
                await self._write(visits.ask_back)
            case "record":
                language = self._call.script.language
                words = text_of(Prompt("leave_message"), language)
                await self._write(lambda tx, call_id: visits.begin_message(tx, call_id, words, language))
            case "keep":
                await self._write(visits.end_message)
            case "end":
                await self._write(visits.hang_up)
                raise Over

    async def _write(self, act: Callable[[Tx, int], Awaitable[None]]) -> None:
        async with self._database.transaction() as tx:
            await act(tx, self._call.call_id)

    async def _go_on(self) -> None:
        await self._write(visits.go_on)
        self._paused = False

    async def _check(self, number: str, pin: str) -> Known | None:
        """Takes as long for a number that nobody has, a locked one and a wrong PIN."""
        async with self._database.transaction(read=True) as tx:
            row = await number_row(tx, self._call.workspace_id, number)
        is_right = await self._passwords.is_right(row.pin_hash if row is not None else "", pin)
        if row is None or is_locked(row) or not is_right:
            whose = row.contact_id if row is not None else None
            await self._write(lambda tx, call_id: note_wrong(tx, call_id, whose))
            return None
        contact_id = row.contact_id
        await self._write(lambda tx, call_id: visits.identify(tx, call_id, contact_id))
        async with self._database.transaction(read=True) as tx:
            visit = await tx.get_one(LineCall, self._call.call_id)
            line = await tx.get_one(Line, visit.line_id)
            about, language = f"contact:{contact_id}", self._call.script.language
            return await known_of(tx, self._call.workspace_id, about, line.fields, language)

    # --- saying

    @property
    def _clip(self) -> str:
        return f"line-{self._call.call_id}-{self._clips}"

    async def _say(self, say: Say) -> None:
        self._forget()
        self._saying = say
        for piece in say.pieces:
            self._sounds += await self._speech.sounds(piece, self._call.script.language, say.voice)
        await self._play()

    async def _play(self) -> None:
        if not self._sounds:
            return await self._feed(Said())
        self._playing = self._sounds.pop(0)
        self._clips += 1
        to, path = self._call.participant_id, str(self._playing.path)
        await self._player.play(self.room, Clip(self._clip, path, to, self._saying.stops, self._saying.repeats))

    async def _spoken(self, how: str) -> list[Happening]:
        if how in ("ended", "failed"):
            self._drop()
            await self._play()
        elif how == "digit":
            self._forget()  # the key itself follows
        return []

    def _drop(self) -> None:
        if self._playing is not None and self._playing.passing:
            self._playing.path.unlink(missing_ok=True)
        self._playing = None

    def _forget(self) -> None:
        self._drop()
        for sound in self._sounds:
            if sound.passing:
                sound.path.unlink(missing_ok=True)
        self._sounds = []
