"""The screens of calls: nothing to complain of for axe, in both languages and themes, and no page wider than a phone."""

import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.calls.conftest import Caller, start_call
from tests.browser.calls.test_guests import link_for_a_guest
from tests.browser.house import House

pytestmark = pytest.mark.browser
AXE = Path("node_modules/axe-core/axe.min.js")
PHONE = {"width": 390, "height": 844}
DRESSED = """async (theme) => {
  document.documentElement.dataset.bsTheme = theme;
  for (let frame = 0; frame < 3; frame += 1) await new Promise(requestAnimationFrame);
  await Promise.all(document.getAnimations().filter((each) => each.effect.getTiming().iterations === 1).map((each) => each.finished.catch(() => {})));
}"""
MARGINS = """(button) => {
  const range = document.createRange(), outer = button.getBoundingClientRect();
  range.selectNodeContents(button);
  const inner = range.getBoundingClientRect();
  return [inner.left - outer.left, outer.right - inner.right];
}"""
WIDE = {"width": 1440, "height": 900}


def faults(page: Page, theme: str) -> list[str]:
    """Of axe, and a page wider than its window. The page's own policy lets no script in: it is evaluated."""
    page.evaluate(DRESSED, theme)
    page.evaluate(AXE.read_text())
    found: dict[str, Any] = page.evaluate("axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa'] })")
    told = [f"{each['id']}: {node['html'][:160]}" for each in found["violations"] for node in each["nodes"]]
    wide = page.evaluate("document.documentElement.scrollWidth > innerWidth")
    return told + (["wider than the window"] if wide else [])


def looked_at(page: Page) -> list[str]:
    expect(page.locator(".htmx-request, .flash")).to_have_count(0)
    page.mouse.move(1, 1)
    page.emulate_media(reduced_motion="reduce")  # else colours are on their way while they are looked at
    told = []
    for size in (WIDE, PHONE):
        page.set_viewport_size(size)  # type: ignore[arg-type]
        for theme in ("light", "dark"):
            told += [f"{theme} {size['width']}: {each}" for each in faults(page, theme)]
    page.set_viewport_size(WIDE)  # type: ignore[arg-type]
    return told


def somebody_waits(house: House, callers: Browser, ana: Caller) -> None:
    """A guest in the lobby; the longer words are the Spanish ones."""
    made = house.owner.post(f"{urlsplit(ana.page.url).path}/guest-links", data={"name": "Lucía Fernández de la Vega"})
    guest = callers.new_context(locale="es-ES").new_page()
    guest.goto(re.findall(r"http[^\"]*/p/join/[\w-]+", made.text)[0])
    guest.locator("#call-join [type=submit]").first.click()
    button = ana.page.locator("[data-guest] button")
    expect(button).to_be_visible()
    ana.page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    ana.page.locator("#call-beside [data-do=beside]").click()  # back to the call
    expect(button).to_be_visible()
    assert min(button.evaluate(MARGINS)) >= 6, "a long name beside it takes nothing of the button's"
    ana.page.set_viewport_size(WIDE)  # type: ignore[arg-type]


def facts_by_key(page: Page) -> None:
    """What stands beside the call is its second half on a phone."""
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    page.locator(".cbtn[data-do=beside]").click()
    box = page.locator("#call-beside").bounding_box()
    assert box is not None and (box["x"], box["y"], box["width"]) == (0, 0, PHONE["width"]), "up to the edges"
    page.locator("#b-talk").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator("#facts")).to_be_visible()
    expect(page.locator(".notes-beside")).to_be_hidden()


def test_the_filters_of_the_log_are_within_reach_on_a_phone(call_house: House, callers: Browser) -> None:
    with call_house.speaking("es"):
        page = call_house.sit(callers, "ana@example.org", viewport=PHONE)
        page.goto(f"{call_house.url}/calls")
        expect(page.locator(".call-filters")).to_be_visible()
        for part in page.locator(".call-filters > *, .call-filters input, .head .seg > a").all():
            box = part.bounding_box()
            assert box is not None and box["x"] >= 0 and box["x"] + box["width"] <= PHONE["width"]
        assert page.locator(".call-filters").evaluate("(form) => form.scrollWidth <= form.clientWidth")
        page.get_by_label("Quién").select_option("me")
        page.get_by_role("button", name="Aplicar").click()
        page.wait_for_url("**person=me**")
        page.context.close()


@pytest.mark.parametrize("language", ["en", "es"])
def test_every_screen_of_a_call(
    call_house: House, callers: Browser, pair: tuple[Caller, Caller, str], language: str
) -> None:
    ana, _mateo, path = pair
    with call_house.speaking(language):
        start_call(call_house, ana.page, path)
        assert "\n".join(looked_at(ana.page)) == ""
        ana.page.locator("#call-join [type=submit]").first.click()
        expect(ana.page.locator("#call-stage .vid")).to_have_count(1)
        assert "\n".join(looked_at(ana.page)) == ""
        facts_by_key(ana.page)
        assert "\n".join(looked_at(ana.page)) == ""
        if language == "en":
            address = link_for_a_guest(ana)
            assert "\n".join(looked_at(ana.page)) == ""
            context = callers.new_context(locale="es-ES")
            guest = context.new_page()
            guest.goto(address)
            assert "\n".join(looked_at(guest)) == ""
            context.close()
        else:
            somebody_waits(call_house, callers, ana)
            assert "\n".join(looked_at(ana.page)) == ""
        ana.page.locator("#nav a[href='/contacts']").click()
        expect(ana.page.locator("#callcard")).to_be_visible()
        told = [each for each in looked_at(ana.page) if "callcard" in each or "cbtn" in each or "vid" in each]
        assert told == []
        ana.page.locator("#callcard [data-do=leave]").click()
    assert re.search(r"/contacts$", ana.page.url)
