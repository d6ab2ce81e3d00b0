"""Somebody opens a page while somebody else writes: what is in neither the page nor the socket is lost (P5)."""

import asyncio
import html
import json
import random
import re
from dataclasses import dataclass

import httpx2 as httpx
from websockets.asyncio.client import connect

from tests.server import Server

AT_ONCE = 4
PATIENCE = 15.0


@dataclass
class Race:
    in_page: int = 0
    by_socket: int = 0
    lost: int = 0


async def race(server: Server, records: list[str], tries: int) -> Race:
    """Each try: page and note at the same time, the socket as soon as the page is there."""
    outcome, dice = Race(), random.Random(5)
    async with server.browser() as browser, server.program() as api:

        async def some(numbers: range) -> None:
            for number in numbers:
                text = f"between page and socket {number:05}"
                await _try(outcome, browser, api, records[number % len(records)], text, dice.uniform(-0.1, 0.1))

        await asyncio.gather(*(some(range(start, tries, AT_ONCE)) for start in range(AT_ONCE)))
    return outcome


async def _try(
    outcome: Race, browser: httpx.AsyncClient, api: httpx.AsyncClient, record: str, text: str, later: float
) -> None:
    path = "/" + record.replace(":", "s/")

    async def write() -> None:
        await asyncio.sleep(later)  # the race itself: before, in and after the page, and while the socket subscribes
        answer = await api.post(f"{path}/notes", json={"body": text})
        assert answer.status_code == 201, answer.text

    writing = asyncio.create_task(write())
    await asyncio.sleep(-later)
    page = (await browser.get(path)).text
    if text in page:
        outcome.in_page += 1
    elif await _told(browser, topics_of(page), text):
        outcome.by_socket += 1
    else:
        outcome.lost += 1
    await writing


def topics_of(page: str) -> dict[str, int]:
    """What the page says it is up to; the lowest number where two regions name a topic."""
    topics: dict[str, int] = {}
    for written in re.findall(r"data-topics='([^']*)'|data-topics=\"([^\"]*)\"", page):
        for topic, n in json.loads(html.unescape("".join(written)) or "{}").items():
            topics[topic] = min(n, topics.get(topic, n))
    return topics


async def _told(browser: httpx.AsyncClient, topics: dict[str, int], text: str) -> bool:
    cookies = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    address = str(browser.base_url).replace("http", "ws", 1).rstrip("/") + "/live"
    origin = str(browser.base_url).rstrip("/")
    try:
        async with asyncio.timeout(PATIENCE):
            async with connect(address, additional_headers={"Cookie": cookies, "Origin": origin}, proxy=None) as socket:
                await socket.send(json.dumps({"t": "sub", "topics": topics}))
                async for said in socket:
                    frame = json.loads(said)
                    assert frame["t"] != "gap", frame
                    if text in frame.get("html", ""):
                        return True
    except TimeoutError:
        return False
    return False
