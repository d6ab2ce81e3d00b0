"""Reads tables as people have them: any encoding, any delimiter, quotes and line breaks in cells, ragged rows."""

import codecs
import csv
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TextIO

from server.kit.sheets import unguard
from server.kit.text import _

DELIMITERS = (",", ";", "\t", "|")
CELL_LIMIT = 100_000  # characters; a quote that is never closed is found by it
COLUMN_LIMIT = 500
LOOKED_AT = 64 * 1024
BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


class Unreadable(Exception):
    """The file as a whole cannot be read; the message is for the person."""


@dataclass(frozen=True, slots=True)
class Reading:
    """How the bytes become rows. `kind`: csv | vcard."""

    kind: str = "csv"
    encoding: str = "utf-8"
    delimiter: str = ","
    has_header: bool = True

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(slots=True)
class Record:
    """One row. `line` is where it begins in the file; `error` says why it cannot be used."""

    line: int
    cells: list[Any]
    error: str = ""


def find_encoding(path: Path) -> str:
    """By its mark, by being valid UTF-8, by zeros at every other byte; else what Windows writes."""
    with path.open("rb") as file:
        head = file.read(LOOKED_AT)
    for mark, name in BOMS:
        if head.startswith(mark):
            return name
    even, odd = head[0::2].count(0), head[1::2].count(0)
    if max(even, odd) > len(head) / 5:
        return "utf-16-be" if even > odd else "utf-16-le"
    if _is_utf8(path):
        return "utf-8"
    if sum(byte > 127 for byte in head) > len(head) / 5:  # mostly other letters than Latin ones
        from charset_normalizer import from_bytes  # most files never come here

        best = from_bytes(head).best()
        if best is not None:
            return best.encoding
    return "latin-1" if any(byte in head for byte in (0x81, 0x8D, 0x8F, 0x90, 0x9D)) else "cp1252"


def _is_utf8(path: Path) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    with path.open("rb") as file:
        try:
            while chunk := file.read(1 << 20):
                decoder.decode(chunk)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return False
    return True


def open_text(path: Path, encoding: str) -> TextIO:
    return path.open(encoding=encoding, errors="replace", newline="")


ENCODINGS = (
    "utf-8",
    "cp1252",
    "latin-1",
    "iso8859-15",
    "utf-16",
    "utf-16-le",
    "utf-16-be",
    "mac-roman",
    "cp850",
    "cp1250",
    "cp1251",
)


def parse_reading(encoding: str, delimiter: str, has_header: bool) -> Reading:
    """What somebody chose; only what stands in the lists."""
    signs = {"comma": ",", "semicolon": ";", "tab": "\t", "bar": "|"}
    if encoding not in ENCODINGS:
        raise Unreadable(_("No such encoding"))
    if delimiter not in signs:
        raise Unreadable(_("No such separator"))
    return Reading("csv", encoding, signs[delimiter], has_header)


def find_reading(path: Path) -> Reading:
    encoding = find_encoding(path)
    with open_text(path, encoding) as file:
        text = file.read(LOOKED_AT)
    if not text.strip("\x00\ufeff \t\r\n"):
        raise Unreadable(_("The file is empty"))
    if text.lstrip("\ufeff \t\r\n")[:11].upper() == "BEGIN:VCARD":
        return Reading("vcard", encoding)
    if text.count("\ufffd") + sum(c < " " and c not in "\t\r\n\x00" for c in text) > len(text) / 50:
        raise Unreadable(_("This is neither a table as text (CSV) nor a vCard. Save it as CSV and bring that"))
    delimiter = _find_delimiter(text)
    first = next(_parsed(iter(text.splitlines(keepends=True)), delimiter), None)
    return Reading("csv", encoding, delimiter, first is None or not any(_is_value(cell) for cell in first.cells))


def _find_delimiter(text: str) -> str:
    """The one that splits the first rows into the most columns, as evenly as possible. `sep=;` says it itself."""
    if text[:4].lower() == "sep=" and text[4:5] in DELIMITERS:
        return text[4]
    lines = text.splitlines(keepends=True)
    lines = lines[:-1] if len(lines) > 1 and len(text) >= LOOKED_AT else lines  # the last may be cut

    def evenness(delimiter: str) -> tuple[float, int]:
        widths = [len(row.cells) for row, _n in zip(_parsed(iter(lines), delimiter), range(50), strict=False)]
        width, times = Counter(widths).most_common(1)[0] if widths else (1, 0)
        return (times / len(widths) if width > 1 else 0.0, width)

    return max(DELIMITERS, key=evenness)


def _is_value(cell: str) -> bool:
    """Whether this stands for data rather than for a column's name."""
    text = cell.strip()
    digits = sum(c.isdigit() for c in text)
    return ("@" in text and "." in text and " " not in text) or digits > max(4, len(text) / 2)


def read_rows(path: Path, reading: Reading) -> Iterator[Record]:
    """Every row after the header. Never the whole file in memory."""
    with open_text(path, reading.encoding) as file:
        rows = _parsed(file, reading.delimiter)
        width = 0
        for n, row in enumerate(rows):
            if n == 0:
                width = len(row.cells)
                if reading.has_header:
                    continue
            yield _fit(row, width)


def read_headers(path: Path, reading: Reading) -> list[str]:
    """Names of the columns: none empty, none twice."""
    with open_text(path, reading.encoding) as file:
        first = next(_parsed(file, reading.delimiter), None)
    if first is None or first.error:
        raise Unreadable(first.error if first else _("The file is empty"))
    if len(first.cells) > COLUMN_LIMIT:
        text = _("The file has %(n)s columns; at most %(most)s can be read. Leave some out and bring it again")
        raise Unreadable(text % {"n": len(first.cells), "most": COLUMN_LIMIT})
    named = [" ".join(unguard(cell).split())[:80] if reading.has_header else "" for cell in first.cells]
    headers: list[str] = []
    for n, name in enumerate(named, 1):
        plain, again = name or _("Column %(n)s") % {"n": n}, 2
        unique = plain
        while unique in headers:
            unique, again = f"{plain} ({again})", again + 1
        headers.append(unique)
    return headers


def _fit(row: Record, width: int) -> Record:
    """Short rows are filled up; what stands beyond the last column must be empty."""
    if len(row.cells) < width:
        row.cells += [""] * (width - len(row.cells))
    elif len(row.cells) > width:
        if not row.error and any(cell.strip() for cell in row.cells[width:]):
            row.error = _("%(n)s cells, but the table has %(width)s columns") % {"n": len(row.cells), "width": width}
        if not row.error:
            del row.cells[width:]
        else:
            del row.cells[COLUMN_LIMIT:]
    return row


def _parsed(lines: Iterator[str], delimiter: str) -> Iterator[Record]:
    """Rows by the rules of CSV. A quote that is never closed costs its own line, not the rest of the file."""
    feed = _Feed(lines)
    csv.field_size_limit(CELL_LIMIT)
    while True:
        feed.begin()
        reader = csv.reader(feed, delimiter=delimiter)
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            yield Record(feed.line, [feed.first[:200]], _("A quote is opened and never closed, or a cell is too long"))
            feed.rewind()
            continue
        if feed.is_open_at_end():
            yield Record(feed.line, [feed.first[:200]], _("A quote is opened and never closed, or a cell is too long"))
            feed.rewind()
            continue
        if feed.line == 1 and feed.first[:4].lower() == "sep=" and len(feed.first.strip()) == 5:
            continue
        yield Record(feed.line, cells)


class _Feed:
    """Lines that can be given back to where the present row began, and their numbers."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines, self._again = iter(lines), list[str]()
        self._taken: list[str] = []
        self._ended = False
        self.line, self._next = 1, 1

    def begin(self) -> None:
        self._taken = []
        self.line = self._next

    @property
    def first(self) -> str:
        return self._taken[0] if self._taken else ""

    def __iter__(self) -> "_Feed":
        return self

    def __next__(self) -> str:
        if self._again:
            line = self._again.pop()
        else:
            try:
                line = next(self._lines).replace("\x00", "")
            except StopIteration:
                self._ended = True
                raise
        self._taken.append(line)
        self._next += 1
        return line

    def is_open_at_end(self) -> bool:
        """The file ended inside quotes: the row ran over several lines and has an odd number of them."""
        return self._ended and len(self._taken) > 1 and sum(line.count('"') for line in self._taken) % 2 == 1

    def rewind(self) -> None:
        """Gives back all but the row's first line."""
        self._again += reversed(self._taken[1:])
        self._next = self.line + 1
        self._ended = False
