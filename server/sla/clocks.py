"""How a promise's clock runs, stands still and ends: plain functions on one clock, without a database.

First answer: from the customer's first message to the first message by a person. Next answer: from the oldest message
that nobody has answered. Solution: from opening, standing still while the case waits for the customer and after it is
solved, going on when it is opened again. Snoozing stops no clock: the customer waits all the same.
"""

from datetime import datetime, timedelta

from server.kit.hours import Calendar
from server.sla.models import SlaClock


def start(clock: SlaClock, at: datetime, calendar: Calendar, warn: int) -> None:
    clock.started_at, clock.used = at, 0
    run(clock, at, calendar, warn)


def run(clock: SlaClock, at: datetime, calendar: Calendar, warn: int) -> None:
    """From this moment on, with what is left of its time."""
    clock.resumed_at, clock.done_at = at, None
    aim(clock, clock.target, calendar, warn)


def hold(clock: SlaClock, at: datetime, calendar: Calendar) -> None:
    """It stands still; what it used is kept."""
    if clock.resumed_at is not None:
        clock.used += int(calendar.between(clock.resumed_at, at).total_seconds())
        clock.resumed_at = clock.due_at = clock.warn_at = None


def finish(clock: SlaClock, at: datetime, calendar: Calendar) -> None:
    """Kept, or late: what nobody had noticed yet is noted now."""
    if clock.due_at is not None and at > clock.due_at and clock.breached_at is None:
        clock.breached_at = clock.due_at
    hold(clock, at, calendar)
    clock.done_at = at


def aim(clock: SlaClock, target: int, calendar: Calendar, warn: int) -> None:
    """Another target, or other hours: when it is due is counted again. A promise that is not late by the new count was
    not broken."""
    clock.target = target
    if clock.resumed_at is None:
        return
    left = timedelta(minutes=target) - timedelta(seconds=clock.used)
    clock.due_at = calendar.add(clock.resumed_at, max(left, timedelta()))
    clock.warn_at = clock.due_at - timedelta(minutes=warn) if clock.due_at is not None else None


def forgive(clock: SlaClock, at: datetime) -> None:
    """After a recount: warnings and breaches that are not true any more are taken back."""
    if clock.due_at is None or clock.due_at > at:
        clock.breached_at = None
    if clock.warn_at is None or clock.warn_at > at:
        clock.warned_at = None
