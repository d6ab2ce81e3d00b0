"""Rows of calls with Chromium in them: pictures a second of four, loss, from Join to seeing, the gap of a mesh."""

import asyncio
import contextlib
import random
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, Page, async_playwright
from playwright.sync_api import expect, sync_playwright
from starlette.responses import HTMLResponse
from starlette.routing import Route

from bench.table import percentile, row
from realtime.calls.ports import MediaSettings
from tests import needs
from tests.browser.calls.conftest import Caller
from tests.browser.calls.test_members import both_in
from tests.browser.house import FLAGS, invite, open_house
from tests.realtime.calls.desk import Site, site
from tests.realtime.calls.test_chromium import FAKE, PAGE, is_there

SEES = 60.0


@contextlib.asynccontextmanager
async def room() -> AsyncIterator[tuple[Site, Browser]]:
    """The server of calls in this process, on this machine's addresses, and a browser with devices of its own."""
    with tempfile.TemporaryDirectory() as folder:
        settings = MediaSettings(Path(folder))
        routes = [Route("/page", lambda request: HTMLResponse(PAGE))]
        async with site(settings, routes=routes) as here, async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=needs.chromium(), args=[*FLAGS, *FAKE])
            yield here, browser
            await browser.close()


async def opened(here: Site, browser: Browser, me: int) -> Page:
    context = await browser.new_context()
    page = await context.new_page()
    await page.goto(f"{here.address.replace('ws', 'http')}/page?me={me}")
    return page


async def pictures(page: Page) -> dict[str, Any]:
    found: dict[str, Any] = await page.evaluate("connection ? pictures() : {}")
    return found


async def seen_by(page: Page, *others: int) -> None:
    """Until each of them is seen, with something on the picture, and heard."""
    async with asyncio.timeout(SEES):
        while True:
            found = await pictures(page)
            if all(f"{who}-camera" in found and f"{who}-audio" in found and is_there(found, who, 1) for who in others):
                return
            await asyncio.sleep(0.02)


async def rates(pages: dict[int, Page], seconds: float) -> tuple[float, int, float]:
    """The fewest pictures a second of any stream, how many were black at the end, the fewest sound packets a second."""
    before = {me: await pictures(page) for me, page in pages.items()}
    begun = time.perf_counter()
    await asyncio.sleep(seconds)
    after = {me: await pictures(page) for me, page in pages.items()}
    took = time.perf_counter() - begun
    frames, sound, black = [], [], 0
    for me in pages:
        for other in pages.keys() - {me}:
            camera, audio = f"{other}-camera", f"{other}-audio"
            frames.append((after[me][camera]["frames"] - before[me][camera]["frames"]) / took)
            sound.append((after[me][audio]["packets"] - before[me][audio]["packets"]) / took)
            black += after[me][camera]["spread"] <= 40
    return min(frames), black, min(sound)


async def everybody(here: Site, browser: Browser, people: int) -> dict[int, Page]:
    pages = {me: await opened(here, browser, me) for me in range(1, people + 1)}
    for page in pages.values():
        await page.evaluate("begin()")
    for me, page in pages.items():
        await seen_by(page, *(pages.keys() - {me}))
    return pages


async def four(seconds: float) -> None:
    async with room() as (here, browser):
        pages = await everybody(here, browser, 4)
        await asyncio.sleep(3)  # until the browsers have found how much they may send
        frames, black, _sound = await rates(pages, seconds)
    row("4 people × 640×480 in Chromium: pictures a second of the slowest of 12 streams", f"{frames:.1f}", "≥ 15")
    row("the same: streams that are black", str(black), "0")


async def loss(seconds: float) -> None:
    """A seeded dropper at the server's sockets: 2 % of all media and reports, both ways."""
    async with room() as (here, browser):
        pages = await everybody(here, browser, 2)
        assert here.calls.host is not None
        media: Any = here.calls.host.owned["room"].media
        for peer in media._peers.values():
            lossy(peer.pipe, random.Random(peer.who))
        await asyncio.sleep(3)
        frames, black, sound = await rates(pages, seconds)
    row("2 % loss (dropper at the server's sockets), Chromium: pictures a second", f"{frames:.1f}", "≥ 10")
    row("the same: streams that are black; packets of sound a second", f"{black}; {sound:.0f}", "0; ≥ 45")


def lossy(pipe: Any, chance: random.Random) -> None:
    take, ice = pipe._datagram, pipe.candidates
    vars(ice)["data_received"] = lambda data, component: (
        None if data[0] > 127 and chance.random() < 0.02 else take(data, component)
    )
    send = pipe.send
    pipe.send = lambda header, rest: None if chance.random() < 0.02 else send(header, rest)


async def joins(_seconds: float) -> None:
    """From *Join* with the camera already chosen to both seeing and hearing, 20 times."""
    took: list[float] = []
    async with room() as (here, browser):
        ana = await opened(here, browser, 1)
        await ana.evaluate("begin()")
        for _ in range(20):
            ben = await opened(here, browser, 2)
            await ben.evaluate("navigator.mediaDevices.getUserMedia({ audio: true, video: true }).then(() => {})")
            begun = time.perf_counter()
            await ben.evaluate("begin()")
            await asyncio.gather(seen_by(ben, 1), seen_by(ana, 2))
            took.append(time.perf_counter() - begun)
            await ben.evaluate("say({ do: 'leave' })")
            await ben.context.close()
            await ana.wait_for_function("!Object.values(call.lines).some((line) => line.who === 2)")
    row("join → both see and hear each other in Chromium, p95 of 20", f"{percentile(took, 95):.2f} s", "≤ 2 s")


# The longest time without a new picture of somebody, whichever element shows them.
GAP = """(name) => {
  const seen = { frames: -1, element: null, at: performance.now(), longest: 0 };
  window.gap = seen;
  const isTheirs = (each) => each.querySelector('.tile-name').textContent.startsWith(name);
  (function look() {
    const tile = [...document.querySelectorAll('#call-stage .vid')].find(isTheirs);
    const video = tile?.querySelector('video');
    const frames = video?.getVideoPlaybackQuality().totalVideoFrames ?? -1;
    const now = performance.now();
    if (video && (video !== seen.element || frames !== seen.frames) && frames > 0) {
      seen.longest = Math.max(seen.longest, now - seen.at);
      Object.assign(seen, { frames, element: video, at: now });
    }
    requestAnimationFrame(look);
  })();
}"""


def mesh() -> None:
    """Two members of the real application talk directly; a third one joins."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright, open_house(Path(folder)) as house:
        invite(house.owner, "olga@example.org", "Olga Prieto", team="2")
        browser = playwright.chromium.launch(executable_path=needs.chromium(), args=[*FLAGS, *FAKE])
        path = house.contact("Lucía Ferrer")
        ana, mateo, olga = (Caller(house.sit(browser, f"{name}@example.org")) for name in ("ana", "mateo", "olga"))
        both_in(house, (ana, mateo, path))
        expect(ana.page.locator("#call-status")).to_have_text("Direct connection", timeout=30_000)
        ana.sees("Mateo")
        ana.page.evaluate(GAP, "Mateo")
        olga.page.goto(house.url + path)
        olga.page.get_by_role("link", name="Join").first.click()
        olga.join()
        olga.sees("Ana")
        ana.sees("Mateo")
        longest = ana.page.evaluate("window.gap.longest") / 1000
        browser.close()
    row("direct → through the server in Chromium, longest time without a picture", f"{longest:.2f} s", "≤ 1.5 s")


async def browsers(said: Any) -> None:
    if needs.chromium() is None:
        row("rows with Chromium: left out, it is not installed", "")
        return
    for measure in (four, loss, joins):
        await measure(said.seconds)
    await asyncio.to_thread(mesh)
