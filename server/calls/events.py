"""What happens to calls. The subject is "call:9"; about is the customer record. People are named as they were shown."""

from dataclasses import dataclass

from server.kit.events import Event, event


@event("call.started")
@dataclass(frozen=True, slots=True, kw_only=True)
class CallStarted(Event):
    kind: str


@event("call.answered")
@dataclass(frozen=True, slots=True, kw_only=True)
class CallAnswered(Event):
    """By the actor: the first of those it rang."""


@event("call.declined")
@dataclass(frozen=True, slots=True, kw_only=True)
class CallDeclined(Event):
    """By the actor; the others it goes on ringing."""


@event("call.missed")
@dataclass(frozen=True, slots=True, kw_only=True)
class CallMissed(Event):
    """Nobody answered in time. `team` and `owner`: whose it was."""

    team: int | None
    owner: int | None


@event("call.unheard")
@dataclass(frozen=True, slots=True, kw_only=True)
class CallUnheard(Event):
    """It rang for these people of a conversation or a task, and none of them came. `caller`: who began it."""

    caller: int | None
    called: list[int]


@event("call.rang")
@dataclass(frozen=True, slots=True, kw_only=True)
class CallRang(Event):
    """More people were asked to come, or the call was handed to them."""

    to_user: int | None
    to_team: int | None
    transfer: bool


@event("call.joined")
@dataclass(frozen=True, slots=True, kw_only=True)
class CallJoined(Event):
    participant: int
    name: str
    guest: bool


@event("call.left")
@dataclass(frozen=True, slots=True, kw_only=True)
class CallLeft(Event):
    participant: int
    name: str
    reason: str


@event("call.changed")
@dataclass(frozen=True, slots=True, kw_only=True)
class CallChanged(Event):
    """What a host did. `field`: locked | recording | legal_hold | muted | removed | admitted | held | host;
    `participant` for those about one."""

    field: str
    new: str
    participant: int | None = None
    name: str = ""


@event("call.consented")
@dataclass(frozen=True, slots=True, kw_only=True)
class CallConsented(Event):
    """One person's yes or no to being recorded. `sentence`: which of our words they were shown, in which version (see
    sentences.py), and in which language; "message": what was said before the tone, a yes to that message alone."""

    participant: int
    name: str
    answer: str
    words: str
    sentence: str = ""
    language: str = ""


@event("call.said")
@dataclass(frozen=True, slots=True, kw_only=True)
class CallSaid(Event):
    """In the talk of the call, which its guests read too."""

    message: int
    participant: int
    name: str
    excerpt: str


@event("call.ended")
@dataclass(frozen=True, slots=True, kw_only=True)
class CallEnded(Event):
    seconds: int
    reason: str


@event("call.recorded")
@dataclass(frozen=True, slots=True, kw_only=True)
class CallRecorded(Event):
    """The recording can be played."""

    kind: str
    seconds: int


@event("recording.removed")
@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingRemoved(Event):
    """By the actor, or by its age: `why` is asked | retention."""

    why: str


@event("recording.lost")
@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingLost(Event):
    """What one person's part of it held: they took their yes back ("withdrawn"), or its file is gone or cannot be read
    ("unreadable")."""

    name: str
    seconds: int
    why: str


@event("call.logged")
@dataclass(frozen=True, slots=True, kw_only=True)
class CallLogged(Event):
    """Made elsewhere, written down by hand."""

    direction: str
    number: str
    seconds: int
    note: str  # its beginning
    ended: str  # a moment, when it was not just now


@event("guest.invited")
@dataclass(frozen=True, slots=True, kw_only=True)
class GuestInvited(Event):
    name: str


@event("guest.uninvited")
@dataclass(frozen=True, slots=True, kw_only=True)
class GuestUninvited(Event):
    name: str


@event("guest.waiting")
@dataclass(frozen=True, slots=True, kw_only=True)
class GuestWaiting(Event):
    """In the lobby, until a member lets them in."""

    participant: int
    name: str
