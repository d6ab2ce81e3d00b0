"""When two members may talk to each other directly, and when they come back through the server; pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from realtime.calls.people import Someone
from realtime.calls.ports import Wishes

SETTLED = 2.0  # seconds that two must be alone before a direct path is tried
PATIENCE = 10.0  # seconds for both to say that it stands

Why = Literal["failed", "third", "guest", "recording", "hold", "voice", "left"]


@dataclass(frozen=True, slots=True)
class Turn:
    """What to tell the pair: try it (`first` offers), use it, or come back because of `why`."""

    pair: tuple[int, int]
    way: Literal["try", "on", "back"]
    why: Why | None = None


class Mesh:
    """`pair` is set while a direct path is tried or used; its first is who was there first, and offers."""

    def __init__(self) -> None:
        self.pair: tuple[int, int] | None = None
        self.on = False
        self._up: set[int] = set()
        self._begun = 0.0
        self._alone: tuple[tuple[int, int], float] | None = None
        self._failed: set[tuple[int, int, int, int]] = set()
        self._key: tuple[int, int, int, int] | None = None

    def look(self, people: Sequence[Someone], wishes: Wishes, voice: bool, now: float) -> Turn | None:
        """Called after everything that happens and at every tick."""
        why = hindrance(people, wishes, voice)
        if self.pair is not None:
            if why is None and _key(people) != self._key:
                why = "failed"  # one of them has a new connection to the server: begin anew
            if why is None and not self.on and now - self._begun >= PATIENCE:
                self._give_up()
                why = "failed"
            return self._back(why) if why is not None else None
        if why is not None:
            self._alone = None
            return None
        return self._consider(people, now)

    def said(self, who: int, up: bool) -> Turn | None:
        """One of the pair says how the direct path is."""
        if self.pair is None or who not in self.pair:
            return None
        if not up:
            self._give_up()
            return self._back("failed")
        self._up.add(who)
        if self.on or len(self._up) < 2:
            return None
        self.on = True
        return Turn(self.pair, "on")

    def may_relay(self, sender: int, to: int) -> bool:
        return self.pair is not None and sender != to and sender in self.pair and to in self.pair

    def _consider(self, people: Sequence[Someone], now: float) -> Turn | None:
        key = _key(people)
        pair = (key[0], key[2])
        if self._alone is None or self._alone[0] != pair:
            self._alone = (pair, now)
        if key in self._failed or now - self._alone[1] < SETTLED:
            return None
        self.pair, self._key, self._begun, self._up, self.on = pair, key, now, set(), False
        return Turn(pair, "try")

    def _give_up(self) -> None:
        if self._key is not None:
            self._failed.add(self._key)

    def _back(self, why: Why) -> Turn:
        assert self.pair is not None
        turn = Turn(self.pair, "back", why)
        self.pair, self._key, self.on, self._alone = None, None, False, None
        return turn


def _key(people: Sequence[Someone]) -> tuple[int, int, int, int]:
    first, second = sorted((one for one in people if one.status != "waiting"), key=lambda one: (one.joined, one.id))
    return first.id, first.round, second.id, second.round


def hindrance(people: Sequence[Someone], wishes: Wishes, voice: bool) -> Why | None:
    """Why media has to go through the server; None when it need not."""
    inside = [one for one in people if one.status != "waiting"]
    rules: tuple[tuple[bool, Why], ...] = (
        (len(inside) > 2, "third"),
        (len(inside) < 2, "left"),
        (any(not one.is_member for one in inside), "guest"),
        (wishes.recording != "off", "recording"),
        (bool(wishes.held or wishes.muted), "hold"),
        (voice, "voice"),
        (any(one.status != "here" for one in inside), "failed"),
    )
    return next((why for applies, why in rules if applies), None)
