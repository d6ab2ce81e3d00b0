"""The half of the self-check that only a browser can do: devices, the live connection, UDP to the media ports, the relay."""

import contextlib
import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, Playwright, expect

from tests import needs
from tests.browser.calls.conftest import FAKE
from tests.browser.house import FLAGS, House, live, open_house

pytestmark = pytest.mark.browser


def test_every_part_works_here(call_house: House, callers: Browser) -> None:
    page = call_house.sit(callers, "ana@example.org")
    press(page, call_house)
    for name in ("microphone", "camera", "socket", "udp", "relay"):
        expect(page.locator(f'[data-test="{name}"]')).to_have_attribute("data-state", "ok")
    expect(told(page)).to_have_text(re.compile(r"^UDP comes through to \S+:\d+$"))
    page.context.close()


@pytest.mark.parametrize(("language", "words"), [("en", "No UDP comes back from"), ("es", "No vuelve ningún UDP de")])
def test_a_network_without_udp_is_named(call_house: House, playwright: Playwright, language: str, words: str) -> None:
    """The browser itself sends none: the policy of some closed networks, which only a whole browser knows."""
    flags = [*FLAGS, *FAKE, "--webrtc-ip-handling-policy=disable_non_proxied_udp"]
    closed = playwright.chromium.launch(executable_path=needs.chromium(), args=flags)
    with contextlib.closing(closed), call_house.speaking(language):
        page = call_house.sit(closed, "ana@example.org")
        press(page, call_house)
        expect(told(page)).to_contain_text(words, timeout=30_000)
        expect(told(page)).to_contain_text("MEDIA_PORTS")
        expect(page.locator('[data-test="udp"]')).to_have_attribute("data-state", "bad")
        expect(page.locator('[data-test="socket"]')).to_have_attribute("data-state", "ok")


# A path that lets small datagrams through and loses large ones, as a tunnel with a wrong packet size does.
LOSES_LARGE = """
import aioice.ice
heard = aioice.ice.StunProtocol.datagram_received
def small_alone(protocol, data, address):
    if len(data) <= 250:
        heard(protocol, data, address)
aioice.ice.StunProtocol.datagram_received = small_alone
"""


@pytest.mark.parametrize(
    ("language", "words"), [("en", "but not the large packets"), ("es", "pero no los paquetes grandes")]
)
def test_a_path_that_loses_the_handshake_is_named(tmp_path: Path, callers: Browser, language: str, words: str) -> None:
    """UDP goes to and fro, the encrypted connection does not come about: another sentence than that of no UDP at all."""
    with open_house(tmp_path, before=LOSES_LARGE) as lossy, lossy.speaking(language):
        page = lossy.sit(callers, "ana@example.org")
        press(page, lossy)
        expect(told(page)).to_contain_text(words, timeout=30_000)
        expect(told(page)).to_have_text(re.compile(r" \S+:\d+, "))
        expect(page.locator('[data-test="udp"]')).to_have_attribute("data-state", "bad")
        expect(page.locator('[data-test="socket"]')).to_have_attribute("data-state", "ok")
        page.context.close()
        assert lossy.complaints == []


def press(page: Page, house: House) -> None:
    page.goto(f"{house.url}/settings/check")
    live(page)
    page.locator("#call-check button").click()


def told(page: Page) -> Locator:
    return page.locator('[data-test="udp"] [data-text]')
