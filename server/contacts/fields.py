"""The fields of a record: how each is read from a form or a file, kept, and shown."""

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from math import isfinite
from typing import Any

from server.contacts.models import Contact, CustomField
from server.identity.forms import MAIL
from server.kit.errors import Invalid
from server.kit.text import _, clean, fold, language, one_line

POINTS = 30
TAGS = 50
CUSTOM = "x."
FIELD_KINDS = ("text", "number", "date", "choice", "yes_no")
THOUSANDS = re.compile(r"[-+]?\d{1,3}(,\d{3}){2,}(\.\d+)?|[-+]?\d{1,3}(,\d{3})+\.\d+")
THOUSANDS_EN = re.compile(r"[-+]?[1-9]\d{0,2}(,\d{3})+(\.\d+)?")
POINTED = re.compile(r"[-+]?\d{1,3}(\.\d{3})+,\d+|[-+]?\d{1,3}(\.\d{3}){2,}")
LABELLED = re.compile(r"(.*?)\s*\(([^()]{1,40})\)\s*\Z", re.S)
# Addresses have brackets of their own, "Mayor 3 (2º izda.)": of those these words alone are labels.
PLACES = ("home", "work", "school", "other", "billing", "delivery", "casa", "trabajo", "facturación", "envío")


def parse_points(field: str, value: object) -> list[dict[str, str]]:
    """From text, one a line with an optional label in brackets, or a list of strings or {"value", "label"}."""
    raw = value.splitlines() if isinstance(value, str) else value if isinstance(value, list) else None
    if raw is None:
        raise Invalid(**{field: _("A list is expected here")})
    points: dict[str, dict[str, str]] = {}
    for item in raw[: POINTS + 1]:
        text, label = _labelled(field, item)
        if text:
            points.setdefault(same_as(field, text), {"value": text, "label": label})
    if len(points) > POINTS:
        raise Invalid(**{field: _("At most %(n)s") % {"n": POINTS}})
    return list(points.values())


def same_as(field: str, text: str) -> str:
    """What two ways to write the same mail or number have in common; extensions tell numbers apart."""
    if field == "emails":
        return text.lower()
    return re.sub(r"[^\d+]", "", text) if field == "phones" else text


def _labelled(field: str, item: object) -> tuple[str, str]:
    if isinstance(item, dict) and isinstance(item.get("value"), str):
        return _point(field, item["value"]), clean(item.get("label", ""), 40)
    if not isinstance(item, str):
        raise Invalid(**{field: _("Text is expected here")})
    match = LABELLED.match(item)
    if match and (field != "addresses" or match[2].lower() in PLACES) and (text := _point(field, match[1])):
        return text, clean(match[2], 40)
    return _point(field, item), ""


def _point(field: str, text: str) -> str:
    text = clean(text, 500)
    if not text or field == "addresses":
        return text
    if field == "emails":
        if not MAIL.match(text):
            raise Invalid(emails=_("“%(text)s” is no e-mail address") % {"text": text[:80]})
        return text
    if not re.search(r"\d{2,}", text) or len(text) > 60:
        raise Invalid(phones=_("“%(text)s” is no phone number") % {"text": text[:60]})
    return text


@lru_cache(4096)
def phone_key(text: str) -> str:
    """E.164 when the country is given, else its digits."""
    import phonenumbers  # its tables take a while to load, and a start needs none

    try:
        number = phonenumbers.parse(text, None)
        return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    except phonenumbers.NumberParseException:
        return re.sub(r"\D", "", text)[:40]


def parse_tags(value: object) -> list[str]:
    """A comma ends a tag wherever it is typed."""
    raw = [value] if isinstance(value, str) else value
    if not isinstance(raw, list) or not all(isinstance(tag, str) for tag in raw):
        raise Invalid(tags=_("A list is expected here"))
    typed = [one_line(tag, 60) for text in raw for tag in re.split(r"[,\n]", text)]
    tags = {fold(tag): tag for tag in typed if tag}
    if len(tags) > TAGS:
        raise Invalid(tags=_("At most %(n)s") % {"n": TAGS})
    return list(tags.values())


def parse_custom(field: CustomField, value: object) -> Any:
    """None empties the field. Numbers stay numbers so that they sort."""
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    if isinstance(value, (list, dict)):
        raise Invalid(**{CUSTOM + field.key: _("Text is expected here")})
    try:
        return PARSERS[field.kind](value, field)
    except ValueError as error:
        raise Invalid(**{CUSTOM + field.key: str(error)}) from error


def _text(value: object, field: CustomField) -> str:
    return clean(value, 2000)


def _with_point(text: str) -> str:
    """With a point before the decimals and nothing between thousands. "1,234" alone is read as its writer's language
    writes: a thousand in English, a little more than one in Spanish."""
    thousands = THOUSANDS_EN if "," in text and language() == "en" else THOUSANDS
    if thousands.fullmatch(text):
        return text.replace(",", "")
    if POINTED.fullmatch(text):
        return text.replace(".", "").replace(",", ".")
    return text.replace(",", ".") if re.fullmatch(r"[-+]?\d+,\d+", text) else text


def _number(value: object, field: CustomField) -> int | float:
    text = str(value).strip().replace("\u00a0", "").replace(" ", "")
    try:
        number = float(_with_point(text))
    except ValueError:
        raise ValueError(_("“%(text)s” is no number") % {"text": text[:40]}) from None
    if not isfinite(number) or abs(number) > 1e15 or isinstance(value, bool):
        raise ValueError(_("“%(text)s” is no number") % {"text": text[:40]})
    return int(number) if number.is_integer() else number


def _date(value: object, field: CustomField) -> str:
    text = str(value).strip()
    forms = ((r"(\d{4})-(\d\d?)-(\d\d?)(?:[T ].*)?", (1, 2, 3)), (r"(\d\d?)[/.](\d\d?)[/.](\d{4})", (3, 2, 1)))
    for pattern, (year, month, day) in forms:
        if match := re.fullmatch(pattern, text):
            try:
                return date(int(match[year]), int(match[month]), int(match[day])).isoformat()
            except ValueError:
                break
    raise ValueError(_("“%(text)s” is no date") % {"text": text[:40]})


def _choice(value: object, field: CustomField) -> str:
    wanted = fold(str(value).strip())
    for choice in field.choices:
        if fold(choice) == wanted:
            return str(choice)
    raise ValueError(_("“%(text)s” is not one of the choices") % {"text": str(value)[:40]})


def _yes_no(value: object, field: CustomField) -> bool:
    text = fold(str(value).strip())
    if text in ("yes", "si", "true", "1", "y", "s", "on", "verdadero"):
        return True
    if text in ("no", "false", "0", "n", "off", "falso"):
        return False
    raise ValueError(_("“%(text)s” is neither yes nor no") % {"text": str(value)[:40]})


PARSERS: dict[str, Callable[[object, CustomField], Any]] = {
    "text": _text,
    "number": _number,
    "date": _date,
    "choice": _choice,
    "yes_no": _yes_no,
}


@dataclass(frozen=True, slots=True)
class FieldView:
    """One field of one record as templates show it. Its words are chosen when it is drawn, once a language."""

    name: str  # "phones", "x.tenure"
    value: Any
    plain: str
    version: int
    custom: CustomField | None = None

    @property
    def label(self) -> str:
        return self.custom.label if self.custom else labels()[self.name]

    @property
    def text(self) -> str:
        return custom_text(self.value) if self.custom else self.plain


def labels() -> dict[str, str]:
    """The built-in fields in the order they are shown, with their names for people."""
    return {
        "name": _("Name"),
        "emails": _("E-mail"),
        "phones": _("Phone"),
        "title": _("Role"),
        "company": _("Company"),
        "addresses": _("Address"),
        "owner": _("Owner"),
        "team": _("Team"),
        "language": _("Language"),
        "tags": _("Tags"),
    }


BUILT_IN = tuple(labels())


def company_ref(company_id: int | None) -> str:
    return f"company:{company_id}" if company_id else ""


def field_text(contact: Contact, name: str) -> str:
    """The field's value as one piece of text."""
    match name:
        case "emails" | "phones" | "addresses":
            return ", ".join(point["value"] for point in getattr(contact, name))
        case "company" | "owner" | "team":
            linked = getattr(contact, name)
            return linked.name if linked else ""
        case "tags":
            return ", ".join(contact.tags)
        case _ if name.startswith(CUSTOM):
            return custom_text(contact.custom.get(name.removeprefix(CUSTOM)))
    return str(getattr(contact, name))


def custom_text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    return str(value)


def field_views(contact: Contact, custom: Sequence[CustomField]) -> list[FieldView]:
    """All fields of the record but its name, in order."""
    hidden = {"name"} | ({"title", "company"} if contact.kind == "company" else set())
    versions = contact.field_versions
    built_in = [
        FieldView(name, getattr(contact, name), field_text(contact, name), versions.get(name, 0))
        for name in BUILT_IN
        if name not in hidden
    ]
    own = [(CUSTOM + field.key, field) for field in custom]
    return built_in + [
        FieldView(name, contact.custom.get(field.key), "", versions.get(name, 0), field) for name, field in own
    ]


def own_values(contact: Contact, keys: Collection[str]) -> dict[str, Any]:
    """Of own fields that are there. A record keeps what it holds of one that was removed, and tells nobody."""
    return {key: contact.custom[key] for key in keys if key in contact.custom}


def keys_of(contact: Contact) -> set[tuple[str, str]]:
    """(kind, value) of everything the record is found by."""
    return key_set(contact.emails, contact.phones, contact.tags)


def key_set(emails: list[Any], phones: list[Any], tags: list[Any]) -> set[tuple[str, str]]:
    found = {("email", point["value"].lower()) for point in emails}
    found |= {("phone", phone_key(point["value"])) for point in phones}
    return {(kind, value) for kind, value in found | {("tag", fold(tag)) for tag in tags} if value}


def search_words(contact: Contact, company: str, keys: Collection[str]) -> str:
    """What the record is found by besides its name. `keys`: the workspace's own fields."""
    points = (contact.emails, contact.phones, contact.addresses)
    return words_of(company, contact.title, *points, contact.tags, own_values(contact, keys))


def words_of(
    company: str,
    title: str,
    emails: list[Any],
    phones: list[Any],
    addresses: list[Any],
    tags: list[Any],
    custom: dict[str, Any],
) -> str:
    points = [point["value"] for point in (*emails, *addresses)]
    for phone in (point["value"] for point in phones):
        digits = phone_key(phone)
        points += [digits] if phone.replace(" ", "") == digits else [phone, digits]  # its groups are found in them
    texts = [value for value in custom.values() if isinstance(value, str)]
    return " ".join([company, title, *points, *tags, *texts])
