"""A house, a browser with devices that are not real, and what can be seen and heard in a call's page."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Playwright, expect

from tests import needs
from tests.browser.house import FLAGS, House, open_house

FAKE = [
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    "--auto-select-desktop-capture-source=Entire screen",
]
# Pixels that differ, and sound that has energy: of the tile or the player of one person.
SEEN = """(name) => {
  const flat = name.startsWith('Screen'); // the screen that is not real is one colour
  const tile = [...document.querySelectorAll('#call-stage .vid')].find((each) => each.querySelector('.tile-name').textContent.startsWith(name));
  const video = tile?.querySelector('video');
  if (!video || video.hidden || video.readyState < 2) return 0;
  const canvas = Object.assign(document.createElement('canvas'), { width: 64, height: 48 });
  const context = canvas.getContext('2d');
  context.drawImage(video, 0, 0, 64, 48);
  const pixels = context.getImageData(0, 0, 64, 48).data.filter((_, at) => at % 4 === 1);
  return flat || Math.max(...pixels) - Math.min(...pixels) > 40 ? video.getVideoPlaybackQuality().totalVideoFrames : 0;
}"""
HEARD = """async () => {
  const context = new AudioContext();
  const players = [...document.querySelectorAll('#call-sound audio')].filter((each) => each.srcObject && !each.dataset.of.startsWith('0-'));
  let loudest = 0;
  for (const player of players) {
    const analyser = context.createAnalyser();
    context.createMediaStreamSource(player.srcObject).connect(analyser);
    const wave = new Float32Array(analyser.fftSize);
    const end = performance.now() + 1500;
    while (performance.now() < end && loudest < 0.01) {
      analyser.getFloatTimeDomainData(wave);
      loudest = Math.max(loudest, ...wave.map(Math.abs));
      await new Promise(requestAnimationFrame);
    }
  }
  await context.close();
  return loudest;
}"""


@dataclass
class Caller:
    """Somebody's window in a call."""

    page: Page

    def sees(self, name: str, more: int = 15) -> None:
        """This many more pictures of them are shown, with something on them."""
        self._until(f"(name) => ({SEEN})(name) > 0", name)
        start = self.page.evaluate(SEEN, name)
        self._until(f"([name, n]) => ({SEEN})(name) >= n", [name, start + more])

    def hears(self) -> None:
        self._until(f"() => ({HEARD})().then((level) => level >= 0.01)")

    def _until(self, true: str, given: Any = None) -> None:
        """Asked a few times a second: with each frame, asking would cost more than the call."""
        self.page.wait_for_function(true, arg=given, timeout=20_000, polling=200)

    def join(self, how: str = "Join with video") -> None:
        self.page.get_by_role("button", name=how).click()

    def tile(self, name: str) -> Any:
        return self.page.locator("#call-stage .vid", has=self.page.locator(".tile-name", has_text=name))


@pytest.fixture(scope="session")
def callers(playwright: Playwright) -> Iterator[Browser]:
    launched = playwright.chromium.launch(executable_path=needs.headless(), args=[*FLAGS, *FAKE])
    yield launched
    launched.close()


@pytest.fixture(scope="session")
def call_house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with open_house(tmp_path_factory.mktemp("calls")) as house:
        yield house


def start_call(house: House, page: Page, path: str) -> None:
    """By the record's own button."""
    page.goto(house.url + path)
    page.locator('[hx-post="/calls"]').first.click()
    page.wait_for_url("**/calls/*")
    expect(page.locator("#call-join")).to_be_visible()


@pytest.fixture
def pair(call_house: House, callers: Browser) -> Iterator[tuple[Caller, Caller, str]]:
    """Ana and Mateo at a new record; nobody has called yet."""
    path = call_house.contact("Lucía Ferrer")
    ana = call_house.sit(callers, "ana@example.org")
    mateo = call_house.sit(callers, "mateo@example.org")
    yield Caller(ana), Caller(mateo), path
    ana.context.close()
    mateo.context.close()
    said, call_house.complaints = call_house.complaints, []
    assert said == []
