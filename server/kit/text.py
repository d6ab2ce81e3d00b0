"""Words in the reader's language, folding for search, and the colours and initials of people."""

import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path

LANGUAGES = ("en", "es")
CATALOGUES = Path("translations")
_language: ContextVar[str] = ContextVar("language", default="en")


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Everything rendered inside speaks this language; unknown ones fall back to English."""
    token = _language.set(language if language in LANGUAGES else "en")
    try:
        yield
    finally:
        _language.reset(token)


def language() -> str:
    return _language.get()


@cache
def catalogue(language: str) -> dict[str, tuple[str, ...]]:
    """message → its forms. One file a domain, so that a domain's words stand together."""
    from babel.messages.pofile import read_po  # not at the start: an English house never needs it

    words: dict[str, tuple[str, ...]] = {}
    for path in sorted((CATALOGUES / language).glob("*.po")):
        with path.open("rb") as file:
            for message in read_po(file, locale=language):
                if message.id and message.string and not message.fuzzy:
                    forms = (message.string,) if isinstance(message.string, str) else tuple(message.string)
                    words[message.id if isinstance(message.id, str) else message.id[0]] = forms
    return words


def gettext(message: str) -> str:
    if _language.get() == "en":
        return message
    return catalogue(_language.get()).get(message, (message,))[0] or message


def ngettext(one: str, many: str, n: int) -> str:
    if _language.get() == "en":
        return one if n == 1 else many
    forms = catalogue(_language.get()).get(one, ())
    return forms[0 if n == 1 else 1] if len(forms) > 1 and all(forms) else (one if n == 1 else many)


_ = gettext


def pick_language(header: str) -> str:
    """The first language of an Accept-Language header that we speak."""
    for part in header.split(","):
        code = part.split(";")[0].strip()[:2].lower()
        if code in LANGUAGES:
            return code
    return "en"


def language_name(code: str) -> str:
    """ "es" → "Spanish", in the reader's language; what is no code stays as it was typed."""
    from babel import Locale, UnknownLocaleError  # not at the start

    try:
        name = Locale.parse(code, sep="-").get_language_name(_language.get())
    except (UnknownLocaleError, ValueError, TypeError):
        return code
    return name[:1].upper() + name[1:] if name else code


class _WithoutMarks(dict[int, int | None]):
    """A table for str.translate that drops combining marks; it fills itself."""

    def __missing__(self, code: int) -> int | None:
        self[code] = None if unicodedata.combining(chr(code)) else code
        return self[code]


_without_marks = _WithoutMarks()


def fold(text: str) -> str:
    """Lower case without accents: "Lucía Ferrer" → "lucia ferrer"."""
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFKD", text).translate(_without_marks).casefold()


def initials(name: str) -> str:
    words = [word for word in name.split() if word[0].isalnum()]
    picked = (words[0][0] + words[-1][0]) if len(words) > 1 else (words[0][:2] if words else name.strip()[:1])
    return picked.upper() or "?"


def hue(id: int | None) -> int:
    """One of eight colours; a person keeps theirs everywhere (DESIGN.md)."""
    return (id or 0) % 8 + 1


UNSEEN = ("Cc", "Cf", "Zs", "Zl", "Zp", "Mn", "Me")
# Letters and signs without a shape: Hangul fillers, the empty Braille cell, a note without a head.
BLANK = frozenset("\u115f\u1160\u2800\u3164\uffa0\U0001d159")
TURNS = [*range(0x202A, 0x202F), *range(0x2066, 0x206A)]  # they turn round whatever stands after them
BREAKS = [0xAD, 0x200B, 0x2060, 0xFEFF]  # where a line may end; pasted along, they make two of what looks like one name
CONTROLS = [code for code in (*range(0x20), *range(0x7F, 0xA0)) if not chr(code).isspace()]
_dropped = dict.fromkeys(TURNS + BREAKS + CONTROLS)


def one_line(text: object, limit: int) -> str:
    """A name as it is kept: one line, nothing in it that turns the page round or hides; "" when nobody could see it."""
    name = " ".join(clean(text, limit).translate(_dropped).split())
    return name if (name.isascii() and name.isprintable()) or any(map(_is_seen, name)) else ""


def _is_seen(char: str) -> bool:
    return unicodedata.category(char) not in UNSEEN and char not in BLANK


def clean(text: object, limit: int) -> str:
    """Typed text without NUL, lone surrogates and outer space, at most `limit` characters."""
    plain = str(text if text is not None else "").replace("\x00", "")
    return plain.encode("utf-8", "ignore").decode().strip()[:limit]
