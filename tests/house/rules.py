"""The rules of the house that no linter knows, each told of one text: what breaks it gives True."""

import ast
import functools
import re
from pathlib import Path

from jinja2 import nodes

from server.kit.pages import env

LONG = 300
CHIPS = {"_chip.html", "_cell.html"}  # an avatar: data-person is what finds it; a cell drawn by the list's macro
PERSONAL = {"_list.html", "_line.html"}  # a region that each reader fetches; a line whose `who` is the actor's name
NAMES = {"Tertulia", "· Tertulia", "Español", "English", "Español ·", "· English", "Esc", "vCard", "CSV"}


@functools.cache
def _nodes(source: str) -> list[ast.AST]:
    """What it is made of, from the outside to the inside; several rules look at the same files."""
    return list(ast.walk(ast.parse(source)))


def _calls(source: str, *names: str) -> bool:
    found = (node.func for node in _nodes(source) if isinstance(node, ast.Call))
    return any(isinstance(function, ast.Attribute) and function.attr in names for function in found)


def commits(source: str) -> bool:
    return _calls(source, "commit")


def publishes(source: str) -> bool:
    return _calls(source, "publish", "publish_raw")


def makes_sessions(source: str) -> bool:
    return bool(re.search(r"async_sessionmaker|AsyncSession\(", source))


def reaches_past_access(source: str) -> bool:
    return bool(re.search(r"\bselect\(|\btx\.get\(", source))


def raises_http_errors(source: str) -> bool:
    return "HTTPException" in source


def catches_everything(source: str) -> bool:
    handlers = (node.type for node in _nodes(source) if isinstance(node, ast.ExceptHandler))
    return any(isinstance(kind, ast.Name) and kind.id == "Exception" for kind in handlers)


def reads_names_itself(source: str) -> bool:
    return '" ".join(clean(' in source


def is_long(source: str) -> bool:
    return len(source.splitlines()) > LONG


def says_nothing(source: str) -> bool:
    module = _nodes(source)[0]
    assert isinstance(module, ast.Module)
    return bool(source.strip()) and not ast.get_docstring(module)


def lacks_a_root(source: str, name: str = "_row.html") -> bool:
    bare = re.sub(r"\{%-?\s*macro.*?endmacro\s*-?%\}", "", source, flags=re.DOTALL)
    bare = re.sub(r"\{#.*?#\}|\{%.*?%\}", "", re.sub(r"\{\{.*?\}\}", "x", bare, flags=re.DOTALL), flags=re.DOTALL)
    return not re.match(r"\s*<\w[\w-]*\s[^>]*\bid=", bare) and name not in CHIPS


def knows_the_viewer(source: str, name: str = "_row.html") -> bool:
    found = {one.name for one in env.parse(source).find_all(nodes.Name) if one.ctx == "load"}
    return "who" in found and name not in PERSONAL


def carries_style_or_handler(source: str) -> bool:
    return bool(re.search(r"\sstyle=|\son(click|load|error|submit|change)=|hx-on|javascript:", source))


def keeps_what_was_fetched(source: str) -> bool:
    """A dialog that is fetched each time it opens would take words typed into what it showed the last time."""
    return bool(re.search(r"<dialog (?![^>]*data-empty-on-close)[^>]*></dialog>", source))


def imports_the_kit(source: str) -> bool:
    return "import 'kit/_kit.jinja'" in source


def shows_bare_words(source: str) -> bool:
    """Text between tags is a call of _() or {% trans %}, a variable, or a sign."""
    source = re.sub(r"\{#.*?#\}", "", source, flags=re.DOTALL)
    source = re.sub(r"\{%-?\s*trans.*?endtrans\s*-?%\}", "", source, flags=re.DOTALL)
    source = re.sub(r"\{\{.*?\}\}|\{%.*?%\}", "", source, flags=re.DOTALL)
    source = re.sub(r"<(script|style|svg|kbd|code|noscript)\b.*?</\1>", "", source, flags=re.DOTALL)
    texts = [text.strip() for text in re.findall(r">([^<]+)<", source)]
    return any(re.search(r"[A-Za-zÁ-ú]{2,}", text) and text not in NAMES for text in texts)


def is_no_fact(name: str) -> bool:
    return not re.fullmatch(r"[a-z_]+\.[a-z_]+", name)


def has_no_macro(fact: str, template: str) -> bool:
    return not hasattr(env.get_template(template).module, fact.replace(".", "_"))


def has_no_mirror(domain: str) -> bool:
    has_pages = Path("server", domain, "web.py").exists()
    return not Path("tests", domain).is_dir() or (has_pages and not Path("templates", domain).is_dir())


def is_unnamed(setting: str, readme: str) -> bool:
    return f"`{setting.upper()}`" not in readme


def is_only_for_tests(program: str, lock: str) -> bool:
    """A program that operators are told to start and that `make run` does not install."""
    return program != "python" and not re.search(rf"^{re.escape(program)}==", lock, re.MULTILINE)


def is_untranslated(text: str, *forms: str) -> bool:
    return bool(text) and not re.fullmatch(r"[\W\d_]*", text) and not all(forms)


def loses_placeholders(text: str, form: str) -> bool:
    return not set(re.findall(r"%\((\w+)\)", form)) <= {*re.findall(r"%\((\w+)\)", text), "num"}
