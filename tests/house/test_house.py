"""The rules of the house that no linter knows."""

import ast
import re
from pathlib import Path

import pytest
from jinja2 import nodes

from server.kit.domain import discover
from server.kit.events import REGISTRY
from server.kit.live import LINES, RENDERERS, SILENT
from server.kit.pages import env
from server.settings import Settings

DOMAINS = discover()
SOURCES = sorted(
    path for path in [*Path("server").rglob("*.py"), *Path("realtime").rglob("*.py")] if "migrations" not in path.parts
)
HANDLING = ("web.py", "api.py", "settings.py", "profile.py")
HANDLERS = [path for path in SOURCES if path.name in HANDLING and path.parent.name not in ("server", "kit")]
FRAGMENTS = sorted(Path("templates").rglob("_*.html"))
SHELL = {"_nav.html", "_tabbar.html", "_overlays.html", "_error.html"}  # the frame around pages, never sent as a patch
LONG = 300


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def calls(path: Path, name: str) -> bool:
    return any(
        isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == name
        for node in ast.walk(tree(path))
    )


def names(paths: list[Path]) -> list[str]:
    return [str(path) for path in paths]


def test_one_file_commits() -> None:
    assert names([path for path in SOURCES if calls(path, "commit")]) == ["server/kit/db.py"]


def test_one_file_of_server_publishes() -> None:
    found = [
        path for path in SOURCES if path.parts[0] == "server" and (calls(path, "publish") or calls(path, "publish_raw"))
    ]
    assert names(found) == ["server/kit/relay.py"]


def test_only_kit_makes_sessions() -> None:
    found = [path for path in SOURCES if re.search(r"async_sessionmaker|AsyncSession\(", path.read_text())]
    assert names(found) == ["server/kit/db.py"]


def test_handlers_reach_records_through_access_only() -> None:
    assert names([path for path in HANDLERS if re.search(r"\bselect\(|\btx\.get\(", path.read_text())]) == []


def test_domains_raise_the_kit_errors_only() -> None:
    outside = [path for path in SOURCES if path.parts[0] == "server" and path.parts[1] not in ("kit", "main.py")]
    assert names([path for path in outside if "HTTPException" in path.read_text()]) == []


BROAD = {
    "server/contacts/bulk_change.py",
    "server/portability/run.py",
    "server/kit/relay.py",
    "server/kit/worker.py",
    "server/kit/migrate.py",  # a driver raises what it likes when it cannot connect
    "server/kit/mishaps.py",
    "server/kit/patches.py",
    "server/main.py",
    "server/contacts/bulk_import.py",
    "server/channels/keeper.py",
    "server/channels/doorway.py",
    "server/channels/taking.py",
}


def test_broad_excepts_stand_where_they_are_allowed() -> None:
    found = [
        str(path)
        for path in SOURCES
        if path.parts[0] == "server"
        and any(
            isinstance(node, ast.ExceptHandler) and isinstance(node.type, ast.Name) and node.type.id == "Exception"
            for node in ast.walk(tree(path))
        )
    ]
    assert set(found) <= BROAD


@pytest.mark.parametrize("path", SOURCES, ids=str)
def test_files_stay_small(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= LONG


@pytest.mark.parametrize("path", SOURCES, ids=str)
def test_modules_say_what_they_are_for(path: Path) -> None:
    source = path.read_text()
    assert not source.strip() or ast.get_docstring(ast.parse(source))


@pytest.mark.parametrize("path", [path for path in FRAGMENTS if path.name not in SHELL], ids=str)
def test_a_fragment_has_one_root_with_an_id_and_no_viewer(path: Path) -> None:
    source = re.sub(r"\{%-?\s*macro.*?endmacro\s*-?%\}", "", path.read_text(), flags=re.DOTALL)
    source = re.sub(r"\{#.*?#\}|\{%.*?%\}", "", re.sub(r"\{\{.*?\}\}", "x", source, flags=re.DOTALL), flags=re.DOTALL)
    assert re.match(r"\s*<\w[\w-]*\s[^>]*\bid=", source) or path.name in CHIPS, "its root needs an id"
    if path.parent.name != "identity":
        found = env.parse(path.read_text()).find_all(nodes.Name)
        assert path.name in PERSONAL or "who" not in {name.name for name in found if name.ctx == "load"}


CHIPS = {"_chip.html", "_cell.html"}  # an avatar: data-person is what finds it; a cell drawn by the list's macro
PERSONAL = {"_list.html", "_line.html"}  # a region that each reader fetches; a line whose `who` is the actor's name


@pytest.mark.parametrize("path", sorted(Path("templates").rglob("*.html")), ids=str)
def test_templates_carry_no_inline_style_or_handler(path: Path) -> None:
    assert not re.search(r"\sstyle=|\son(click|load|error|submit|change)=|hx-on|javascript:", path.read_text())


def test_every_template_compiles() -> None:
    assert all(env.get_template(name) for name in env.list_templates())


def test_every_fact_is_shown_or_says_why_not() -> None:
    assert set(REGISTRY) - set(RENDERERS) - set(LINES) - set(SILENT) == set()


def test_fact_names_are_a_thing_and_a_past_verb() -> None:
    assert [name for name in REGISTRY if not re.fullmatch(r"[a-z_]+\.[a-z_]+", name)] == []


def test_every_line_of_the_timeline_has_its_macro() -> None:
    for name, (_load, template) in LINES.items():
        assert hasattr(env.get_template(template).module, name.replace(".", "_")), name


@pytest.mark.parametrize("domain", DOMAINS, ids=lambda domain: domain.name)
def test_every_domain_has_its_mirror(domain: object) -> None:
    name = domain.name  # type: ignore[attr-defined]
    has_pages = Path("server", name, "web.py").exists()
    assert Path("tests", name).is_dir()
    assert not has_pages or Path("templates", name).is_dir()


def test_the_readme_names_every_setting() -> None:
    readme = Path("README.md").read_text()
    assert [name for name in Settings.model_fields if f"`{name.upper()}`" not in readme] == []


def test_every_setting_says_what_it_is_for() -> None:
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []


def test_what_every_page_draws_with_is_imported_nowhere() -> None:
    """`k` is at hand (server/kit/pages.py); an import in a fragment costs more than the fragment."""
    assert not [path for path in Path("templates").rglob("*.*") if "import 'kit/_kit.jinja'" in path.read_text()]
