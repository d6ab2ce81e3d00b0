"""The last messages of every topic with listeners, bounded by count, age and bytes."""

from collections import deque
from collections.abc import Callable, Collection

from realtime.frames import Frame, message_frame
from realtime.message import Message

OVERHEAD = 400  # bytes an entry costs besides its bodies


class Entry:
    """A message as it was released, with the frames that were made of it.

    `covers` says for which variants it was rendered; None = for all, as it comes from the bus.
    """

    __slots__ = ("_frames", "at", "covers", "gone", "message", "size", "spread")

    def __init__(self, message: Message, covers: Collection[str] | None, spread: int, at: float) -> None:
        self.message, self.covers, self.spread, self.at = message, covers, spread, at
        # Twice: the frames that will be made of the bodies are kept beside them.
        self.size = OVERHEAD + 2 * sum(map(len, message.bodies.values()))
        self.gone = False
        self._frames: dict[str | None, Frame] = {}

    def frame(self, variant: str) -> Frame:
        key = self.message.key(variant)
        if (made := self._frames.get(key)) is None:
            made = self._frames[key] = message_frame(self.message, variant, self.spread)
        return made

    def serves(self, variant: str) -> bool:
        return self.covers is None or variant in self.covers


class History:
    """Per topic the newest entries without holes; the oldest of all go first when the bytes run out."""

    def __init__(self, count: int, age: float, size: int, clock: Callable[[], float]) -> None:
        self._count, self._age, self._limit, self._clock = count, age, size, clock
        self._topics: dict[str, deque[Entry]] = {}
        self._arrivals: deque[Entry] = deque()
        self._entries = 0
        self.size = 0

    def add(self, message: Message, covers: Collection[str] | None = None, spread: int = 2) -> Entry:
        """Keep the next message of its topic; what does not follow the last one replaces everything."""
        entry = Entry(message, covers, spread, self._clock())
        entries = self._topics.setdefault(message.topic, deque())
        if entries and entries[-1].message.n != message.n - 1:
            self._drop(entries, len(entries))
        entries.append(entry)
        self._arrivals.append(entry)
        self._entries += 1
        self.size += entry.size
        self._drop(entries, len(entries) - self._count)
        self._shrink()
        return entry

    def after(self, topic: str, n: int, variant: str) -> list[Entry] | None:
        """The entries n+1 … newest; None when they are not all here for this variant."""
        entries = self._topics.get(topic)
        if not entries or entries[0].message.n > n + 1:
            return None
        wanted = [entry for entry in entries if entry.message.n > n]
        return wanted if all(entry.serves(variant) for entry in wanted) else None

    def replace(self, topic: str, messages: list[Message], covers: Collection[str], spread: int = 2) -> None:
        """Put what was read in place of what was kept, but for anything newer that follows it."""
        newer = [e for e in self._topics.get(topic, ()) if not messages or e.message.n > messages[-1].n]
        self.clear(topic)
        for message in messages:
            self.add(message, covers, spread)
        for entry in newer:
            self.add(entry.message, entry.covers, entry.spread)

    def clear(self, topic: str) -> None:
        if entries := self._topics.pop(topic, None):
            self._drop(entries, len(entries))

    def trim(self) -> None:
        """Forget what is too old; called now and then."""
        oldest = self._clock() - self._age
        for topic, entries in list(self._topics.items()):
            self._drop(entries, sum(entry.at < oldest for entry in entries))
            if not entries:
                del self._topics[topic]

    def _shrink(self) -> None:
        while self._arrivals and (self._arrivals[0].gone or self.size > self._limit):
            entry = self._arrivals.popleft()
            if not entry.gone:
                entries = self._topics[entry.message.topic]
                self._drop(entries, entries.index(entry) + 1)
        if len(self._arrivals) > 2 * self._entries + 1000:
            self._arrivals = deque(entry for entry in self._arrivals if not entry.gone)

    def _drop(self, entries: deque[Entry], count: int) -> None:
        for _ in range(count):
            entry = entries.popleft()
            entry.gone = True
            self._entries -= 1
            self.size -= entry.size
