"""Each rule of the house notices what breaks it, and takes what keeps it."""

from collections.abc import Callable
from inspect import getmembers, isfunction

import pytest
from jinja2 import TemplateSyntaxError

from server.kit.pages import env
from tests.house import rules

BROKEN: list[tuple[Callable[..., bool], tuple[str, ...], tuple[str, ...]]] = [  # rule, what breaks it, what keeps it
    (rules.commits, ("await tx.commit()",), ("await tx.flush()",)),
    (rules.publishes, ("await bus.publish(one)",), ("emit(tx, who, one)",)),
    (rules.makes_sessions, ("make = async_sessionmaker(engine)",), ("async with database.transaction(): ...",)),
    (rules.reaches_past_access, ("rows = select(Task)",), ("task = await get_task(tx, who, 7)",)),
    (rules.raises_http_errors, ("raise HTTPException(404)",), ("raise NotFound()",)),
    (rules.catches_everything, ("try: ...\nexcept Exception: ...",), ("try: ...\nexcept ValueError: ...",)),
    (rules.reads_names_itself, ('name = " ".join(clean(text, 80).split())',), ("name = one_line(text, 80)",)),
    (rules.is_long, ("x = 1\n" * 301,), ("x = 1\n" * 300,)),
    (rules.says_nothing, ("x = 1",), ('"""Why."""\nx = 1',)),
    (rules.lacks_a_root, ("<li>{{ task.title }}</li>",), ("<li id=\"{{ dom_id('task', 7) }}\"></li>",)),
    (rules.knows_the_viewer, ("<li>{{ who.name }}</li>",), ("<li>{{ task.assignee.name }}</li>",)),
    (rules.carries_style_or_handler, ('<b style="color: red">',), ('<b class="bad-t">',)),
    (rules.keeps_what_was_fetched, ('<dialog id="a"></dialog>',), ('<dialog id="a" data-empty-on-close></dialog>',)),
    (rules.imports_the_kit, ("{% import 'kit/_kit.jinja' as k %}",), ("{{ k.av(user) }}",)),
    (rules.shows_bare_words, ("<b>Save</b>",), ("<b>{{ _('Save') }}</b>",)),
    (rules.is_no_fact, ("created",), ("task.created",)),
    (rules.has_no_macro, ("task.eaten", "tasks/lines.html"), ("task.created", "tasks/lines.html")),
    (rules.has_no_mirror, ("weather",), ("tasks",)),
    (rules.is_unnamed, ("port", "`HOST`"), ("port", "`HOST` `PORT`")),
    (rules.is_only_for_tests, ("honcho", "redis==8"), ("honcho", "redis==8\nhoncho==2")),
    (rules.is_untranslated, ("Save", ""), ("Save", "Guardar")),
    (rules.loses_placeholders, ("Hello %(name)s", "Hola %(nombre)s"), ("Hello %(name)s", "Hola %(name)s")),
]


@pytest.mark.parametrize(("rule", "broken", "kept"), BROKEN)
def test_what_breaks_a_rule_is_noticed(
    rule: Callable[..., bool], broken: tuple[str, ...], kept: tuple[str, ...]
) -> None:
    assert rule(*broken)
    assert not rule(*kept)


def test_every_rule_is_tried() -> None:
    known = {rule for name, rule in getmembers(rules, isfunction) if not name.startswith("_")}
    assert known == {rule for rule, _broken, _kept in BROKEN}


def test_a_template_that_does_not_compile_is_noticed() -> None:
    with pytest.raises(TemplateSyntaxError):
        env.from_string("{% if %}")
