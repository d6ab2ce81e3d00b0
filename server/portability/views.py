"""What the mapping's table says about each column: where it may go, and what was found in it."""

from collections.abc import Mapping
from typing import Any

from server.contacts.fields import CUSTOM, labels
from server.contacts.models import CustomField
from server.kit.access import Principal
from server.kit.pages import number
from server.kit.text import _, ngettext
from server.portability.mapping import NEW, fits, kind_names, missing_choices
from server.portability.models import ImportBatch

Group = tuple[str, list[tuple[str, str]]]


def target_groups(kind: str, known: Mapping[str, CustomField], who: Principal) -> list[Group]:
    """The choices of one column: fields, the workspace's own fields, new ones (admins)."""
    hidden = {"title", "company"} if kind == "company" else set()
    built_in = [(name, label) for name, label in labels().items() if name not in hidden]
    if kind == "contact":
        built_in[1:1] = [("first_name", _("First name")), ("last_name", _("Last name"))]
    groups: list[Group] = [(_("Fields"), built_in)]
    if known:
        groups.append((_("Own fields"), [(CUSTOM + one.key, one.label) for one in known.values()]))
    if who.is_at_least("admin"):
        groups.append((_("Make a field"), [(NEW + kind, name) for kind, name in kind_names().items()]))
    return groups


def column_views(
    batch: ImportBatch, titles: Mapping[str, str], known: Mapping[str, CustomField], who: Principal
) -> list[dict[str, object]]:
    """For the template: header, target, its title, first rows, and a remark with its colour."""
    rows, targets = batch.total, batch.options["targets"]
    views: list[dict[str, object]] = []
    for column, target in zip(batch.survey["columns"], targets, strict=True):
        custom = known.get(target.removeprefix(CUSTOM)) if target.startswith(CUSTOM) else None
        text, colour = _of_own(column, custom, who) if custom is not None else ("", "")
        if not text:
            text, colour = _remark(column, target, rows)
        shown = ", ".join(column["shown"])
        views.append(
            {
                "header": column["header"],
                "target": target,
                "title": titles.get(target, target),
                "shown": shown,
                "remark": text,
                "colour": colour,
            }
        )
    return views


def _of_own(column: Mapping[str, Any], custom: CustomField, who: Principal) -> tuple[str, str]:
    """What there is to say about a column and the workspace's own field; nothing when it simply fits."""
    fresh = missing_choices(column, custom)
    if fresh and who.is_at_least("admin"):
        return ngettext("%(num)s choice will be added", "%(num)s choices will be added", len(fresh)) % {
            "num": len(fresh)
        }, "a"
    return (_("Some cells do not fit"), "warn") if column["filled"] and not fits(column, custom) else ("", "")


def _remark(column: Mapping[str, Any], target: str, rows: int) -> tuple[str, str]:
    filled = column["filled"]
    if not target:
        return (_("left out") if filled else _("empty")), ""
    if not filled:
        return _("empty"), "warn"
    if target == "emails":
        return _valid(column["mails"], filled)
    if target.startswith(NEW):
        return _("Field will be made"), "a"
    if column["kind"] == "date" and target.startswith(CUSTOM):
        return (_("Read as month/day/year") if column["month_first"] else _("Read as a date")), "ok"
    if target == "company":
        many = number(column["distinct"]) + ("+" if column["many"] else "")
        return _("%(n)s companies") % {"n": many}, "ok"
    if filled >= rows:
        return _("All filled"), "ok"
    return _("%(n)s %% filled") % {"n": _percent(filled, rows)}, "ok" if target != "name" else "warn"


def _valid(good: int, filled: int) -> tuple[str, str]:
    if good >= filled:
        return _("All valid"), "ok"
    return _("%(n)s %% valid") % {"n": _percent(good, filled)}, "ok" if good > filled * 0.98 else "warn"


def _percent(part: int, whole: int) -> str:
    share = min(99.9, part * 100 / whole)
    return f"{share:.1f}" if share > 90 else f"{share:.0f}"
