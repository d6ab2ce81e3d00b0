"""Letters that we write: with the headers that keep a conversation together in every mail program."""

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime, formataddr

from markupsafe import Markup

from server.channels.incoming import Attachment
from server.kit.markdown import as_text, markdown
from server.kit.pages import render

REFERENCES = 20  # the first and the newest: header lines have an end


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A letter before it is one; `references` from the oldest to the one it answers."""

    sender: tuple[str, str]
    to: Sequence[tuple[str, str]]
    subject: str
    body: str  # Markdown
    signature: str
    message_id: str
    references: Sequence[str]
    at: datetime
    cc: Sequence[tuple[str, str]] = ()
    reply_to: str = ""  # where answers are wanted, when not at the sender's address
    attachments: Sequence[Attachment] = ()
    is_automatic: bool = False
    link: tuple[str, str] | None = None  # words and address that stand under it
    language: str = "en"


def new_message_id(address: str) -> str:
    return f"<{secrets.token_hex(16)}@{address.rpartition('@')[2]}>"


def answer_subject(subject: str, number: int) -> str:
    """ "Re: …" once, with the case's number for programs that drop the threading headers."""
    bare = re.sub(r"^(?:(?:re|rv|fwd?|aw)\s*:\s*)+", "", subject, flags=re.IGNORECASE).strip()
    mark = f"[#{number}]"
    return f"Re: {bare}" if mark in bare else f"Re: {bare} {mark}".replace("  ", " ")


def as_sent(address: str) -> str:
    """Its domain as every mail server knows it. A ValueError for what mail cannot reach."""
    local, at, domain = address.rpartition("@")
    return f"{local}{at}{domain.encode('idna').decode('ascii')}"


def _box(name: str, address: str) -> str:
    """A ValueError for what mail cannot reach, such as "ñ" before the @."""
    return formataddr((name, as_sent(address)))


def is_writable(address: str) -> bool:
    """Whether mail can reach it at all."""
    try:
        _box("", address).encode("ascii")
    except ValueError:
        return False
    return "@" in address


def compose(letter: Outgoing) -> EmailMessage:
    """A ValueError when it can be written to nobody."""
    message = EmailMessage()
    message["From"] = _box(*letter.sender)
    message["To"] = ", ".join(_box(*one) for one in letter.to)
    if letter.cc:
        message["Cc"] = ", ".join(_box(*one) for one in letter.cc)
    if letter.reply_to:
        message["Reply-To"] = _box(letter.sender[0], letter.reply_to)
    message["Subject"] = " ".join(letter.subject.split())
    message["Date"] = format_datetime(letter.at)
    message["Message-ID"] = letter.message_id
    if letter.references:
        message["In-Reply-To"] = letter.references[-1]
        message["References"] = " ".join([letter.references[0], *letter.references[1:][-REFERENCES:]])
    if letter.is_automatic:
        message["Auto-Submitted"] = "auto-replied" if letter.references else "auto-generated"
    signed = f"{as_text(letter.body)}\n\n-- \n{as_text(letter.signature)}" if letter.signature else as_text(letter.body)
    message.set_content(f"{signed}\n\n{letter.link[0]}\n{letter.link[1]}" if letter.link else signed)
    message.add_alternative(_html(letter), subtype="html")
    for file in letter.attachments:
        message.add_attachment(file.content, maintype="application", subtype="octet-stream", filename=file.name)
    return message


def _html(letter: Outgoing) -> str:
    """One template for all letters. Mail programs drop style sheets, so each element carries its own style."""
    import css_inline  # not at the start: most processes write no letters

    whole = render(
        "channels/letter.html",
        body=Markup(markdown(letter.body)),
        signature=Markup(markdown(letter.signature)) if letter.signature else "",
        house=letter.sender[0],
        subject=letter.subject,
        language=letter.language,
        link=letter.link,
    )
    style = render("channels/letter.css")
    return str(css_inline.CSSInliner(load_remote_stylesheets=False, extra_css=style).inline(whole))
