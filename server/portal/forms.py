"""What is typed on the customers' side, and what admins say about a form or a chat, parsed."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from server.kit.errors import Invalid
from server.kit.text import _, clean


def parse_stars(raw: object) -> int:
    if str(raw) not in ("1", "2", "3", "4", "5"):
        raise Invalid(stars=_("Please choose one to five stars"))
    return int(str(raw))


def parse_n(raw: str) -> int:
    """The number of a message."""
    return int(raw) if re.fullmatch(r"[0-9]{1,9}", raw) else 0


def parse_key(raw: str | None) -> str:
    """A key for one act, made by the browser; none is no key."""
    return raw if raw and re.fullmatch(r"[A-Za-z0-9-]{20,64}", raw) else ""


def parse_page(raw: str) -> str:
    """An address of a page as text, without what stands behind ? and #: that is nobody's business."""
    try:
        parts = urlsplit(clean(raw, 2000))
    except ValueError:
        return ""
    return f"{parts.scheme}://{parts.netloc}{parts.path}"[:300] if parts.scheme in ("http", "https") else ""


def parse_origin(form: Mapping[str, Any]) -> dict[str, str]:
    """How somebody found us: the campaign in the address of the page, and the host they came from."""
    found = {}
    for name in ("source", "medium", "campaign"):
        value = form.get(f"utm_{name}", "")
        found[name] = clean(value, 80) if isinstance(value, str) else ""
    raw = form.get("referrer", "")
    try:
        found["referrer"] = (urlsplit(clean(raw, 2000)).hostname or "")[:120] if isinstance(raw, str) else ""
    except ValueError:
        found["referrer"] = ""
    return found
