"""What people agree to when they are recorded: our own sentences, as pages show them and as a yes keeps them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from server.kit.errors import Invalid
from server.kit.text import LANGUAGES, _, speaking
from server.kit.web import field


@dataclass(frozen=True, slots=True)
class Shown:
    """`name` says which sentence and which version of it: other words are another version."""

    name: str
    language: str
    words: str


def sentence(name: str) -> str:
    """In the language that is spoken now."""
    return _texts()[name]


def _texts() -> dict[str, str]:
    return {
        "before-1": _("I agree that my voice and picture are recorded"),
        "asked-1": _("This call is to be recorded. May your voice and picture be recorded?"),
        "line-1": _("I agree that my voice is recorded"),
    }


def shown_in(name: str, language: str) -> Shown:
    """A browser says which sentence it showed, never what it says."""
    if language not in LANGUAGES or name not in _texts():
        raise Invalid(sentence=_("This page is old. Load it again, and answer once more."))
    with speaking(language):
        return Shown(name, language, sentence(name))


def parse_shown(form: Mapping[str, Any]) -> Shown:
    return shown_in(field(form, "sentence", 20), field(form, "language", 5))
