"""Tables that spreadsheets open: cells that none of them takes for a formula, and their exact opposite."""

import csv
import re
from collections.abc import Sequence
from io import StringIO

from server.kit.text import language

BOM = "\ufeff"  # spreadsheets take it for UTF-8 by this
DANGEROUS = re.compile(r"'*[=+\-@\t\r]")
GUARD = re.compile(r"'+[=+\-@\t\r]")


def guard(text: str) -> str:
    """A cell that no spreadsheet takes for a formula; `unguard` is its exact opposite."""
    return "'" + text if DANGEROUS.match(text) else text


def unguard(text: str) -> str:
    return text[1:] if GUARD.match(text) else text


def with_decimals(number: str) -> str:
    """A number as its reader's spreadsheet takes it for one: Spanish ones make a date of "1.5"."""
    return number.replace(".", ",") if language() == "es" else number


def csv_line(cells: Sequence[str]) -> str:
    """One row, its cells made harmless. Where a comma begins the decimals, spreadsheets want semicolons between cells
    and put a row with commas into one."""
    text = StringIO()
    csv.writer(text, delimiter=";" if language() == "es" else ",").writerow([guard(cell) for cell in cells])
    return text.getvalue()
