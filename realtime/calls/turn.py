"""The relay that browsers may use, with credentials that end by themselves."""

import base64
import hashlib
import hmac
from typing import Any

from realtime.calls.ports import MediaSettings

CREDENTIAL_SECONDS = 3600


def ice_servers(settings: MediaSettings, who: str, now: float) -> list[dict[str, Any]]:
    """For the browser's connection: the relay with credentials for this participant, an hour; never a STUN of others.

    What coturn calls `use-auth-secret`: the name is an end of time, the password its signature.
    """
    urls = [url.strip() for url in settings.turn_url.split(",") if url.strip()]
    if not urls:
        return []
    name = f"{int(now) + CREDENTIAL_SECONDS}:{who}"
    signed = hmac.new(settings.turn_secret.encode(), name.encode(), hashlib.sha1).digest()
    return [{"urls": urls, "username": name, "credential": base64.b64encode(signed).decode()}]
