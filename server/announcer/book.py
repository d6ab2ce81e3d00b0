"""The database behind the media, with the announcer listening: what happens in a call, and what becomes of its row."""

from collections.abc import Collection

from sqlalchemy import select

from realtime.calls.ports import Fact, Wishes
from server.announcer.desk import Announcer
from server.announcer.models import Line
from server.calls.alive import Marks
from server.calls.book import CallBook
from server.calls.models import Call
from server.identity.models import Workspace
from server.kit.db import Database


class AttendedBook(CallBook):
    """A CallBook that tells the announcer too, after the commit."""

    def __init__(self, database: Database, announcer: Announcer, marks: Marks) -> None:
        super().__init__(database, marks)
        self._rows, self._announcer = database, announcer
        self._recording: set[str] = set()

    async def report(self, facts: Collection[Fact]) -> None:
        await super().report(facts)
        self._announcer.heard(facts)

    async def wishes(self, call: str) -> Wishes:
        wishes = await super().wishes(call)
        self._announcer.look(call)
        if wishes.recording == "on" and call not in self._recording:
            self._recording.add(call)
            await self._notice(call)
        elif wishes.recording == "off" or wishes.ended is not None:
            self._recording.discard(call)
        return wishes

    async def _notice(self, room: str) -> None:
        found = (
            select(Workspace.language)
            .join(Call, Call.workspace_id == Workspace.id)
            .join(Line, Line.workspace_id == Workspace.id)
            .where(Call.room == room, Line.is_on)
        )
        async with self._rows.transaction(read=True) as tx:
            language = await tx.scalar(found)
        if language is not None:
            self._announcer.notice(room, language)
