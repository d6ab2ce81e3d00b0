"""Filters on own fields: each becomes a condition, or a sentence that says what its field is compared with."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, func

from server.contacts.fields import PARSERS
from server.contacts.forms import CustomFilter, ListQuery
from server.contacts.models import Contact, CustomField
from server.kit.errors import Invalid
from server.kit.text import _

Fields = Mapping[str, CustomField]
TYPED = ("number", "date", "yes_no")  # what text may fail to be


def custom_conditions(query: ListQuery, fields: Fields) -> list[ColumnElement[bool]]:
    """Those of the filters that can be compared; the list says which are left out (`unfit`)."""
    left_out = dict(unfit(query, fields))
    return [_condition(fields[one.key], one) for one in query.custom if one not in left_out]


def unfit(query: ListQuery, fields: Fields) -> list[tuple[CustomFilter, str]]:
    """The filters whose value cannot be what their field is, each with a sentence for people."""
    found = [(one, _misfit(fields[one.key], one)) for one in query.custom]
    return [(one, sentence) for one, sentence in found if sentence]


def check_filters(query: ListQuery, fields: Fields) -> None:
    """For programs, to which nothing is left out."""
    if wrong := unfit(query, fields):
        raise Invalid(**{f"x.{one.key}.{one.operator}": sentence for one, sentence in wrong})


def _misfit(field: CustomField, one: CustomFilter) -> str:
    if field.kind not in TYPED or one.operator not in ("is", "gt", "lt"):
        return ""
    if not one.value:
        return _("%(field)s is compared with a value, and none is given") % {"field": field.label}
    try:
        PARSERS[field.kind](one.value, field)
    except ValueError:
        return _wants(field.kind) % {"field": field.label, "text": one.value[:40]}
    return ""


def _wants(kind: str) -> str:
    if kind == "number":
        return _("%(field)s is compared with a number, such as 12; “%(text)s” is none")
    if kind == "date":
        return _("%(field)s is compared with a day, such as 2026-05-31; “%(text)s” is none")
    return _("%(field)s is compared with yes or no; “%(text)s” is neither")


def _condition(field: CustomField, one: CustomFilter) -> ColumnElement[bool]:
    column = custom_column(field)
    text: ColumnElement[Any] = Contact.custom[field.key].as_string()
    if one.operator in ("none", "any"):
        return text.is_(None) if one.operator == "none" else text.is_not(None)
    if one.operator == "has":
        return func.lower(text).contains(one.value.lower(), autoescape=True)
    value = PARSERS[field.kind](one.value, field) if field.kind in TYPED else one.value
    if one.operator == "gt":
        return column > value
    return column < value if one.operator == "lt" else column == value


def custom_column(field: CustomField) -> ColumnElement[Any]:
    """The stored value as what it is, so that it compares and sorts."""
    value = Contact.custom[field.key]
    typed: ColumnElement[Any] = value.as_string()
    if field.kind == "number":
        typed = value.as_float()
    return value.as_boolean() if field.kind == "yes_no" else typed
