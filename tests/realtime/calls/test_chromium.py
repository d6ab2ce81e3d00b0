"""Real browsers with fake devices: two, then four, who see and hear each other through the server."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page, async_playwright
from starlette.responses import HTMLResponse
from starlette.routing import Route

from realtime.calls.ports import Digit, MediaSettings, Recorded
from tests import needs
from tests.browser.house import FLAGS
from tests.realtime.calls.desk import Site, site
from tests.realtime.calls.test_recorder import heard
from tests.realtime.fakes import until

pytestmark = pytest.mark.browser
FAKE = [
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
]
PAGE = Path(__file__).with_name("page.html").read_text()


@pytest.fixture
async def chromium() -> AsyncIterator[Browser]:
    path = needs.chromium()
    if path is None:
        pytest.skip("left out: no chromium")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=[*FLAGS, *FAKE])
        yield browser
        await browser.close()


@pytest.fixture
async def here(settings: MediaSettings) -> AsyncIterator[Site]:
    async with site(settings, routes=[Route("/page", lambda request: HTMLResponse(PAGE))]) as made:
        yield made


async def opened(here: Site, browser: Browser, me: int) -> Page:
    page = await browser.new_page()
    await page.goto(f"{here.address.replace('ws', 'http')}/page?me={me}")
    await page.evaluate("begin()")
    return page


async def see(page: Page, *others: int, frames: int = 30) -> dict[str, Any]:
    """Wait until this many more pictures of each were decoded, with something on them, and their sound has come."""
    found: dict[str, Any] = {}
    start: dict[int, int] = {}
    async with asyncio.timeout(20):
        while True:
            found = await page.evaluate("connection ? pictures() : {}")
            if all(f"{who}-camera" in found and f"{who}-audio" in found for who in others):
                for who in others:
                    start.setdefault(who, found[f"{who}-camera"]["frames"])
                if all(is_there(found, who, start[who] + frames) for who in others):
                    return found


def is_there(found: dict[str, Any], who: int, frames: int) -> bool:
    camera, audio = found[f"{who}-camera"], found[f"{who}-audio"]
    return bool(camera["frames"] >= frames and camera["spread"] > 40 and audio["energy"] > 0)


async def test_two_browsers_see_hear_and_type(here: Site, chromium: Browser, settings: MediaSettings) -> None:
    ana, ben = [await opened(here, chromium, me) for me in (1, 2)]
    await see(ana, 2)
    await see(ben, 1)
    await ben.evaluate("press('4711#')")
    await until(lambda: len(here.book.told(Digit)) >= 5)
    assert "".join(fact.digit for fact in here.book.told(Digit)) == "4711#"
    await here.wish(recording="on", consented=frozenset({1}))
    await see(ben, 1, frames=60)
    await here.wish(recording="off")
    await until(lambda: len(here.book.told(Recorded)) == 2)
    for fact in here.book.told(Recorded):
        _, sizes, seconds = heard(settings.folder / fact.file)
        assert seconds > 0.5 and (fact.source == "audio" or sizes)
    await ben.close()
    await ana.wait_for_function(
        "call.told.some(frame => frame.do === 'people' && (frame.left || []).length)", timeout=10_000
    )
    again = await opened(here, chromium, 2)
    await see(again, 1)
    await see(ana, 2, frames=60)


async def test_four_browsers_and_nothing_is_black(here: Site, chromium: Browser) -> None:
    pages = {me: await opened(here, chromium, me) for me in (1, 2, 3, 4)}
    for me, page in pages.items():
        await see(page, *({1, 2, 3, 4} - {me}))
    await pages[4].evaluate("begin()")  # a join in mid-call: a new connection, and nobody else notices
    for me, page in pages.items():
        await see(page, *({1, 2, 3, 4} - {me}), frames=60)
