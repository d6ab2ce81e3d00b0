"""From a row of cells to the values of a record, by the plan. Says in which column something is wrong."""

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from server.contacts.bulk_import import Known, NewRow, parse_value
from server.contacts.fields import CUSTOM
from server.kit.errors import Invalid
from server.kit.sheets import unguard
from server.kit.text import _
from server.portability.mapping import PARTS, Plan
from server.portability.tables import Record

BLANKS = ("", "-", "n/a", "null")  # what stands for nothing where a number or a date is expected
DATE = re.compile(r"(\d\d?)([/.])(\d\d?)([/.]\d{4})\Z")
BETWEEN = {"emails": re.compile(r"[\n;,](?![^()]*\))"), "phones": re.compile(r"[\n;](?![^()]*\))")}
REMEMBERED = 5_000  # parsed values
KEPT_CELL = 2000  # characters of a cell that a failure keeps


@dataclass(slots=True)
class Refused(Exception):
    """A row that does not get in: where and why."""

    column: str
    reason: str


def parse_row(record: Record, plan: Plan, known: Known) -> NewRow | None:
    """None: nothing stands in the row. A cell that cannot be read is left out and told, unless the row is known by
    it or is called by it."""
    if record.error:
        raise Refused("", record.error)
    raw: dict[str, Any] = {}
    for n, (cell, target) in enumerate(zip(record.cells, plan.targets, strict=False)):
        if target and cell:
            _take(raw, target, cell, n in plan.month_first)
    if not raw:
        return None
    if any(part in raw for part in PARTS):
        raw["name"] = " ".join(raw.pop(part) for part in PARTS if part in raw)
    stood_in = ""  # the field that the row takes its name from, which then cannot be left out
    if "name" not in raw and (name := _stand_in(raw, record)):
        stood_in = next((target for target in ("emails", "phones") if target in raw), "")
        raw["name"] = name
    row = NewRow(record.line, {})
    for target, value in raw.items():
        try:
            found = _value(target, value, plan, known)
        except Invalid as error:
            found = _readable(target, value, known)
            if target == "name" or (target in (plan.key, stood_in) and not found):
                raise Refused(plan.column_of(target), error.message) from None
            row.flaws.append((target, error.message))
        if found is not None:
            row.values[target] = found
    if not row.values.get("name"):
        raise Refused(plan.column_of("name"), _("A name is needed"))
    row.prepare()
    return row


def _readable(target: str, raw: Any, known: Known) -> list[Any] | None:
    """Of several mails or numbers in one row, those that are some."""
    good: list[Any] = []
    for one in raw if isinstance(raw, list) else ():
        with suppress(Invalid):
            good += parse_value(target, [one], known)
    return good or None


def _value(target: str, raw: Any, plan: Plan, known: Known) -> Any:
    """None: nothing. Fields of the workspace hold the same few values again and again, so those are remembered."""
    if not target.startswith(CUSTOM) or not isinstance(raw, str):
        return parse_value(target, raw, known)
    if (target, raw) in plan.read:
        return plan.read[target, raw]
    value = None if _is_typed(target, known) and raw.lower() in BLANKS else parse_value(target, raw, known)
    if len(plan.read) < REMEMBERED:
        plan.read[target, raw] = value
    return value


def _take(raw: dict[str, Any], target: str, cell: Any, month_first: bool) -> None:
    if isinstance(cell, list):  # a vCard's
        raw.setdefault(target, []).extend(cell)
        return
    text = unguard(cell).strip()
    if not text:
        return
    if target in BETWEEN:
        raw.setdefault(target, []).extend(part for part in BETWEEN[target].split(text) if part.strip())
    elif target == "addresses":
        raw[target] = f"{raw[target]}, {text}" if target in raw else text
    elif target == "tags":
        raw[target] = f"{raw[target]},{text}" if target in raw else re.sub("[;|]", ",", text)
    elif target in PARTS:
        raw[target] = f"{raw[target]} {text}" if target in raw else text
    elif month_first and (match := DATE.match(text)):
        raw[target] = f"{match[3]}{match[2]}{match[1]}{match[4]}"
    else:
        raw[target] = text


def _stand_in(raw: dict[str, Any], record: Record) -> str:
    """A name for a row without one: mail, phone, company, else what stands first in it."""
    for target in ("emails", "phones"):
        if first := next(iter(raw.get(target, ())), None):
            return str(first["value"] if isinstance(first, dict) else first)
    if company := raw.get("company"):
        return str(company)
    return next((unguard(cell).strip() for cell in record.cells if isinstance(cell, str) and cell.strip()), "")


def _is_typed(target: str, known: Known) -> bool:
    custom = known.fields.get(target[len(CUSTOM) :])
    return custom is not None and custom.kind != "text"


def kept_cells(cells: Sequence[Any]) -> list[str]:
    """A row as a failure keeps it: text, bounded."""
    return [cell_text(cell)[:KEPT_CELL] for cell in cells]


def cell_text(cell: Any) -> str:
    if isinstance(cell, list):
        return "\n".join(_point_text(one) if isinstance(one, dict) else str(one) for one in cell)
    return str(cell)


def _point_text(point: dict[str, str]) -> str:
    return f"{point['value']} ({point['label']})" if point.get("label") else point["value"]
