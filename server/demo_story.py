"""Plays the script of the demo: talk, notes, Marcos's tasks, files, a closed record, views, and what was read since."""

from collections.abc import AsyncIterator, Sequence
from datetime import timedelta

from sqlalchemy import select

from server import demo_script as script
from server.calls.actions import add_member, come_in, end_call, log_call, start_call
from server.calls.forms import LoggedDraft
from server.calls.models import Call
from server.chat.access import visible_rooms
from server.chat.actions import create_room, join_room, mark_read, post_message, react
from server.chat.actions.rooms import record_room
from server.chat.forms import RoomDraft
from server.chat.models import Message, Room, RoomMember
from server.contacts.access import get_contact
from server.contacts.restriction import restrict_contact
from server.contacts.trash import trash_contact
from server.contacts.views import save_view
from server.demo_stage import Act, Stage
from server.kit.access import Principal
from server.kit.clock import frozen, now
from server.kit.db import Database, Tx
from server.kit.files import Files
from server.notices.access import visible_notices
from server.notices.actions import read_notice
from server.notices.models import Notice
from server.tasks.actions import create_task, finish_task, hand_over_task
from server.tasks.checklist import tick_item
from server.tasks.forms import TaskDraft
from server.tasks.models import Task
from server.timeline.actions import add_file, create_note
from server.timeline.forms import NewFile, NoteDraft

LATELY = timedelta(hours=20)  # what is older has been read
FILES = (
    ("Almadraba-oferta.csv", "text/csv", "maquina;unidades;precio\nLinea 2 grupos;2;7400\nMolino;2;980\n"),
    ("Tasting notes.txt", "text/plain", "Huila: red apple, panela. Decaf: almond, a little flat.\n"),
)


def plan_talk(stage: Stage) -> None:
    for name, topic, lines in script.ROOMS:
        _plan_lines(stage, _Place(stage, name, topic=topic), lines)
    for number, lines in script.DISCUSSIONS:
        _plan_lines(stage, _Place(stage, record=stage.customers[number]), lines)
    for one, other, lines in script.DIRECTS:
        _plan_lines(stage, _Place(stage, pair=(one, other)), lines)


class _Place:
    """A room, found or made when its first line is said."""

    def __init__(
        self, stage: Stage, name: str = "", *, topic: str = "", record: int = 0, pair: tuple[str, str] | None = None
    ) -> None:
        self.stage, self.name, self.topic, self.record, self.pair = stage, name, topic, record, pair
        self.id = 0

    async def open(self, tx: Tx, who: Principal) -> Room:
        if self.id:
            room = await tx.get(Room, self.id)
            assert room is not None
            return room
        room = await self._find(tx, who)
        self.id = room.id
        return room

    async def _find(self, tx: Tx, who: Principal) -> Room:
        if self.record:
            return await record_room(tx, who, await get_contact(tx, who, self.record))
        if self.pair is not None:
            one, other = (self.stage.named(first) for first in self.pair)
            return await create_room(tx, one, RoomDraft(kind="direct", user=other.user_id))
        known = visible_rooms(who).where(Room.kind == "room", Room.name == self.name)
        room = await tx.scalar(known) or await create_room(tx, who, RoomDraft(name=self.name, topic=self.topic))
        for person in self.stage.people.values():
            await join_room(tx, person, room)
        return room


def _plan_lines(stage: Stage, place: _Place, lines: Sequence[script.Line]) -> None:
    for line in lines:
        said: list[int] = []
        stage.acts.append((stage.moment(line.at), _say(stage, place, line.who, line.text, said)))
        for when, who, text in line.replies:
            stage.acts.append((stage.moment(when), _answer(stage, place, who, text, said)))
        for n, (emoji, names) in enumerate(line.signs):
            after = stage.moment(line.at) + timedelta(minutes=2 + n)
            stage.acts.append((after, _sign(stage, place, emoji, names.split(), said)))


def _say(stage: Stage, place: _Place, who: str, text: str, said: list[int]) -> Act:
    async def act(tx: Tx) -> None:
        room = await place.open(tx, stage.named(who))
        message = await post_message(tx, stage.named(who), room, text, None, stage.called_in(text))
        said.append(message.id)

    return act


def _answer(stage: Stage, place: _Place, who: str, text: str, said: list[int]) -> Act:
    async def act(tx: Tx) -> None:
        room = await place.open(tx, stage.named(who))
        root = await tx.get(Message, said[0])
        await post_message(tx, stage.named(who), room, text, root, stage.called_in(text))

    return act


def _sign(stage: Stage, place: _Place, emoji: str, names: list[str], said: list[int]) -> Act:
    async def act(tx: Tx) -> None:
        message = await tx.get(Message, said[0])
        assert message is not None
        for first in names:
            room = await place.open(tx, stage.named(first))
            await react(tx, stage.named(first), room, message, emoji)

    return act


def plan_notes(stage: Stage) -> None:
    for when, who, number, text in script.NOTES:
        stage.acts.append((stage.moment(when), _note(stage, who, f"contact:{stage.customers[number]}", text)))
    for when, who, company, text in script.COMPANY_NOTES:
        stage.acts.append((stage.moment(when), _note(stage, who, f"company:{stage.companies[company]}", text)))


def _note(stage: Stage, first: str, about: str, text: str) -> Act:
    who, draft = stage.named(first), NoteDraft(about, text, stage.called_in(text))
    return lambda tx: create_note(tx, who, draft)


def plan_jobs(stage: Stage) -> None:
    for job in script.JOBS:
        made: list[int] = []
        stage.acts.append((stage.moment(job.asked), _ask(stage, job, made)))
        if job.done:
            stage.acts.append((stage.moment(job.done), _finish(stage, job, made)))
        when, to, said = job.handed
        if when:
            stage.acts.append((stage.moment(when), _hand(stage, job, stage.named(to), said, made)))


def _ask(stage: Stage, job: script.Job, made: list[int]) -> Act:
    due = (stage.today + timedelta(days=job.due)).date().isoformat() if job.due is not None else ""
    about = f"contact:{stage.customers[job.customer]}" if job.customer is not None else None
    taker = stage.named(job.taker)

    async def act(tx: Tx) -> None:
        draft = TaskDraft(job.title, about, taker.user_id, None, due, job.priority, job.notes, job.steps)
        task = await create_task(tx, stage.named(job.giver), draft)
        for n in range(job.ticked):
            await tick_item(tx, taker, task, n + 1, True)
        made.append(task.id)

    return act


async def _task(tx: Tx, made: list[int]) -> Task:
    task = await tx.get_one(Task, made[0])
    await tx.refresh(task, ["assignee", "team", "handed_by", "handed_user", "handed_team"])
    return task


def _finish(stage: Stage, job: script.Job, made: list[int]) -> Act:
    async def act(tx: Tx) -> None:
        await finish_task(tx, stage.named(job.taker), await _task(tx, made))

    return act


def _hand(stage: Stage, job: script.Job, to: Principal, said: str, made: list[int]) -> Act:
    async def act(tx: Tx) -> None:
        await hand_over_task(tx, stage.named(job.taker), await _task(tx, made), user_id=to.user_id, comment=said)

    return act


def plan_calls(stage: Stage) -> None:
    """Some in a room of ours, which take their time; others made by telephone and written down."""
    for when, first, number, how, other, minutes, note in script.CALLS:
        about, at = f"contact:{stage.customers[number]}", stage.moment(when)
        if how in ("in", "out"):
            draft = LoggedDraft(about, how, "", minutes, other, note)
            stage.acts.append((at, _log(stage.named(first), draft)))
        else:
            people = [stage.named(first), stage.named(other)]
            made: list[int] = []
            stage.acts.append((at, _meet(people, about, how, made)))
            stage.acts.append((at + timedelta(minutes=minutes), _part(people[0], made)))


def _log(who: Principal, draft: LoggedDraft) -> Act:
    return lambda tx: log_call(tx, who, draft)


def _meet(people: list[Principal], about: str, how: str, made: list[int]) -> Act:
    async def act(tx: Tx) -> None:
        call, _new = await start_call(tx, people[0], about, how)
        for who in people:
            await come_in(tx, call, await add_member(tx, call, who), now())
        made.append(call.id)

    return act


def _part(who: Principal, made: list[int]) -> Act:
    async def act(tx: Tx) -> None:
        await end_call(tx, who, await tx.get_one(Call, made[0]))

    return act


async def plan_files(stage: Stage, files: Files) -> None:
    """Written to the disk now, added to the first customer's record when the play comes there."""
    for n, (name, kind, text) in enumerate(FILES):

        async def chunks(raw: bytes = text.encode()) -> AsyncIterator[bytes]:
            yield raw

        key, size, _found = await files.write(chunks())
        new = NewFile(name=name, key=key, size=size, type=kind)
        stage.acts.append((stage.moment(f"{n + 1}d 15:41"), _attach(stage, new)))


def _attach(stage: Stage, new: NewFile) -> Act:
    return lambda tx: add_file(tx, stage.named("Priya"), f"contact:{stage.customers[0]}", new)


async def last_acts(database: Database, stage: Stage) -> None:
    """After all the rest, because afterwards not everybody may touch these: a record is closed, one goes to the trash;
    and views of the list."""
    number, text = script.CLOSED
    who = stage.named("Marcos")
    with frozen(stage.today - timedelta(minutes=20)):
        async with database.transaction() as tx:
            contact = await get_contact(tx, who, stage.customers[number], "restrict")
            await restrict_contact(tx, who, contact, [f"user:{who.user_id}", f"team:{stage.teams['Accounts']}"])
            await create_note(tx, who, NoteDraft(contact.about, text))
            await trash_contact(tx, who, await get_contact(tx, who, stage.customers[script.TRASHED], "delete"))
            for name, query, shared in script.VIEWS:
                await save_view(tx, who, name, query, shared)


async def read_older(database: Database, stage: Stage) -> None:
    """Everybody has read what is older than today; Marcos also a little of today's."""
    with frozen(stage.today - timedelta(minutes=2)):
        for who in stage.people.values():
            async with database.transaction() as tx:
                await _read_rooms(tx, stage, who)
                old = visible_notices(who).where(Notice.created_at < stage.today - LATELY, Notice.read_at.is_(None))
                for notice in list(await tx.scalars(old)):
                    await read_notice(tx, who, notice)


async def _read_rooms(tx: Tx, stage: Stage, who: Principal) -> None:
    own = select(RoomMember.room_id).where(RoomMember.user_id == who.user_id)
    for room in list(await tx.scalars(visible_rooms(who).where(Room.id.in_(own)))):
        seen = select(Message.id).where(Message.room_id == room.id, Message.created_at < stage.today - LATELY)
        last = await tx.scalar(seen.order_by(Message.id.desc()).limit(1))
        if last is not None:
            await mark_read(tx, who, room, last)
