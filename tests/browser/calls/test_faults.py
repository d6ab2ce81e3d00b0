"""What goes wrong in mid-call: a tab that freezes, a server that is replaced, a second window of the same person."""

import contextlib
import os
import signal
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Playwright, expect

from tests import needs
from tests.browser.calls.conftest import FAKE, Caller
from tests.browser.calls.test_members import both_in
from tests.browser.house import FLAGS, House

pytestmark = pytest.mark.browser
Pair = tuple[Caller, Caller, str]


@pytest.fixture
def own_browser(playwright: Playwright) -> Iterator[Browser]:
    launched = playwright.chromium.launch(executable_path=needs.headless(), args=[*FLAGS, *FAKE])
    yield launched
    launched.close()


def renderers(browser: Browser) -> list[int]:
    """The processes that run this browser's pages, as it names them itself."""
    told = browser.new_browser_cdp_session().send("SystemInfo.getProcessInfo")
    return [int(one["id"]) for one in told["processInfo"] if one["type"] == "renderer"]


@contextlib.contextmanager
def frozen(processes: list[int]) -> Iterator[None]:
    for one in processes:
        os.kill(one, signal.SIGSTOP)
    try:
        yield
    finally:
        for one in processes:
            os.kill(one, signal.SIGCONT)


def test_a_frozen_tab_is_shown_comes_back_and_leaves_at_last(
    call_house: House, callers: Browser, own_browser: Browser
) -> None:
    """Its socket stays open, its packets end: reconnecting after ten seconds, out after thirty."""
    path = call_house.contact("Lucía Ferrer")
    ana = Caller(call_house.sit(callers, "ana@example.org"))
    mateo = Caller(call_house.sit(own_browser, "mateo@example.org"))
    both_in(call_house, (ana, mateo, path))
    ana.sees("Mateo")
    mateo.sees("Ana")
    processes = renderers(own_browser)
    with frozen(processes):
        expect(ana.tile("Mateo")).to_have_attribute("data-status", "here")
        expect(ana.tile("Mateo")).to_have_attribute("data-status", "reconnecting", timeout=20_000)
    expect(ana.tile("Mateo")).to_have_attribute("data-status", "here", timeout=20_000)
    ana.sees("Mateo")
    mateo.sees("Ana")
    with frozen(processes):
        expect(ana.tile("Mateo")).to_have_attribute("data-status", "reconnecting", timeout=20_000)
        expect(ana.tile("Mateo")).to_have_count(0, timeout=40_000)
        expect(ana.page.locator("#call-status")).to_have_text("You are the only one here")
    ana.sees("Mateo")  # it thaws, hears that it was out, and joins again
    for one in (ana, mateo):
        one.page.context.close()
    call_house.complaints.clear()


def test_a_server_that_is_replaced_brings_everybody_back(call_house: House, pair: Pair) -> None:
    """SIGTERM says bye{restart}; the pages come back to the new process without a reload."""
    ana, mateo, _path = pair
    both_in(call_house, pair)
    ana.sees("Mateo")
    for one in (ana, mateo):
        one.page.evaluate("window.same = true")
    call_house.restart()
    ana.sees("Mateo")
    mateo.sees("Ana")
    ana.hears()
    assert all(one.page.evaluate("window.same") for one in (ana, mateo))


def test_the_last_window_of_a_person_counts(call_house: House, pair: Pair) -> None:
    ana, mateo, _path = pair
    both_in(call_house, pair)
    ana.sees("Mateo")
    second = Caller(mateo.page.context.new_page())
    second.page.goto(mateo.page.url)
    second.join()
    expect(mateo.page.locator(".callover")).to_contain_text(
        "The call goes on in another window of yours", timeout=20_000
    )
    second.sees("Ana")
    ana.sees("Mateo")
    expect(ana.page.locator("#call-stage .vid")).to_have_count(2)
    mateo.page.get_by_role("button", name="Take it here").click()
    mateo.sees("Ana")
    expect(second.page.locator(".callover")).to_be_visible()
