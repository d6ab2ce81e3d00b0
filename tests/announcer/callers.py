"""People who call by the public line, and a workspace that has one."""

import contextlib
import json
import re
from collections.abc import AsyncIterator
from typing import Any

import httpx2 as httpx
from websockets.asyncio.client import connect

from realtime.calls.inside import offer_digits
from tests.realtime.calls.desk import Member
from tests.realtime.calls.test_voice import press as press_tones

SETTINGS = "/settings/announcer"


async def set_up(ana: httpx.AsyncClient, **line: Any) -> str:
    """A line that is on: 1 the team Sales or whoever is given, 4 one's own record, 9 a message. Its path."""
    answer = await ana.put(SETTINGS, data={"is_on": "1", "wait": "30", "fields": ["title"]} | line)
    assert answer.status_code == 200, answer.text
    page = (await ana.get(SETTINGS)).text
    return "/p/call/" + page.partition("/p/call/")[2].partition('"')[0]


async def add_key(ana: httpx.AsyncClient, digit: str, kind: str, target: str = "", menu: int = 1, **more: str) -> None:
    form = {"digit": digit, "kind": kind, "label_en": kind.title(), "target": target} | more
    answer = await ana.post(f"{SETTINGS}/menus/{menu}/options", data=form)
    assert answer.status_code == 201, answer.text


class Customer(Member):
    """A caller's page."""

    async def press(self, digits: str) -> None:
        """By the data channel."""
        for digit in digits:
            self.caller.channel.send(digit)

    async def tone(self, digits: str) -> None:
        """By telephone-events among the sound."""
        await press_tones(self.caller, digits)


@contextlib.asynccontextmanager
async def calling(url: str, path: str, *, query: str = "", **form: str) -> AsyncIterator[Customer]:
    """Calls from the public page, and is in the call."""
    async with httpx.AsyncClient(base_url=url, timeout=60) as client:
        answer = await client.post(path + query, data=form)
        assert answer.status_code == 201, answer.text
        token = answer.json()["pass"]
        room = (await client.get("/p/call", headers={"authorization": f"Bearer {token}"})).text
    found = {name: re.search(f'data-{name}="([^"]+)"', room) for name in ("room", "me")}
    assert found["room"] and found["me"], room
    socket = await connect(url.replace("http", "ws") + "/p/live", max_size=None, close_timeout=1)
    await socket.send(json.dumps({"t": "auth", "token": token}))
    offer_digits()  # as browsers do by themselves
    customer = Customer(socket, int(found["me"][1]), found["room"][1], video=False)
    try:
        await customer.join()
        yield customer
    finally:
        await customer.close()
