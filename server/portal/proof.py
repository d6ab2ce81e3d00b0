"""Signed identity: a site vouches for who writes, by a token that its own server signs with the chat's secret."""

import base64
import binascii
import hashlib
import hmac
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from server.identity.forms import MAIL
from server.kit.text import clean, one_line

LONGEST = 600  # seconds that a token may be good for
SLACK = 30  # by which clocks may differ
LIMIT = 4000


@dataclass(frozen=True, slots=True)
class Identity:
    sub: str
    email: str = ""
    name: str = ""


def secret_of(installation: bytes, seal: str) -> str:
    """Not stored: made from the installation's key and the channel's seal each time, so that a copy of the database
    vouches for nobody."""
    raw = hmac.new(installation, f"chat-secret:{seal}".encode(), hashlib.sha256).digest()
    return _text(raw)


def vouch_for(one: Identity, secret: str, until: datetime) -> str:
    """Ours, for a browser to keep: a site's own token is too short-lived for somebody who reads before they write."""
    claims = {"sub": one.sub, "email": one.email, "name": one.name, "exp": int(until.timestamp())}
    signed = ".".join(_text(json.dumps(part).encode()) for part in ({"alg": "HS256"}, claims))
    return f"{signed}.{_text(hmac.new(secret.encode(), signed.encode(), hashlib.sha256).digest())}"


def identity_of(token: str, secret: str, at: datetime, longest: int = LONGEST) -> Identity | None:
    """Who a JSON Web Token names (HS256, RFC 7519); None when it proves nothing."""
    head, _dot, rest = token.partition(".")
    body, _dot, mark = rest.partition(".")
    header, claims, sent = _part(head), _part(body), _bytes(mark)
    if len(token) > LIMIT or not isinstance(header, dict) or header.get("alg") != "HS256" or "crit" in header:
        return None
    right = hmac.new(secret.encode(), f"{head}.{body}".encode("ascii", "ignore"), hashlib.sha256).digest()
    if (
        not hmac.compare_digest(sent, right)
        or not isinstance(claims, dict)
        or not _is_now(claims, at.timestamp(), longest)
    ):
        return None
    sub, email, name = (claims.get(key, "") for key in ("sub", "email", "name"))
    if not all(isinstance(one, str) for one in (sub, email, name)) or not (sub := clean(sub, 200)):
        return None
    email = clean(email, 320).lower()
    return Identity(sub, email if MAIL.match(email) else "", one_line(name, 200))


def _is_now(claims: dict[str, Any], now: float, longest: int) -> bool:
    """`exp` must be there and near: a token that is good for a year would be a password in a page."""
    exp, nbf = claims.get("exp"), claims.get("nbf", 0)
    if isinstance(exp, bool) or isinstance(nbf, bool) or not isinstance(exp, int | float):
        return False
    if not isinstance(nbf, int | float):
        return False
    return now - SLACK < exp <= now + longest + SLACK and nbf <= now + SLACK


def _part(text: str) -> Any:
    try:
        return json.loads(_bytes(text))
    except (ValueError, RecursionError):
        return None


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (ValueError, binascii.Error):
        return b""
