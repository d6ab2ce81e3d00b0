"""Identity that a link proves: signed by this installation, for one person, until a day. A port: other kinds of proof
(a signed identity of a widget, a caller's number of a trunk) are told apart by how they begin."""

import base64
import hashlib
import hmac
from datetime import datetime, timedelta

from server.kit.clock import now

DAYS = 30
KIND = "c1"


def _signed(secret: bytes, text: str) -> str:
    raw = hmac.new(secret, f"line-link:{text}".encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def make_proof(secret: bytes, key: str, contact_id: int, since: datetime) -> str:
    """Good for the line of this key. `since`: of the PIN; a new one ends the links before it."""
    ends = int((now() + timedelta(days=DAYS)).timestamp())
    text = f"{KIND}.{contact_id}.{ends}"
    return f"{text}.{_signed(secret, f'{text}.{key}.{since.timestamp()}')}"


def claimed(proof: str) -> int | None:
    """Whose it says it is; nothing is proved yet."""
    parts = proof.split(".")
    return int(parts[1]) if len(parts) == 4 and parts[0] == KIND and parts[1].isascii() and parts[1].isdigit() else None


def is_proved(secret: bytes, key: str, proof: str, since: datetime) -> bool:
    text, _dot, signature = proof.rpartition(".")
    ends = text.rpartition(".")[2]
    if not hmac.compare_digest(signature.encode(), _signed(secret, f"{text}.{key}.{since.timestamp()}").encode()):
        return False
    return ends.isascii() and ends.isdigit() and int(ends) > now().timestamp()
