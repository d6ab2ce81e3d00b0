"""What happens to notices. Subject: "user:5", whose they are; nobody else hears of them."""

from dataclasses import dataclass

from server.kit.events import Event, event


@event("notice.created")
@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeCreated(Event):
    kind: str
    notice: int


@event("notice.read")
@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeRead(Event):
    """`notice`: one, or None for all."""

    notice: int | None
