"""What admins type about rules, parsed."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from server.automation.models import METHODS, MOMENTS
from server.cases.forms import parse_case_tags, parse_priority, parse_type
from server.contacts.fields import parse_tags
from server.kit.errors import Invalid
from server.kit.text import LANGUAGES, _, clean

TEXT_LENGTH, WORDS_LENGTH = 5000, 500
MOST_DAYS, MOST_CASES = 365, 500
EVENT_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,79}")
WORD = re.compile(r"\{([^{}\n]{1,60})\}")
WORD_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
ALWAYS_KNOWN = ("first_name", "name", "company", "event")


@dataclass(frozen=True, slots=True)
class RuleDraft:
    """As typed; what is empty is left out."""

    name: str
    moment: str = "opened"
    when: Mapping[str, str] = field(default_factory=dict)
    acts: Mapping[str, str] = field(default_factory=dict)
    answer: Mapping[str, str] = field(default_factory=dict)
    stops: bool = False
    subject: Mapping[str, str] = field(default_factory=dict)  # these two of a rule for events
    letter: Mapping[str, str] = field(default_factory=dict)


def parse_moment(raw: str) -> str:
    if raw not in MOMENTS:
        raise Invalid(moment=_("A new case, each message, or an event"))
    return raw


def parse_words(raw: str) -> list[str]:
    return [word for word in (" ".join(part.split()) for part in clean(raw, WORDS_LENGTH).split(",")) if word]


def parse_when(typed: Mapping[str, str]) -> dict[str, Any]:
    """All but the references, which a verb looks up."""
    when: dict[str, Any] = {}
    if (language := typed.get("language") or "") in LANGUAGES:
        when["language"] = language
    for name in ("words", "territory"):
        if words := parse_words(typed.get(name) or ""):
            when[name] = words
    if tag := clean(typed.get("tag") or "", 60):
        when["tag"] = tag
    return when


def parse_acts(typed: Mapping[str, str], answer: Mapping[str, str]) -> dict[str, Any]:
    """All but the team."""
    acts: dict[str, Any] = {}
    if raw := typed.get("tags"):
        acts["tags"] = parse_case_tags(raw)
    if raw := typed.get("type"):
        acts["type"] = parse_type(raw)
    if raw := typed.get("priority"):
        acts["priority"] = parse_priority(raw)
    if raw := typed.get("method"):
        if raw not in METHODS:
            raise Invalid(method=_("No such way"))
        acts["method"] = raw
    if raw := clean(typed.get("skill") or "", 60):
        acts["skill"] = raw
    if texts := parse_texts(answer):
        acts["answer"] = texts
    return acts


def parse_event_names(raw: str) -> list[str]:
    names = parse_words(raw)
    if not names or not all(EVENT_NAME.fullmatch(name) for name in names):
        raise Invalid(events=_("Names such as order.shipped, with commas between"))
    return names


def parse_brings(raw: str) -> list[str]:
    names = parse_words(raw)
    if not all(WORD_NAME.fullmatch(name) for name in names):
        raise Invalid(brings=_("Names such as number or tracking, with commas between"))
    return names


def parse_letter(draft: RuleDraft, brings: list[str]) -> dict[str, dict[str, str]]:
    """Nothing when nothing is written: the event is noted on the record alone."""
    letter = {"subject": parse_texts(draft.subject), "text": parse_texts(draft.letter)}
    if not any(letter.values()):
        return {}
    for part, texts in letter.items():
        if not texts:
            raise Invalid(**{f"{part}_en": _("A letter has a subject and a text")})
        for language, text in texts.items():
            for word in WORD.findall(text):
                if word not in (*ALWAYS_KNOWN, *brings):
                    told = _("“{%(word)s}” is not among the words that the event brings") % {"word": word}
                    raise Invalid(**{f"{part}_{language}": told})
    return letter


def parse_texts(typed: Mapping[str, str]) -> dict[str, str]:
    """{"en": …, "es": …}; one alone serves both."""
    found = {language: clean(typed.get(language) or "", TEXT_LENGTH) for language in LANGUAGES}
    some = next((text for text in found.values() if text), "")
    return {language: text or some for language, text in found.items()} if some else {}


def parse_count(raw: str, name: str, most: int) -> int:
    if not (raw or "0").isdecimal() or len(raw) > 5 or int(raw or 0) > most:
        raise Invalid(**{name: _("Between 0 and %(most)s") % {"most": most}})
    return int(raw or 0)


def parse_skills(raw: str) -> list[str]:
    return parse_tags(raw.split(","))
