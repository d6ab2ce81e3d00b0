"""Pages of lists for people (numbers) and for clients (cursors)."""

import base64
import binascii
from dataclasses import dataclass
from math import ceil

from server.kit.errors import Invalid

PER_PAGE = 50
LAST_PAGE = 100_000
API_LIMIT = 100


@dataclass(frozen=True, slots=True)
class Paging:
    """`page` counts from 1; `total` rows in all."""

    page: int
    total: int
    per_page: int = PER_PAGE

    @property
    def pages(self) -> int:
        return max(1, ceil(self.total / self.per_page))

    @property
    def first(self) -> int:
        return min(self.total, (self.page - 1) * self.per_page + 1)

    @property
    def last(self) -> int:
        return min(self.total, self.page * self.per_page)


def page_number(text: str | None) -> int:
    """From an address; nonsense is page 1."""
    return (
        min(int(text), LAST_PAGE) if text and text.isascii() and text.isdigit() and len(text) < 9 and int(text) else 1
    )


def api_limit(text: str | None) -> int:
    if text is None:
        return PER_PAGE
    if not (text.isascii() and text.isdigit() and len(text) < 6) or not 1 <= int(text) <= API_LIMIT:
        raise Invalid(limit=f"1 to {API_LIMIT}")
    return int(text)


def encode_cursor(after: int) -> str:
    return base64.urlsafe_b64encode(f"a{after}".encode()).decode().rstrip("=")


def decode_cursor(cursor: str | None) -> int:
    """The record number a page goes on after; 0 for the first page."""
    if not cursor:
        return 0
    try:
        raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
        if raw[0] != "a" or len(raw) > 19:
            raise ValueError
        return int(raw[1:])
    except (ValueError, binascii.Error, IndexError) as error:
        raise Invalid(cursor="Not a cursor of this list") from error
