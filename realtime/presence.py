"""Who looks at a record, what they edit and who is typing: kept in memory, told as deltas, never written down."""

import asyncio
import json
import logging
import secrets
from collections import deque
from collections.abc import Callable, Collection, Iterable
from typing import Any

from realtime.bus import Bus, BusDown
from realtime.connection import Connection, Outbox, Subscription
from realtime.frames import Frame, json_frame
from realtime.tasks import Tasks
from realtime.topic import Topic

log = logging.getLogger(__name__)
KINDS = frozenset({"contact", "company", "room", "task", "case", "workspace"})
ONLINE = "workspace"  # whoever listens to a topic of this kind is there, without saying `at`
DELTA_EVERY = 1.0  # seconds between two deltas of one topic
TELL_EVERY = 10.0  # seconds between two tellings of the whole set to other processes
EXPIRE = 25.0  # seconds after which a process that says nothing is taken for gone
TYPING_EVERY = 1.0  # seconds between two typing frames of one connection on one topic

TEAM, CUSTOMER = ":team", ":customer"  # two audiences of one thing; who writes for the other side is shown there

MARK = b"who "  # begins our talk on the bus, which others use as well

Find = Callable[[str], Topic | None]
People = dict[int, str | None]  # user id -> the field edited, or None


class Crowd:
    """The people at one topic: ours by connection, the other processes' as they told us."""

    def __init__(self) -> None:
        self.here: dict[Connection, str | None] = {}
        self.elsewhere: dict[str, tuple[float, People]] = {}
        self.shown: People = {}
        self.shown_at = -DELTA_EVERY
        self.timer: asyncio.TimerHandle | None = None

    def ours(self) -> People:
        return merged((c.person.id, field) for c, field in self.here.items())

    def everybody(self) -> People:
        far = (person for _, people in self.elsewhere.values() for person in people.items())
        return merged([*self.ours().items(), *far])


def merged(seen: Iterable[tuple[int, str | None]]) -> People:
    """One entry a person: of several places, one where a field is edited."""
    people: People = {}
    for person, field in seen:
        people[person] = people.get(person) or field
    return people


class Presence:
    """Tells a topic's live listeners, and nobody else; deltas only those who were shown the whole crowd before."""

    def __init__(self, bus: Bus, outbox: Outbox, tasks: Tasks, find: Find, kinds: Collection[str]) -> None:
        self._bus, self._outbox, self._tasks, self._find, self._kinds = bus, outbox, tasks, find, kinds
        self._process = secrets.token_hex(8)
        self._crowds: dict[str, Crowd] = {}
        self._at: dict[Connection, set[str]] = {}
        self._typed: dict[Connection, dict[str, float]] = {}
        self._unsaid: deque[tuple[str, bytes]] = deque()
        self._saying = False

    # --- what the hub and the socket report

    def went_live(self, connection: Connection, own: Subscription) -> None:
        """Show the whole crowd to a new listener, who must know it before any delta and after its `ok`."""
        topic = own.topic
        if not connection.person.is_member:
            return
        own.greeted = True
        if topic.kind not in self._kinds or topic.name.endswith(CUSTOMER):
            return
        if (crowd := self._crowds.get(topic.name)) is None:
            crowd = self._crowds[topic.name] = Crowd()
            self._say(topic.name, {"ask": True})
        self._outbox.put(who(topic.name, crowd.shown, {}, all_of_them=True), [connection])
        if topic.kind == ONLINE:
            self._set(topic.name, crowd, connection, None)

    def ended(self, connection: Connection, topic: Topic) -> None:
        self._away(connection, topic.name)
        if not topic.listeners and (crowd := self._crowds.pop(topic.name, None)) and crowd.timer is not None:
            crowd.timer.cancel()

    def at(self, connection: Connection, topic: str | None, editing: str | None, also: bool) -> bool:
        """The connection looks at a record it listens to; False when it does not listen or nobody is shown there."""
        if not also:
            for other in self._at.get(connection, set()) - {topic}:
                if not other.startswith(f"{ONLINE}:"):
                    self._away(connection, other)
        if topic is None:
            return True
        crowd = self._crowds.get(topic)
        if crowd is None or not self._listens(connection, topic):
            return False
        self._set(topic, crowd, connection, editing)
        return True

    def typing(self, connection: Connection, topic: str) -> bool:
        """Tell the others on the topic; False when the connection has no place to say it from. A member writes for the
        customer's side from the team's, a visitor's writing is shown to the team alone."""
        stands, shown = topic, topic
        if connection.person.is_member and topic.endswith(CUSTOMER):
            stands = topic.removesuffix(CUSTOMER) + TEAM
        elif not connection.person.is_member:
            if not topic.endswith(CUSTOMER):
                return False
            shown = topic.removesuffix(CUSTOMER) + TEAM
        if not self._listens(connection, stands):
            return False
        typed = self._typed.setdefault(connection, {})
        if now() - typed.get(topic, -TYPING_EVERY) >= TYPING_EVERY:
            typed[topic] = now()
            self._show_typing(shown, connection.person.id)
            self._say(shown, {"typing": connection.person.id})
        return True

    def here(self, topic: str) -> set[int] | None:
        """Who is there now; None when nobody in this process listens, so that it is not known here."""
        crowd = self._crowds.get(topic)
        return None if crowd is None else set(crowd.everybody())

    def gone(self, connection: Connection) -> None:
        """Called when a connection has left all its topics."""
        self._at.pop(connection, None)
        self._typed.pop(connection, None)

    # --- what other processes say

    def heard(self, topic: str, data: bytes) -> None:
        """Raw talk from the bus, our own included, and that of others, which is not for us."""
        if not data.startswith(MARK):
            return
        try:
            said = json.loads(data.removeprefix(MARK))
            if said["from"] != self._process:
                self._take(topic, said)
        except (AttributeError, KeyError, TypeError, ValueError):
            log.warning("talk of another process could not be read")

    def _take(self, topic: str, said: dict[str, Any]) -> None:
        crowd = self._crowds.get(topic)
        if "typing" in said:
            self._show_typing(topic, int(said["typing"]))
        elif crowd is None:
            return
        elif "ask" in said:
            if crowd.here:
                self._tell(topic, crowd)
        else:
            people: People = {int(person): field for person, field in said["here"].items()}
            if people:
                crowd.elsewhere[said["from"]] = (now() + EXPIRE, people)
            else:
                crowd.elsewhere.pop(said["from"], None)
            self._changed(topic, crowd)

    def refresh(self) -> None:
        """Tell our sets again and forget processes that fell silent; called every TELL_EVERY seconds."""
        at = now()
        for topic, crowd in self._crowds.items():
            if crowd.here:
                self._tell(topic, crowd)
            silent = [process for process, (until, _) in crowd.elsewhere.items() if until <= at]
            for process in silent:
                del crowd.elsewhere[process]
            if silent:
                self._changed(topic, crowd)

    # --- inside

    def _live(self, name: str, greeted: bool = False) -> list[Connection]:
        topic = self._find(name)
        return [] if topic is None else [c for c in topic.live if not greeted or topic.listeners[c].greeted]

    def _listens(self, connection: Connection, name: str) -> bool:
        topic = self._find(name)
        return topic is not None and connection in topic.live

    def _set(self, topic: str, crowd: Crowd, connection: Connection, editing: str | None) -> None:
        self._at.setdefault(connection, set()).add(topic)
        before = crowd.ours()
        crowd.here[connection] = editing
        if crowd.ours() != before:
            self._tell(topic, crowd)
            self._changed(topic, crowd)

    def _away(self, connection: Connection, topic: str) -> None:
        self._at.get(connection, set()).discard(topic)
        crowd = self._crowds.get(topic)
        if crowd is not None and connection in crowd.here:
            before = crowd.ours()
            del crowd.here[connection]
            if crowd.ours() != before:
                self._tell(topic, crowd)
                self._changed(topic, crowd)

    def _changed(self, topic: str, crowd: Crowd) -> None:
        """Show the difference, at most once every DELTA_EVERY seconds."""
        if crowd.timer is None:
            wait = max(0.0, crowd.shown_at + DELTA_EVERY - now())
            crowd.timer = asyncio.get_running_loop().call_later(wait, self._show, topic, crowd)

    def _show(self, topic: str, crowd: Crowd) -> None:
        crowd.timer, crowd.shown_at = None, now()
        before, crowd.shown = crowd.shown, crowd.everybody()
        if crowd.shown != before:
            self._outbox.put(who(topic, crowd.shown, before), self._live(topic, greeted=True))

    def _show_typing(self, topic: str, person: int) -> None:
        """Customers are told that somebody writes, never who."""
        if topic.endswith(CUSTOMER):
            visitors = [connection for connection in self._live(topic) if not connection.person.is_member]
            self._outbox.put(json_frame(t="typing", topic=topic), visitors)
            return
        others = [connection for connection in self._live(topic, greeted=True) if connection.person.id != person]
        self._outbox.put(json_frame(t="typing", topic=topic, id=person), others)

    def _tell(self, topic: str, crowd: Crowd) -> None:
        self._say(topic, {"here": {str(person): field for person, field in crowd.ours().items()}})

    def _say(self, topic: str, what: dict[str, object]) -> None:
        data = json.dumps({"from": self._process, **what}, separators=(",", ":")).encode()
        self._unsaid.append((topic, MARK + data))
        if not self._saying:
            self._saying = True
            self._tasks.start(self._publish())

    async def _publish(self) -> None:
        """One after the other: a set must not overtake a newer one."""
        try:
            while self._unsaid:
                try:
                    await self._bus.publish_raw(*self._unsaid.popleft())
                except BusDown:
                    self._unsaid.clear()  # the whole set is told again soon
        finally:
            self._saying = False


def now() -> float:
    return asyncio.get_running_loop().time()


def who(topic: str, people: People, before: People, all_of_them: bool = False) -> Frame:
    """The frame that leads from one crowd to the next; `editing` names a field or null for each id it changed for."""
    editing = {
        str(person): people.get(person)
        for person in sorted(people.keys() | before.keys())
        if person in people and people[person] != before.get(person)
    }
    join, left = sorted(people.keys() - before.keys()), sorted(before.keys() - people.keys())
    whole = {"all": True} if all_of_them else {}
    return json_frame(t="who", topic=topic, join=join, left=left, editing=editing, **whole)
