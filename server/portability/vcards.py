"""vCards in (2.1, 3.0, 4.0, as phones and mail programs really write them) and out (3.0)."""

import contextlib
import quopri
import re
from collections.abc import Iterator
from datetime import date
from io import StringIO
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from server.identity.forms import MAIL
from server.kit.text import _, clean
from server.portability.tables import Record, open_text

CARD_LIMIT = 5_000_000  # characters, pictures included
COLUMNS = {  # name in the mapping → field it goes to; the last three become custom fields
    "Name": "name",
    "E-mail": "emails",
    "Phone": "phones",
    "Role": "title",
    "Company": "company",
    "Address": "addresses",
    "Tags": "tags",
    "Website": "new",
    "Birthday": "new",
    "Note": "new",
}
HEAVY = ("PHOTO", "LOGO", "SOUND", "KEY", "LABEL", "AGENT")  # pictures and copies of what stands elsewhere
LABELS = {"home", "work", "cell", "mobile", "fax", "main", "pager", "other", "school"}
DIGITS = re.compile(r"\d.*\d", re.S)


def read_cards(path: Path, encoding: str) -> Iterator[Record]:
    """One record a card; a broken one says so and the next goes on."""
    with open_text(path, encoding) as file:
        for line, text in _cards(file):
            if text is None:
                yield Record(line, [], _("The card is too large or never ends"))
                continue
            try:
                yield Record(line, _cells(_properties(text)))
            except (ValueError, IndexError, KeyError, UnicodeError):
                yield Record(line, [text[:2000]], _("The card cannot be read"))


def _cards(file: Iterator[str]) -> Iterator[tuple[int, str | None]]:
    """(line it begins at, its text) of each card, without pictures; None for one that never ends."""
    kept: list[str] = []
    began, depth, size, heavy = 0, 0, 0, False
    for n, line in enumerate(file, 1):
        word = line.strip().upper()
        if word == "BEGIN:VCARD" and depth and kept and not any(one[:6].upper() == "AGENT:" for one in kept[-1:]):
            yield began, None  # the one before has no end
            depth = 0
        if word == "BEGIN:VCARD":
            depth += 1
            if depth == 1:
                kept, began, size, heavy = [], n, 0, False
                continue
        elif word == "END:VCARD" and depth:
            depth -= 1
            if depth == 0:
                yield began, "".join(kept) if size <= CARD_LIMIT else None
            continue
        if depth != 1:
            continue
        if heavy and (line[:1] in " \t" or not line.strip() or (":" not in line and ";" not in line)):
            continue
        heavy = re.split("[:;]", word.rpartition(".")[2] if "." in word.partition(":")[0] else word)[0] in HEAVY
        size += len(line)
        if not heavy and size <= CARD_LIMIT:
            kept.append(line.replace("\x00", ""))
    if depth:
        yield began, None


def _properties(text: str) -> list[tuple[str, dict[str, list[str]], str]]:
    """(name, parameters, value) of each line; lines that make no sense are left."""
    found = []
    for name, raw, value in _parsed(text):
        parameters: dict[str, list[str]] = {}
        for parameter in raw:
            key, values = (parameter[0].upper(), parameter[1:]) if len(parameter) > 1 else ("TYPE", parameter[:1])
            parameters.setdefault(key, []).extend(part for one in values for part in one.split(","))
        words = [word.upper() for values in parameters.values() for word in values]
        if "QUOTED-PRINTABLE" in words:
            value = _quoted(value, parameters.get("CHARSET", ["utf-8"])[0])
        found.append((name.upper(), parameters, value))
    return found


def _parsed(text: str) -> Iterator[tuple[str, list[list[str]], str]]:
    from vobject.base import ParseError, getLogicalLines, parseLine  # most starts never see a card

    try:
        for line, _n in getLogicalLines(StringIO(text), allowQP=True):
            with contextlib.suppress(ParseError):
                name, raw, value, _group = parseLine(line)
                yield name, raw, value
    except ParseError as error:
        raise ValueError(str(error)) from error


def _quoted(value: str, charset: str) -> str:
    raw = quopri.decodestring(value.encode("utf-8", "replace"))
    try:
        return raw.decode(charset)
    except (LookupError, UnicodeDecodeError):
        return raw.decode("cp1252", "replace")


def _cells(properties: list[tuple[str, dict[str, list[str]], str]]) -> list[Any]:
    """The card as a row of COLUMNS."""
    first: dict[str, str] = {}
    points: dict[str, list[dict[str, str]]] = {"EMAIL": [], "TEL": [], "ADR": []}
    tags: list[str] = []
    notes: list[str] = []
    for name, parameters, value in properties:
        if name in points:
            _add_point(name, parameters, value, points[name], notes)
        elif name == "CATEGORIES":
            tags += [tag for part in _split(value, ",") if (tag := part.strip())]
        elif name == "NOTE":
            notes.append(_plain(value).strip())
        elif value.strip(" ;"):
            first.setdefault(name, value)
    return [
        _name(first),
        points["EMAIL"],
        points["TEL"],
        _plain(first.get("TITLE") or first.get("ROLE", "")).strip(),
        _split(first.get("ORG", ""), ";")[0].strip(),
        points["ADR"],
        tags,
        _plain(first.get("URL", "")).strip(),
        _birthday(first.get("BDAY", "")),
        "\n".join(note for note in notes if note),
    ]


def _name(first: dict[str, str]) -> str:
    """FN, else put together from N; both are missing on some phones."""
    if full := _plain(first.get("FN", "")).strip():
        return full
    family, given, middle, before, after = ([*_split(first.get("N", ""), ";"), "", "", "", "", ""])[:5]
    joined = " ".join(part.strip() for part in (before, given, middle, family, after) if part.strip())
    return joined or _plain(first.get("NICKNAME", "")).strip()


def _add_point(
    name: str, parameters: dict[str, list[str]], value: str, into: list[dict[str, str]], notes: list[str]
) -> None:
    label = next((word.lower() for word in parameters.get("TYPE", []) if word.lower() in LABELS), "")
    if name == "ADR":
        text = ", ".join(part for raw in _split(value, ";") if (part := " ".join(raw.split())))
    else:
        text = _plain(value).strip()
        for prefix in ("tel:", "mailto:"):
            if text.lower().startswith(prefix):
                text = unquote(text[len(prefix) :]).replace(";ext=", " ext. ")
    text = clean(text, 500)
    if (name == "TEL" and not DIGITS.search(text)) or (name == "EMAIL" and not MAIL.match(text)):
        notes += [text] if text else []  # what is no number or address is kept where people find it
    elif text:
        into.append({"value": text, "label": label})


def _split(value: str, mark: str) -> list[str]:
    """At marks that are not escaped; each part without its escapes."""
    return [_plain(part) for part in re.split(rf"(?<!\\){mark}", value)]


def _plain(value: str) -> str:
    return re.sub(r"\\(.)", lambda found: "\n" if found[1] in "nN" else found[1], value, flags=re.S)


def _birthday(value: str) -> str:
    """A whole date from what stands there; a day without a year is none."""
    match = re.match(r"(\d{4})-?(\d\d)-?(\d\d)", value.strip())
    try:
        return date(int(match[1]), int(match[2]), int(match[3])).isoformat() if match else ""
    except ValueError:
        return ""


def write_card(record: Any, custom: dict[str, Any]) -> str:
    """A record as a vCard 3.0, which every program reads."""
    lines = ["BEGIN:VCARD", "VERSION:3.0", f"FN:{_escape(record.name)}"]
    if record.kind == "company":
        lines += [f"N:{_escape(record.name)};;;;", f"ORG:{_escape(record.name)}", "X-ABSHOWAS:COMPANY"]
    else:
        given, _space, family = record.name.partition(" ")
        lines.append(f"N:{_escape(family)};{_escape(given)};;;")
        if record.company:
            lines.append(f"ORG:{_escape(record.company.name)}")
    lines += [f"TITLE:{_escape(record.title)}"] if record.title else []
    lines += [f"EMAIL{_type(point)}:{_escape(point['value'])}" for point in record.emails]
    lines += [f"TEL{_type(point)}:{_escape(point['value'])}" for point in record.phones]
    lines += [f"ADR{_type(point)}:;;{_escape(point['value'])};;;;" for point in record.addresses]
    lines += [f"CATEGORIES:{','.join(_escape(tag) for tag in record.tags)}"] if record.tags else []
    for key, name in (("website", "URL"), ("birthday", "BDAY"), ("note", "NOTE")):
        if custom.get(key) not in (None, ""):
            lines.append(f"{name}:{_escape(str(custom[key]))}")
    lines += [f"REV:{record.active_at.strftime('%Y-%m-%dT%H:%M:%SZ')}", "END:VCARD"]
    return "".join(_fold(line) for line in lines)


def _type(point: dict[str, str]) -> str:
    label = re.sub(r"[^A-Za-z0-9-]", "", point.get("label", ""))
    return f";TYPE={label}" if label else ""


def _escape(text: str) -> str:
    escaped = re.sub(r"([\\,;])", r"\\\1", text)
    return re.sub(r"\r\n|\r|\n", r"\\n", escaped)


def _fold(line: str) -> str:
    """At most 75 bytes a line, never inside a letter."""
    parts, rest = [], line
    while len(rest.encode()) > 73:
        cut = 73
        while len(rest[:cut].encode()) > 73:
            cut -= 1
        parts.append(rest[:cut])
        rest = rest[cut:]
    return "\r\n ".join([*parts, rest]) + "\r\n"
