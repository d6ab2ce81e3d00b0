"""The style sheet is cut to what pages use (build/purge.js): nothing they use is missing, no name is glued from parts."""

import re
from functools import cache
from pathlib import Path

import pytest

TABLER = Path("node_modules/@tabler/core/dist/css/tabler.min.css")
CLASS = re.compile(r"\.(-?[A-Za-z_][\w-]*)")
GLUED = re.compile(r"""([A-Za-z][\w-]*-)(?:\{\{|\$\{|['"]\s*[~+%])""")
OWN = {"w-"}  # static/css/widths.css


@cache
def classes(sheet: Path) -> set[str]:
    rules = re.sub(r"/\*.*?\*/|\{[^{}]*\}", "", sheet.read_text(), flags=re.S)
    return set(CLASS.findall(rules))


def sources() -> list[Path]:
    found = [path for folder in ("templates", "static/js", "server") for path in Path(folder).rglob("*")]
    return [path for path in found if path.suffix in {".html", ".jinja", ".js", ".py"}]


def attributes(text: str) -> str:
    """What stands where classes are named."""
    return " ".join(re.findall(r"""(?:class(?:Name)?|cls)=(?:"[^"]*"|'[^']*')|classList.*|className.*""", text))


def test_no_class_in_use_was_cut() -> None:
    (built,) = Path("static/dist").glob("app-*.css")
    used = {word for path in sources() for word in re.findall(r"[\w-]+", attributes(path.read_text()))}
    known = used & classes(TABLER)
    assert len(known) > 20
    assert known <= classes(built)
    assert built.stat().st_size < 250_000, "the whole of Tabler is three times that"


@cache
def starts() -> set[str]:
    return {name[: at + 1] for name in classes(TABLER) for at, char in enumerate(name) if char == "-"}


def glued(text: str) -> set[str]:
    """Beginnings of Tabler's names that something is glued to."""
    return (set(GLUED.findall(attributes(text))) & starts()) - OWN


def test_no_class_of_tabler_is_glued_from_parts() -> None:
    assert {str(path): found for path in sources() if (found := glued(path.read_text()))} == {}


@pytest.mark.parametrize(
    "text", ['<b class="btn-{{ kind }}">', "one.className = `badge-${kind}`", """<b class="btn {{ 'btn-' ~ kind }}">"""]
)
def test_glue_is_noticed(text: str) -> None:
    assert glued(text)
