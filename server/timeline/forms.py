"""What is written about a record, parsed: the text with its mentions, and which part of the stream is asked for."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from server.kit.forms import parse_text
from server.kit.markdown import MENTION
from server.kit.text import _

BODY_LENGTH = 20_000
SHOWS: dict[str, tuple[str, ...]] = {
    "notes": ("note.",),
    "tasks": ("task.", "checklist."),
    "files": ("file.",),
    "calls": ("call.", "recording.", "guest."),
    "changes": ("contact.",),
}


@dataclass(frozen=True, slots=True)
class NoteDraft:
    """`mentions`: addressees chosen from the list under an @, "user:5"; their names stand in the text."""

    about: str
    body: str
    mentions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NewFile:
    """Bytes that are stored already under `key`."""

    name: str
    key: str
    size: int
    type: str


def parse_body(raw: object) -> str:
    return parse_text(raw, BODY_LENGTH, _("An empty note says nothing"))


def with_mentions(body: str, chosen: Mapping[str, str], known: Collection[tuple[str, str]]) -> str:
    """Writes "@Ana Beltrán" as "@[Ana Beltrán](user:1)". `chosen` maps names to addressees picked from the list;
    other names count when one person or team alone is called so (`known`: name, addressee)."""
    names: dict[str, str] = {}
    for name, addressee in known:
        names[name] = "" if name in names else addressee
    names |= chosen
    written = (name for name, addressee in names.items() if addressee and not set("[]\n") & set(name))
    usable = sorted((name for name in written if len(name) <= 80), key=len, reverse=True)
    if not usable:
        return body
    pattern = re.compile(r"(?<![\w@])@(" + "|".join(re.escape(name) for name in usable) + r")(?!\w)")
    return pattern.sub(lambda match: f"@[{match[1]}]({names[match[1]]})", body)


def with_own_names(body: str, names: Mapping[str, str]) -> str:
    """A mention that was typed or pasted shows the name of whom it means; of somebody unknown only text is left."""

    def own(match: re.Match[str]) -> str:
        name = names.get(match[2])
        return f"@[{name}]({match[2]})" if name and not set("[]\n") & set(name) else "@" + match[1]

    return MENTION.sub(own, body)


def without_marks(body: str) -> str:
    """The text as its author typed it, for the field in which it is edited."""
    return MENTION.sub(lambda match: "@" + match[1], body)


def parse_show(text: str | None) -> str:
    return text if text in SHOWS else ""
