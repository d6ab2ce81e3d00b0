"""The rules hold (tests/house/rules.py); that each can be broken is shown in test_able_to_fail.py."""

import re
from collections.abc import Callable, Iterable
from pathlib import Path

from server.kit.domain import discover
from server.kit.events import REGISTRY
from server.kit.live import LINES, RENDERERS, SILENT
from server.kit.pages import env
from server.settings import Settings
from tests.house import rules

DOMAINS = discover()
SOURCES = sorted(
    path for path in [*Path("server").rglob("*.py"), *Path("realtime").rglob("*.py")] if "migrations" not in path.parts
)
SERVER = [path for path in SOURCES if path.parts[0] == "server"]
HANDLING = ("web.py", "api.py", "settings.py", "profile.py")
HANDLERS = [path for path in SOURCES if path.name in HANDLING and path.parent.name not in ("server", "kit")]
TEMPLATES = sorted(Path("templates").rglob("*.html"))
SHELL = {"_nav.html", "_tabbar.html", "_overlays.html", "_error.html"}  # the frame around pages, never sent as a patch
FRAGMENTS = [path for path in TEMPLATES if path.name.startswith("_") and path.name not in SHELL]


def those(paths: Iterable[Path], rule: Callable[[str], bool]) -> list[str]:
    return [str(path) for path in paths if rule(path.read_text())]


def test_one_file_commits() -> None:
    assert those(SOURCES, rules.commits) == ["server/kit/db.py"]


def test_one_file_of_server_publishes() -> None:
    assert those(SERVER, rules.publishes) == ["server/kit/relay.py"]


def test_only_kit_makes_sessions() -> None:
    assert those(SOURCES, rules.makes_sessions) == ["server/kit/db.py"]


def test_handlers_reach_records_through_access_only() -> None:
    assert those(HANDLERS, rules.reaches_past_access) == []


def test_domains_raise_the_kit_errors_only() -> None:
    outside = [path for path in SERVER if path.parts[1] not in ("kit", "main.py")]
    assert those(outside, rules.raises_http_errors) == []


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
    assert set(those(SERVER, rules.catches_everything)) <= BROAD


def test_names_are_read_in_one_place() -> None:
    assert those(SERVER, rules.reads_names_itself) == ["server/kit/text.py"]


def test_files_stay_small() -> None:
    assert those(SOURCES, rules.is_long) == []


def test_modules_say_what_they_are_for() -> None:
    assert those(SOURCES, rules.says_nothing) == []


def test_a_fragment_has_one_root_with_an_id() -> None:
    assert [str(path) for path in FRAGMENTS if rules.lacks_a_root(path.read_text(), path.name)] == []


def test_a_fragment_knows_no_viewer() -> None:
    others = [path for path in FRAGMENTS if path.parent.name != "identity"]
    assert [str(path) for path in others if rules.knows_the_viewer(path.read_text(), path.name)] == []


def test_a_dialog_that_is_fetched_is_emptied() -> None:
    assert those(TEMPLATES, rules.keeps_what_was_fetched) == []


def test_templates_carry_no_inline_style_or_handler() -> None:
    assert those(TEMPLATES, rules.carries_style_or_handler) == []


def test_every_template_compiles() -> None:
    assert all(env.get_template(name) for name in env.list_templates())


def test_every_fact_is_shown_or_says_why_not() -> None:
    assert set(REGISTRY) - set(RENDERERS) - set(LINES) - set(SILENT) == set()


def test_fact_names_are_a_thing_and_a_past_verb() -> None:
    assert [name for name in REGISTRY if rules.is_no_fact(name)] == []


def test_every_line_of_the_timeline_has_its_macro() -> None:
    assert [name for name, (_load, template) in LINES.items() if rules.has_no_macro(name, template)] == []


def test_every_domain_has_its_mirror() -> None:
    assert [domain.name for domain in DOMAINS if rules.has_no_mirror(domain.name)] == []


def test_the_readme_names_every_setting() -> None:
    readme = Path("README.md").read_text()
    assert [name for name in Settings.model_fields if rules.is_unnamed(name, readme)] == []


def test_what_the_readme_starts_is_installed() -> None:
    lock = Path("requirements/app.lock").read_text()
    told = set(re.findall(r"\.venv/bin/([\w-]+)", Path("README.md").read_text() + Path("Procfile").read_text()))
    assert "honcho" in told
    assert [program for program in told if rules.is_only_for_tests(program, lock)] == []


def test_every_setting_says_what_it_is_for() -> None:
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []


def test_what_every_page_draws_with_is_imported_nowhere() -> None:
    """`k` is at hand (server/kit/pages.py); an import in a fragment costs more than the fragment."""
    assert those(Path("templates").rglob("*.*"), rules.imports_the_kit) == []
