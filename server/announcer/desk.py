"""All callers of this process, each with an attendant of their own, and the notice that a call is recorded."""

from collections.abc import Collection

from realtime.calls.ports import Clip, Connected, Fact
from realtime.tasks import Tasks
from server.announcer import visits
from server.announcer.attending import Attendant, Player
from server.announcer.queries import attended_call
from server.announcer.script import Prompt
from server.announcer.speech import Speech
from server.identity.passwords import Passwords
from server.kit.db import Database
from server.kit.errors import NotFound


class Announcer:
    """All callers of this process, and the notice that a call is recorded."""

    def __init__(self, database: Database, speech: Speech, passwords: Passwords) -> None:
        self._database, self._speech, self._passwords = database, speech, passwords
        self._player: Player | None = None
        self._attending: dict[str, Attendant] = {}
        self._coming: set[str] = set()
        self._tasks = Tasks()

    def speak_through(self, player: Player) -> None:
        self._player = player

    def heard(self, facts: Collection[Fact]) -> None:
        """What was just written of calls that this process carries."""
        for fact in facts:
            if (attendant := self._attending.get(fact.call)) is not None:
                attendant.hear(fact)
            elif isinstance(fact, Connected) and fact.call not in self._coming and self._player is not None:
                self._coming.add(fact.call)
                self._tasks.start(self._attend(fact, self._player))

    def look(self, room: str) -> None:
        """The row of this call may have changed."""
        if (attendant := self._attending.get(room)) is not None:
            attendant.hear(None)

    async def _attend(self, fact: Connected, player: Player) -> None:
        try:
            async with self._database.transaction(read=True) as tx:
                attended = await attended_call(tx, fact.call)
        finally:
            self._coming.discard(fact.call)
        if attended is None or attended.participant_id != fact.participant:
            return
        attendant = Attendant(fact.call, attended, self._database, self._speech, self._passwords, player)
        self._attending[fact.call] = attendant
        attendant.hear(fact)
        try:
            async with self._database.transaction() as tx:
                here = await visits.attend(tx, attended.call_id, attended.script.records)
            for one in here:  # who came before there was anybody to tell
                attendant.hear(Connected(fact.call, fact.at, one))
            await attendant.run()
        except NotFound:
            return
        finally:
            del self._attending[fact.call]

    def notice(self, room: str, language: str) -> None:
        """A recording begins where the line is on: everybody in the call hears so."""
        self._tasks.start(self._notice(room, language))

    async def _notice(self, room: str, language: str) -> None:
        sounds = await self._speech.sounds(Prompt("recording"), language, "")
        if self._player is not None and sounds and room not in self._attending:
            await self._player.play(room, Clip(f"notice-{room}", str(sounds[0].path)))

    async def stop(self) -> None:
        await self._tasks.stop(patience=0.0)
