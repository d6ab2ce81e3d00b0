"""What mail servers report about our letters (RFC 3464, 6533, and others). Pure: a message in, a Report out."""

import re
from dataclasses import dataclass
from email.message import Message

from server.kit.unsent import RETURNED

ID = re.compile(r"<[^<>\s]{1,500}>")
STATUS = re.compile(r"\b([245])\.(\d{1,3})\.(\d{1,3})\b")
# RFC 3464, and RFC 6533 for addresses beyond ASCII
STATUSES = ("message/delivery-status", "message/global-delivery-status")
LETTERS = ("message/rfc822", "message/global", "message/global-headers")
FAILED = re.compile(r"^action:\s*failed\b", re.IGNORECASE | re.MULTILINE)
RECIPIENT = re.compile(
    r"^(?:final|original)-recipient:\s*[\w-]+\s*;\s*<?([^\s<>]+@[^\s<>]+)", re.IGNORECASE | re.MULTILINE
)
ADDRESS = re.compile(r"[^\s<>\"(),;:]{1,64}@[^\s<>\"(),;:]{1,190}")
BLOCKS = 200  # of a report
READ = 60_000  # characters of each part


@dataclass(frozen=True, slots=True)
class Report:
    """`ids`: letters that it may be about. `is_final`: it was not delivered and will not be. `recipients`: to whom not,
    as far as it says."""

    ids: tuple[str, ...]
    status: str
    is_final: bool
    recipients: tuple[str, ...] = ()

    @property
    def problem(self) -> str:
        return f"{RETURNED}{self.status[:20]}"


def read_report(message: Message, sender: str) -> Report | None:
    """None for what is no report on a delivery."""
    parts = [
        part for part in message.walk() if not part.is_multipart() or part.get_content_type().startswith("message/")
    ]
    status = next((part for part in parts if part.get_content_type() in STATUSES), None)
    if status is not None:
        blocks = [str(block)[:READ] for block in _blocks(status)[:BLOCKS]]
        failed = "\n".join(one for one in blocks if FAILED.search(one))  # of several recipients some may have it
        code = STATUS.search(failed)
        recipients = dict.fromkeys(one.lower() for one in RECIPIENT.findall(failed))
        return Report(_ids_of(parts, status), code[0] if code else "", bool(failed), tuple(recipients))
    if message.get_content_type() == "multipart/report" or not re.match(r"mailer-daemon|postmaster", sender):
        return None
    text = "\n".join(_plain(part) for part in parts)[: READ * 2]
    code = STATUS.search(text)
    ids, named = dict.fromkeys(ID.findall(text)), dict.fromkeys(one.lower() for one in ADDRESS.findall(text))
    is_final = code is None or code[1] == "5"
    return Report(tuple(ids)[:50], code[0] if code else "", is_final, tuple(named)[:50]) if ids else None


def _blocks(status: Message) -> list[object]:
    payload = status.get_payload()
    return list(payload) if isinstance(payload, list) else [payload]


def _ids_of(parts: list[Message], status: Message) -> tuple[str, ...]:
    """Of the letter that came back, whole or its headers alone."""
    found: list[str] = []
    for part in parts:
        if part is status:
            continue
        inner = part.get_payload()
        if part.get_content_type() in LETTERS and isinstance(inner, list) and inner and isinstance(inner[0], Message):
            found += ID.findall(str(inner[0].get("message-id", "")))
        elif part.get_content_type() in ("text/rfc822-headers", "message/rfc822-headers"):
            found += re.findall(r"^message-id:\s*(<[^<>\s]{1,500}>)", _plain(part), re.IGNORECASE | re.MULTILINE)
    return tuple(dict.fromkeys(found))[:50]


def _plain(part: Message) -> str:
    try:
        raw = part.get_payload(decode=True)
    except (LookupError, ValueError, AssertionError):
        raw = None
    return (raw.decode("utf-8", "replace") if isinstance(raw, bytes) else str(part.get_payload()))[:READ]
