"""What admins type about webhooks, parsed; the facts that can be chosen; signatures."""

import hashlib
import hmac

from server.kit.errors import Invalid
from server.kit.outbound import Unreachable, check_url
from server.kit.text import _

EVENTS = (
    "contact.created", "contact.changed", "contact.trashed", "contact.restored",
    "note.created", "note.edited", "file.added",
    "task.created", "task.assigned", "task.changed", "task.done", "task.reopened",
    "case.opened", "case.received", "case.scheduled", "case.held", "case.withdrawn", "case.answered", "case.sent",
    "case.unsent", "case.noted", "case.assigned", "case.changed", "case.moved", "case.merged", "case.split",
    "call.started", "call.ended",
)  # fmt: skip
MOST = 50  # webhooks of a workspace
TOLERANCE = 5 * 60  # seconds that a clock may be wrong


def parse_url(raw: str) -> str:
    """The shape; where it leads is looked at each time something is sent."""
    try:
        check_url(raw)
    except Unreachable:
        raise Invalid(address=_("A web address is expected here, such as https://example.org/hook")) from None
    return raw


def parse_events(raw: list[str], known: tuple[str, ...]) -> list[str]:
    if not raw or not set(raw) <= set(known):
        raise Invalid(events=_("Choose at least one event"))
    return [name for name in known if name in raw]


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """Of the moment and the very bytes, with a dot between."""
    return hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def is_signed(secret: str, timestamp: str, body: bytes, given: str, at: float) -> bool:
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) < 12 and given.isascii()):
        return False
    fits = hmac.compare_digest(signature(secret, timestamp, body), given.removeprefix("sha256=").lower())
    return bool(secret) and fits and abs(at - int(timestamp)) <= TOLERANCE
