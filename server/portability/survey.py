"""What is in the file, column by column: looked at once, before anybody decides what the columns mean."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from server.identity.forms import MAIL
from server.kit.sheets import unguard
from server.kit.text import _, fold
from server.portability import vcards
from server.portability.tables import Reading, Record, Unreadable, find_reading, read_headers, read_rows

DISTINCT = 5_000  # different values of a column that are remembered
CHOICES = 12
SHOWN = 3
EMPTY = ("", "-", "n/a", "null")
NUMBER = re.compile(
    r"[-+]?\d{1,14}(?:[.,]\d{1,6})?|[-+]?\d{1,3}(?:\.\d{3})+(?:,\d+)?|[-+]?\d{1,3}(?:,\d{3})+(?:\.\d+)?"
)
DAY_FIRST = re.compile(r"(\d\d?)[/.](\d\d?)[/.]\d{4}")
ISO = re.compile(r"\d{4}-\d\d?-\d\d?(?:[T ].*)?")
PHONE = re.compile(r"(?:\+|00)[\d ().\-/]{7,24}|\(?\d{2,4}[) .\-/][\d ().\-/]{5,20}")
DATE = re.compile(f"{DAY_FIRST.pattern}|{ISO.pattern}")
YES_NO = {"yes", "no", "si", "true", "false", "y", "n", "s", "on", "off", "verdadero", "falso", "0", "1"}
KINDS = ("yes_no", "number", "date")


@dataclass(slots=True)
class Column:
    """What a column holds. `mails`, `phones` and the rest count the filled cells that read as that."""

    header: str
    filled: int = 0
    mails: int = 0
    phones: int = 0
    month_first: bool = False
    shown: list[str] = field(default_factory=list)
    seen: dict[str, str] = field(default_factory=dict)  # value → mail, phone or neither
    many: bool = False  # more different values than are remembered
    longest: int = 0
    still: list[str] = field(default_factory=lambda: list(KINDS))  # kinds that no cell has spoken against

    def look(self, text: str) -> None:
        self.filled += 1
        sort = self.seen.get(text)
        if sort is None:
            sort = self._meet(text)
        if sort == "mail":
            self.mails += 1
        elif sort == "phone":
            self.phones += 1

    def _meet(self, text: str) -> str:
        """What sort of value this one is, which was not there before (or was not remembered)."""
        self.longest = max(self.longest, len(text))
        if self.still:
            self.still = [kind for kind in self.still if self._fits(kind, text)]
        sort = ""
        if "@" in text:
            sort = "mail" if MAIL.match(text) else ""
        elif (self.phones or not self.many) and PHONE.fullmatch(text) and not DATE.fullmatch(text):
            sort = "phone"
        if len(self.seen) < DISTINCT:
            self.seen[text] = sort
            if len(self.shown) < SHOWN:
                self.shown.append(text[:60])
        else:
            self.many = True
        return sort

    def _fits(self, kind: str, text: str) -> bool:
        if kind == "number":
            return NUMBER.fullmatch(text) is not None and not (text[0] == "0" and text[1:2].isdigit())
        if kind == "yes_no":
            return fold(text) in YES_NO
        if match := DAY_FIRST.fullmatch(text):
            if int(match[2]) > 12:
                self.month_first = True
            return (int(match[1]) <= 31 and int(match[2]) <= 12) or (int(match[1]) <= 12 and int(match[2]) <= 31)
        return ISO.fullmatch(text) is not None

    @property
    def kind(self) -> str:
        """The kind of field that all of it fits."""
        if self.filled and self.still:
            return self.still[0]
        few = 1 < len(self.seen) <= CHOICES and self.filled >= 4 * len(self.seen) and self.longest <= 40
        return "choice" if few and not self.many else "text"

    def as_json(self) -> dict[str, Any]:
        return {
            "header": self.header,
            "filled": self.filled,
            "mails": self.mails,
            "phones": self.phones,
            "distinct": len(self.seen),
            "many": self.many,
            "kind": self.kind,
            "month_first": self.month_first,
            "choices": sorted(self.seen) if self.kind == "choice" else [],
            "shown": self.shown,
        }


def records(path: Path, reading: Reading) -> Iterator[Record]:
    return vcards.read_cards(path, reading.encoding) if reading.kind == "vcard" else read_rows(path, reading)


def survey(path: Path, reading: Reading | None = None) -> dict[str, Any]:
    """{"reading", "rows", "columns"} of the file, as it is kept with the import. Reads it once from end to end."""
    reading = reading or find_reading(path)
    headers = list(vcards.COLUMNS) if reading.kind == "vcard" else read_headers(path, reading)
    columns = [Column(header) for header in headers]
    rows = 0
    for record in records(path, reading):
        rows += 1
        if record.error:
            continue
        for column, cell in zip(columns, record.cells, strict=False):
            for text in cell if isinstance(cell, list) else (unguard(cell).strip(),):
                plain = text["value"] if isinstance(text, dict) else text
                if plain not in EMPTY:
                    column.look(plain)
    if not rows:
        raise Unreadable(_("The file has a first row, but nothing under it"))
    return {"reading": reading.as_json(), "rows": rows, "columns": [column.as_json() for column in columns]}
