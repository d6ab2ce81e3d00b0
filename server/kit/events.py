"""One row per fact. The row is the outbox, the timeline entry, the audit line and the resync log."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, ClassVar, TypeVar

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from server.kit.access import Principal
from server.kit.clock import now
from server.kit.db import Base, Tx

REACTION_DEPTH = 5


class EventRow(Base):
    __tablename__ = "event"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    position: Mapped[int | None] = mapped_column(unique=True)  # dense, given by the relay after the commit
    workspace_id: Mapped[int]
    name: Mapped[str]
    subject: Mapped[str]
    about: Mapped[str | None]
    actor_id: Mapped[int | None]
    via: Mapped[str]
    at: Mapped[datetime]
    data: Mapped[dict[str, Any]]
    quiet: Mapped[bool] = mapped_column(default=False)  # in the timeline, but no patch (bulk work)
    failures: Mapped[int] = mapped_column(default=0)
    error: Mapped[str | None]  # set: parked, shown to admins

    __table_args__ = (
        Index("ix_event_about", "workspace_id", "about", "position"),
        Index("ix_event_subject", "subject", "id"),  # the history of one thing
        Index("ix_event_pending", "id", sqlite_where=position.is_(None), postgresql_where=position.is_(None)),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A fact. `subject` is what it happened to, `about` the customer record it belongs to."""

    fact: ClassVar[str]
    subject: str
    about: str | None = None


E = TypeVar("E", bound=type[Event])
REGISTRY: dict[str, type[Event]] = {}

Reaction = Callable[[Tx, EventRow], Awaitable[None]]
REACTIONS: dict[str, list[Reaction]] = {}


def event(name: str) -> Callable[[E], E]:
    """Names a fact, "<thing>.<past verb>". Names are public: webhooks and automations read them."""

    def register(cls: E) -> E:
        cls.fact = name
        other = REGISTRY.setdefault(name, cls)
        if (other.__module__, other.__qualname__) != (cls.__module__, cls.__qualname__):
            raise RuntimeError(f"two facts are called {name}")
        REGISTRY[name] = cls
        return cls

    return register


def reacts(*names: str) -> Callable[[Reaction], Reaction]:
    """Runs in the same transaction as the fact; what it raises undoes the fact too."""

    def register(reaction: Reaction) -> Reaction:
        for name in names:
            REACTIONS.setdefault(name, []).append(reaction)
        return reaction

    return register


def fact_row(who: Principal, fact: Event, *, quiet: bool = False) -> dict[str, Any]:
    """The columns of a fact, for bulk inserts; everything else calls `emit`."""
    data = {one.name: getattr(fact, one.name) for one in fields(fact)}
    return {
        "workspace_id": who.workspace_id,
        "name": fact.fact,
        "subject": data.pop("subject"),
        "about": data.pop("about"),
        "actor_id": who.user_id,
        "via": who.via,
        "at": now(),
        "data": data,
        "quiet": quiet,
        "failures": 0,
    }


def emit(tx: Tx, who: Principal, fact: Event, *, quiet: bool = False) -> EventRow:
    """Announces a fact. It leaves with the commit and dies with the rollback."""
    row = EventRow(**fact_row(who, fact, quiet=quiet))
    tx.add(row)
    tx.info.setdefault("emitted", []).append(row)
    return row


async def run_reactions(tx: Tx) -> None:
    """Reactions to emitted facts, and to the facts they emit, until none is left."""
    emitted: list[EventRow] = tx.info.get("emitted", [])
    done = 0
    for _ in range(REACTION_DEPTH):
        fresh, done = emitted[done:], len(emitted)
        if not fresh:
            return
        await tx.flush()
        for row in fresh:
            for reaction in REACTIONS.get(row.name, ()):
                await reaction(tx, row)
    if len(emitted) > done:
        raise RuntimeError(f"reactions go deeper than {REACTION_DEPTH}: {emitted[-1].name}")
