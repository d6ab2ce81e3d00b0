"""Makes forms and chats as an admin does."""

import re

from tests.conftest import Client

SITE = "https://www.nogal.example"
TYPED = {"name": "Harriet", "emails": "harriet@brightwater.example", "text": "Is anybody here?"}


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


async def chat_of(ana: Client) -> str:
    """The address of its door."""
    return "/p/widget/" + await place(ana, "chat", welcome_en="Hello you", away_es="Volvemos pronto")


async def begin(anybody: Client, chat: str, **typed: str) -> dict[str, str]:
    """The header of the conversation's pass."""
    answer = await anybody.post(chat, data=TYPED | typed)
    assert answer.status_code == 201, answer.text
    return {"authorization": f"Bearer {answer.json()['pass']}"}
