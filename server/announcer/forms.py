"""What admins write about the line, parsed: opening hours, texts in both languages, digits."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from server.announcer.script import DAY, KINDS
from server.identity.forms import ZONES
from server.kit.errors import Invalid
from server.kit.text import LANGUAGES, _, clean

LABEL, TEXT, NAME = 60, 600, 60
WAIT = (10, 300)
DIGITS = "0123456789"
SPAN = re.compile(r"(\d\d?):(\d\d)\s*[-–]\s*(\d\d?):(\d\d)")
VOICES = ("", "f2", "f4", "m3", "m7", "croak")  # variants that espeak-ng brings; "" its own
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
FIELDS = ("title", "company", "owner", "phone", "email", "team")
MOST_FIELDS = 5


@dataclass(frozen=True, slots=True)
class OptionDraft:
    digit: str
    kind: str
    label: dict[str, str]
    target: str = ""
    text: dict[str, str] | None = None
    file: str = ""


def parse_both(name: str, form: Mapping[str, Any], limit: int) -> dict[str, str]:
    """{"en": …, "es": …} from name_en and name_es. One alone serves both."""
    found = {language: clean(form.get(f"{name}_{language}") or "", limit) for language in LANGUAGES}
    some = next((text for text in found.values() if text), "")
    return {language: text or some for language, text in found.items()} if some else {}


def in_language(texts: dict[str, Any], language: str) -> str:
    return str(texts.get(language) or next(iter(texts.values()), ""))


def parse_hours(days: Mapping[str, str]) -> list[list[list[int]]]:
    """ "09:00-14:00, 16:00-19:00" a day; all empty = always open."""
    found = [_spans(day, days.get(day) or "") for day in DAYS]
    return found if any(found) else []


def _spans(day: str, text: str) -> list[list[int]]:
    spans = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        match = SPAN.fullmatch(part)
        start, end = (int(match[1]) * 60 + int(match[2]), int(match[3]) * 60 + int(match[4])) if match else (-1, -1)
        if not match or not (0 <= start < DAY and 0 <= end <= DAY) or int(match[2]) > 59 or int(match[4]) > 59:
            raise Invalid(**{day: _("Hours such as 09:00-14:00, 16:00-19:00")})
        spans.append([start, end])
    return spans[:4]


def hours_text(hours: list[Any], day: int) -> str:
    """As it is typed."""
    spans = hours[day] if hours else []
    return ", ".join(f"{s // 60:02}:{s % 60:02}-{e // 60:02}:{e % 60:02}" for s, e in spans)


def parse_zone(text: str) -> str:
    if text not in ZONES:
        raise Invalid(zone=_("No such time zone"))
    return text


def parse_wait(text: object) -> int:
    if not str(text).isdigit() or not WAIT[0] <= int(str(text)) <= WAIT[1]:
        raise Invalid(wait=_("Between %(low)s and %(high)s seconds") % {"low": WAIT[0], "high": WAIT[1]})
    return int(str(text))


def parse_option(draft: OptionDraft) -> OptionDraft:
    if draft.digit not in DIGITS or len(draft.digit) != 1:
        raise Invalid(digit=_("A key from 0 to 9"))
    if draft.kind not in KINDS:
        raise Invalid(kind=_("One of these is expected: %(list)s") % {"list": ", ".join(KINDS)})
    if not draft.label and draft.kind not in ("voicemail", "self"):
        raise Invalid(label_en=_("Say what it is for"))
    if draft.kind == "text" and not draft.text:
        raise Invalid(text_en=_("Write what is to be spoken"))
    return draft
