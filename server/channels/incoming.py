"""Letters as they come off the wire, read into plain values. Pure: bytes in, a Letter out, whatever the bytes are."""

import email
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.header import decode_header
from email.message import Message
from email.utils import getaddresses, parsedate_to_datetime

from server.channels.markup import text_of_html
from server.channels.reports import Report, read_report
from server.kit.files import safe_name
from server.kit.text import clean, one_line

PARTS = 500
HEADER = 2000
TEXT = 200_000
GUESSED = 200  # bytes that a guess of the charset needs; below it is wrong more often than not
BARE = re.compile(r"[^@\s<>,;:\"()\[\]]{1,100}@[^@\s<>,;:\"()\[\]]{1,200}")
ID = re.compile(r"<[^<>\s]{1,500}>")
DELIVERED, PLACES = ("delivered-to", "x-original-to", "envelope-to"), 20
NEVER_ANSWERED = re.compile(r"mailer-daemon|postmaster|no-?reply|noreply|bounce", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Mailbox:
    """`address` is lower case; empty when the header held none."""

    name: str
    address: str


@dataclass(frozen=True, slots=True)
class Attachment:
    name: str
    content: bytes
    cid: str = ""


@dataclass(frozen=True, slots=True)
class Letter:
    """`text` is the plain part, or what the HTML part says; `html` is as it came, not yet made harmless."""

    message_id: str
    in_reply_to: tuple[str, ...]
    sender: Mailbox
    reply_to: Mailbox | None
    to: tuple[Mailbox, ...]
    cc: tuple[Mailbox, ...]
    subject: str
    sent_at: datetime | None
    text: str
    html: str
    attachments: tuple[Attachment, ...]
    is_automatic: bool
    report: Report | None = None  # on the delivery of a letter of ours
    delivered_to: tuple[str, ...] = ()  # where mail servers on its way say that it was going

    @property
    def is_bounce(self) -> bool:
        return self.is_automatic and bool(NEVER_ANSWERED.match(self.sender.address.partition("@")[0]))


def read_letter(raw: bytes) -> Letter:
    """Never raises for what is in the bytes: what cannot be understood is left out, the rest is kept."""
    try:
        message = email.message_from_bytes(raw)
        leaves = list(_leaves(message))
    except RecursionError:  # parts inside parts inside parts: nobody writes so
        head, _blank, body = raw.partition(b"\n\n")
        message = email.message_from_bytes(head + b"\n\n")
        message.set_payload(body[:TEXT].decode("utf-8", "replace"))
        leaves = [message]
    senders = _mailboxes(message, "from") or _mailboxes(message, "sender")
    text, html, attachments = _contents(leaves)
    return Letter(
        message_id=next(iter(_ids(message, "message-id")), ""),
        in_reply_to=tuple(dict.fromkeys([*_ids(message, "in-reply-to"), *reversed(_ids(message, "references"))])),
        sender=senders[0] if senders else Mailbox("", ""),
        reply_to=next(iter(_mailboxes(message, "reply-to")), None),
        to=tuple(_mailboxes(message, "to")),
        cc=tuple(_mailboxes(message, "cc")),
        subject=one_line(_header(message, "subject"), 500),
        sent_at=_date(message),
        text=text or text_of_html(html),
        html=html,
        attachments=tuple(attachments),
        is_automatic=_is_automatic(message),
        report=_report(message, senders[0].address if senders else ""),
        delivered_to=tuple(box.address for name in DELIVERED for box in _mailboxes(message, name))[:PLACES],
    )


def _leaves(message: Message) -> Iterator[Message]:
    """The parts that hold something, in order; a letter inside a letter counts as one part."""
    for count, part in enumerate(_walk(message)):
        if count >= PARTS:
            return
        yield part


def _walk(part: Message) -> Iterator[Message]:
    if part.get_content_maintype() == "multipart" and isinstance(part.get_payload(), list):
        for inner in part.get_payload():
            if isinstance(inner, Message):
                yield from _walk(inner)
    else:
        yield part


def _contents(leaves: list[Message]) -> tuple[str, str, list[Attachment]]:
    """(the first plain text, the first HTML, all else)."""
    text, html, attachments = "", "", []
    for number, part in enumerate(leaves, 1):
        kind, name = part.get_content_type(), _file_name(part)
        is_attached = part.get_content_disposition() == "attachment" or bool(name)
        if not is_attached and kind == "text/plain" and not text:
            text = _text(part)
        elif not is_attached and kind == "text/html" and not html:
            html = _text(part)
        elif (content := _bytes(part)) and (is_attached or not kind.startswith(("text/", "multipart/"))):
            cid = _raw_header(part, "content-id").strip("<> ")[:200]
            attachments.append(Attachment(safe_name(name) if name else _made_name(part, number), content, cid))
    return text, html, attachments


def _made_name(part: Message, number: int) -> str:
    ending = {"message/rfc822": "eml", "text/calendar": "ics"}.get(part.get_content_type(), part.get_content_subtype())
    return f"part-{number}.{re.sub(r'[^a-z0-9]', '', ending)[:8] or 'bin'}"


def _file_name(part: Message) -> str:
    try:
        return _decoded(part.get_filename() or "")
    except (LookupError, ValueError, TypeError, AttributeError):
        return ""


def _bytes(part: Message) -> bytes:
    if part.get_content_type() == "message/rfc822" or isinstance(part.get_payload(), list):
        inner = part.get_payload()
        try:
            first = inner[0] if isinstance(inner, list) and inner else None
            return first.as_bytes() if isinstance(first, Message) else b""
        except (LookupError, ValueError, TypeError, AttributeError, RecursionError):
            return b""
    try:
        content = part.get_payload(decode=True)
    except (LookupError, ValueError, AssertionError):
        content = str(part.get_payload()).encode("utf-8", "replace")
    return content if isinstance(content, bytes) else b""


def _text(part: Message) -> str:
    raw = _bytes(part)[: TEXT * 4]
    return clean(_in_charset(raw, part.get_param("charset")), TEXT)


def _in_charset(raw: bytes, declared: object) -> str:
    """As it says of itself; else UTF-8; else what a guess finds."""
    for charset in (declared if isinstance(declared, str) else "", "utf-8"):
        try:
            return raw.decode(charset.strip("\"' ") or "utf-8")
        except (LookupError, ValueError):  # unknown, or not what it says
            continue
    if len(raw) < GUESSED:
        return raw.decode("cp1252", "replace")
    from charset_normalizer import from_bytes

    guess = from_bytes(raw[:20_000]).best()
    return raw.decode(guess.encoding if guess else "cp1252", "replace")


def _values(message: Message, name: str) -> list[str]:
    """As they stood in the letter. `get` would put question marks where a header holds 8-bit letters."""
    return [str(value) for key, value in message.raw_items() if key.lower() == name]


def _raw_header(message: Message, name: str) -> str:
    return next(iter(_values(message, name)), "").encode("utf-8", "replace").decode()


def _header(message: Message, name: str) -> str:
    return clean(_decoded(next(iter(_values(message, name)), "")), HEADER)


def _eight_bit(raw: str) -> str:
    """Letters that the header holds as bare bytes."""
    if any("\udc80" <= letter <= "\udcff" for letter in raw):
        return _in_charset(raw.encode("utf-8", "surrogateescape"), "")
    return raw


def _decoded(raw: str) -> str:
    try:
        parts = decode_header(_eight_bit(raw))
    except (ValueError, AttributeError):  # base64 that is none
        return raw
    return "".join(_in_charset(part, charset) if isinstance(part, bytes) else part for part, charset in parts)


def _mailboxes(message: Message, name: str) -> list[Mailbox]:
    raw = [re.sub(r"[\r\n]+", " ", value[:HEADER]) for value in _values(message, name)]
    try:
        pairs = getaddresses([_eight_bit(value) for value in raw])
    except (ValueError, IndexError, TypeError):
        pairs = []
    # What cleaning would change is another address, perhaps somebody else's.
    found = [Mailbox(one_line(_decoded(who), 200), at.lower()) for who, at in pairs if at == clean(at, 320)]
    whole = [one for one in found if BARE.fullmatch(one.address)]
    # A header that breaks the rules may still hold addresses.
    bare = [at for value in raw for at in BARE.findall(_decoded(value))]
    return whole or [Mailbox("", at.lower()) for at in bare if at == clean(at, 320)]


def _ids(message: Message, name: str) -> list[str]:
    return ID.findall(" ".join(_raw_header(message, name).split())[:20_000])[:100]


def _date(message: Message) -> datetime | None:
    try:
        at = parsedate_to_datetime(_raw_header(message, "date"))
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _report(message: Message, sender: str) -> Report | None:
    try:
        return read_report(message, sender)
    except RecursionError:
        return None


def _is_automatic(message: Message) -> bool:
    """RFC 3834, and the headers that programs set which know it not."""
    if _raw_header(message, "auto-submitted").strip().lower() not in ("", "no"):
        return True
    if _raw_header(message, "return-path").strip() == "<>":  # nobody to answer to
        return True
    if message.get_content_type() == "multipart/report" or message.get("x-autoreply") or message.get("x-autorespond"):
        return True
    return _raw_header(message, "precedence").strip().lower() in ("bulk", "auto_reply", "junk", "list")
