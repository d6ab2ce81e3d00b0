"""Nothing on a page stays English for a Spanish reader."""

import json
from io import BytesIO
from pathlib import Path

from babel.messages.extract import extract
from babel.messages.pofile import read_po

from server.apidocs.forms import groups_of
from server.kit.api import operations_of
from server.kit.domain import discover
from server.kit.pages import env
from tests.house import rules

MARKS = ("_", "gettext", "ngettext:1,2", "ngettext")
KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2)}
CATALOGUES = sorted(Path("translations/es").glob("*.po"))


def in_python() -> set[str]:
    found: set[str] = set()
    for path in Path("server").rglob("*.py"):
        if b"_(" not in (source := path.read_bytes()) and b"gettext(" not in source:
            continue  # reading what has no call of one is most of the work
        for _line, message, _comments, _context in extract("python", BytesIO(source), KEYWORDS):
            found.add(message if isinstance(message, str) else (message or ("",))[0] or "")
    return found


def in_templates() -> set[str]:
    found: set[str] = set()
    for path in [*Path("templates").rglob("*.html"), *Path("templates").rglob("*.jinja")]:
        for _line, _function, message in env.extract_translations(path.read_text()):
            found.add(message if isinstance(message, str) else (message or ("",))[0] or "")
    return found


def in_manifests() -> set[str]:
    """Titles of the sidebar and the settings are translated where they are drawn."""
    domains = discover()
    titles = [entry.title for domain in domains for entry in domain.nav]
    return set(titles + [entry.title for domain in domains for entry in domain.settings])


def translated() -> dict[str, tuple[str, ...]]:
    words: dict[str, tuple[str, ...]] = {}
    for path in CATALOGUES:
        with path.open("rb") as file:
            for message in read_po(file, locale="es"):
                if message.id and not message.fuzzy:
                    key = message.id if isinstance(message.id, str) else message.id[0]
                    forms = (message.string,) if isinstance(message.string, str) else tuple(message.string)
                    assert words.get(key, forms) == forms, f"{key!r} is translated in two ways ({path.name})"
                    words[key] = forms
    return words


def test_every_word_is_translated() -> None:
    words = translated()
    wanted = in_python() | in_templates() | in_manifests()
    assert sorted(text for text in wanted if rules.is_untranslated(text, *words.get(text, ("",)))) == []


def test_placeholders_survive_translation() -> None:
    pairs = [(text, form) for text, forms in translated().items() for form in forms]
    assert [text for text, form in pairs if rules.loses_placeholders(text, form)] == []


def test_the_browser_s_words_stand_in_both_languages() -> None:
    table = json.loads(Path("static/js/words.json").read_text())
    assert set(table["en"]) == set(table["es"])
    assert all(table["es"].values())


def test_templates_show_no_bare_words() -> None:
    templates = sorted(Path("templates").rglob("*.html"))
    assert [str(path) for path in templates if rules.shows_bare_words(path.read_text())] == []


def test_the_words_of_the_api_are_translated() -> None:
    """Summaries and descriptions are written in English in the table of operations, and shown in the reader's language."""
    operations = operations_of(route for domain in discover() for route in domain.routes)
    entries = [entry for group in groups_of(operations).values() for entry in group]
    texts = {entry.operation.summary for entry in entries}
    texts |= {member.about for entry in entries for member in entry.parameters + entry.body if member.about}
    assert sorted(texts - set(translated())) == []
