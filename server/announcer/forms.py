"""What admins write about the line, parsed: opening hours, texts in both languages, digits."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from server.announcer.script import KINDS
from server.kit.errors import Invalid
from server.kit.text import LANGUAGES, _, clean

LABEL, TEXT, NAME = 60, 600, 60
WAIT = (10, 300)
DIGITS = "0123456789"
VOICES = ("", "f2", "f4", "m3", "m7", "croak")  # variants that espeak-ng brings; "" its own
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


def parse_wait(text: object) -> int:
    if not (str(text).isascii() and str(text).isdigit()) or not WAIT[0] <= int(str(text)) <= WAIT[1]:
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
