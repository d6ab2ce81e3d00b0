"""Who and what there is in the demo, and when things happened."""

import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from server import demo_texts as texts
from server.kit.access import Principal
from server.kit.db import Tx
from server.kit.domain import Verb

Act = Callable[[Tx], Awaitable[Any]]


@dataclass(slots=True)
class Stage:
    """`acts` happen in the order of their moments, so that timelines read as they were lived."""

    rng: random.Random
    verbs: dict[str, Verb]
    today: datetime
    people: dict[str, Principal]
    teams: dict[str, int]
    customers: list[int]
    companies: dict[str, int]
    acts: list[tuple[datetime, Act]]

    def at(self, days: int, hour: int | None = None) -> datetime:
        """A working moment so many days ago."""
        day = self.today - timedelta(days=days)
        when = day.replace(hour=hour if hour is not None else self.rng.randint(8, 17), minute=self.rng.randint(0, 59))
        return min(when, self.today - timedelta(minutes=self.rng.randint(100, 600))) if days == 0 else when

    def moment(self, text: str) -> datetime:
        """ "40m" and "2h" ago, or "2d 09:05"."""
        if text[-1] in "mh":
            return self.today - timedelta(**{"minutes" if text[-1] == "m" else "hours": int(text[:-1])})
        days, time = text.split("d ")
        hour, minute = time.split(":")
        return (self.today - timedelta(days=int(days))).replace(hour=int(hour), minute=int(minute))

    def named(self, first: str) -> Principal:
        return next(who for name, who in self.people.items() if name.split(" ")[0] == first)

    def called_in(self, text: str) -> tuple[str, ...]:
        """Addressees of the people whose "@Name Surname" stands in the text."""
        return tuple(f"user:{who.user_id}" for name, who in self.people.items() if f"@{name}" in text)

    def anybody(self) -> Principal:
        return self.rng.choice(list(self.people.values()))

    def of(self, department: str) -> Principal:
        names = [name for name, _role, team, _language in texts.TEAM if team == department]
        return self.people[self.rng.choice(names)]
