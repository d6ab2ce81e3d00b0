"""Makes forms and chats as an admin does."""

import re

from tests.conftest import Client

SITE = "https://www.nogal.example"


async def place(ana: Client, kind: str, **changes: str) -> str:
    """Its key."""
    answer = await ana.post("/settings/portal", data={"name": "Ask us", "kind": kind})
    assert answer.status_code == 201, answer.text
    given = {"name": "Ask us", "language": "en", "sites": SITE, "zone": "Europe/Madrid"}
    given |= {"ask_name": "may", "order_name": "1", "ask_emails": "must", "order_emails": "2"}
    saved = await ana.put(answer.headers["location"], data=given | changes)
    assert saved.status_code == 200, saved.text
    page = (await ana.get(answer.headers["location"])).text
    found = re.search(r"/p/(?:form|widget)/([0-9a-f]{24})", page)
    assert found is not None
    return found[1]
