"""Jinja2. Pages extend kit/layout.html; fragments start with an underscore, take what they name and know no viewer."""

import json
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from server.kit import text
from server.kit.clock import now
from server.kit.markdown import markdown, plain
from server.kit.phones import tel
from server.kit.unsent import why_unsent

DIST = Path("static/dist")

env = Environment(
    loader=FileSystemLoader("templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    auto_reload=False,  # else each include asks the disk whether its file is newer
    extensions=["jinja2.ext.i18n"],
)
env.install_gettext_callables(text.gettext, text.ngettext, newstyle=True)  # type: ignore[attr-defined]


def translate(message: str, **values: object) -> Markup:
    """`_("…", name=…)` in templates: the extension's own asks its context three times for each word."""
    return _plain(text.language(), message) if not values else Markup(text.gettext(message)) % values


@cache
def _plain(language: str, message: str) -> Markup:
    return Markup(text.gettext(message)) % {}


@cache
def icon(name: str, cls: str = "") -> Markup:
    """An icon of the sprite (static/icons.txt). A page shows hundreds."""
    return Markup('<svg class="{}" aria-hidden="true"><use href="{}#i-{}"/></svg>').format(
        f"icon {cls}".strip(), asset("icons.svg"), name
    )


def render(template: str, **context: Any) -> str:
    return env.get_template(template).render(**context)


@cache
def macros(template: str) -> Any:
    """The macros of a file, called from Python: for what is drawn by the hundred."""
    return env.get_template(template).module


def include_panel(template: str, inputs: dict[str, Any], about: str, heads: dict[str, int]) -> Markup:
    """A part of a page that another domain owns (see Panel)."""
    return Markup(render(template, about=about, heads=heads, **inputs))


def dom_id(kind: str, id: int, part: str = "") -> str:
    """ "task-7", or "task-7-part": the id an element has on every page that shows it."""
    return "-".join(filter(None, [kind, str(id), part]))


def about_id(about: str, part: str = "") -> str:
    """The same from a record reference: "contact:7" → "contact-7"."""
    return "-".join(filter(None, [about.replace(":", "-"), part]))


@cache
def _manifest() -> dict[str, str]:
    path = DIST / "manifest.json"
    return json.loads(path.read_text()) if path.exists() else {}


def asset(name: str) -> str:
    """The address of a built file; its name carries a hash of its content."""
    return f"/static/dist/{_manifest().get(name, name)}"


@cache
def words(language: str) -> Markup:
    """The words that the browser modules show, as JSON for a data block."""
    table = json.loads(Path("static/js/words.json").read_text())
    return Markup(json.dumps(table[language], ensure_ascii=False).replace("<", "\\u003c"))


def to_json(value: object) -> Markup:
    """For data-… attributes in single quotes and data blocks."""
    raw = json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)
    return Markup(raw.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e").replace("'", "\\u0027"))


def size(count: int) -> str:
    """Bytes for people: 1.2 MB."""
    value = float(count)
    for unit in ("B", "KB", "MB"):
        if value < 1000:
            return f"{value:.0f} {unit}" if unit in ("B", "KB") else f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:.1f} GB"


def number(value: int) -> str:
    """With the reader's thousands mark; Spanish leaves four digits alone."""
    if text.language() == "es":
        return f"{value:,}".replace(",", ".") if abs(value) >= 10_000 else str(value)
    return f"{value:,}"


env.globals.update(
    dom_id=dom_id,
    about_id=about_id,
    include_panel=include_panel,
    asset=asset,
    words=words,
    now=now,
    language=text.language,
    language_name=text.language_name,
    icon=icon,
    _=translate,
)


def quoted(words: str) -> str:
    """What somebody said, between the marks of the reader's language."""
    return text._("“%(words)s”") % {"words": words}


env.filters.update(
    markdown=markdown,
    plain=plain,
    quoted=quoted,
    json=to_json,
    size=size,
    number=number,
    hue=text.hue,
    initials=text.initials,
    tel=tel,
    why_unsent=why_unsent,
)
# At hand everywhere: importing it in each fragment costs more than drawing one.
env.globals["k"] = env.get_template("kit/_kit.jinja").module
