"""What happens to tasks. The subject is "task:7"; about is the customer record, or nothing."""

from dataclasses import dataclass

from server.kit.events import Event, event


@event("task.created")
@dataclass(frozen=True, slots=True, kw_only=True)
class TaskCreated(Event):
    title: str
    assignee: int | None
    team: int | None


@event("task.changed")
@dataclass(frozen=True, slots=True, kw_only=True)
class TaskChanged(Event):
    """One field. Of the notes the fact keeps the beginning."""

    field: str
    old: str
    new: str


@event("task.assigned")
@dataclass(frozen=True, slots=True, kw_only=True)
class TaskAssigned(Event):
    """People by number, teams by number."""

    old: int | None
    new: int | None
    old_team: int | None
    new_team: int | None


@event("task.handed")
@dataclass(frozen=True, slots=True, kw_only=True)
class TaskHanded(Event):
    """Somebody offers the task to a person or a team; it waits to be taken."""

    to_user: int | None
    to_team: int | None
    comment: str
    from_user: int | None


@event("task.taken")
@dataclass(frozen=True, slots=True, kw_only=True)
class TaskTaken(Event):
    from_user: int | None


@event("task.given_back")
@dataclass(frozen=True, slots=True, kw_only=True)
class TaskGivenBack(Event):
    """By whom it was offered to, or taken back by whoever offered it. `to_…` is where it was waiting."""

    comment: str
    from_user: int | None
    to_user: int | None
    to_team: int | None


@event("task.done")
@dataclass(frozen=True, slots=True, kw_only=True)
class TaskDone(Event):
    title: str


@event("task.reopened")
@dataclass(frozen=True, slots=True, kw_only=True)
class TaskReopened(Event):
    title: str


@event("task.removed")
@dataclass(frozen=True, slots=True, kw_only=True)
class TaskRemoved(Event):
    title: str


@event("task.restored")
@dataclass(frozen=True, slots=True, kw_only=True)
class TaskRestored(Event):
    title: str


@event("checklist.changed")
@dataclass(frozen=True, slots=True, kw_only=True)
class ChecklistChanged(Event):
    """One line of a task's checklist. `act`: added | ticked | unticked | reworded | removed."""

    item: str
    done: bool
    act: str
