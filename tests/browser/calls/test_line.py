"""A customer calls from the public page and presses keys there; the agent's card says what is known, and answers."""

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.calls.conftest import Caller
from tests.browser.calls.test_looks import looked_at
from tests.browser.house import House

pytestmark = pytest.mark.browser


def set_up(ana: Caller, house: House) -> str:
    """By the page of the settings: Mateo on key 1."""
    ana.page.goto(f"{house.url}/settings/announcer")
    ana.page.get_by_label("Customers can call").check()
    with ana.page.expect_navigation():
        ana.page.locator('[hx-put="/settings/announcer"]').get_by_role("button", name="Save").click()
    address = ana.page.get_by_label("Address for your web site").input_value()
    ana.page.get_by_text("Add a key").click()
    form = ana.page.locator('form[hx-post="/settings/announcer/menus/1/options"]')
    form.get_by_label("Leads to").select_option("text")
    expect(form.get_by_label("Text that is spoken · English")).to_be_visible()
    expect(form.get_by_label("Team, person, skill or menu")).to_be_hidden()
    form.get_by_label("Leads to").select_option("person")
    expect(form.get_by_label("Text that is spoken · English")).to_be_hidden()
    form.get_by_label("What it is for · English").fill("Mateo")
    form.get_by_label("Team, person, skill or menu").select_option(label="Mateo Ríos")
    with ana.page.expect_navigation():
        form.get_by_role("button", name="Save key").click()
    expect(ana.page.locator("#line-menu-1 li summary", has_text="Mateo Ríos")).to_be_visible()
    return address


def test_a_customer_calls_and_is_answered(
    call_house: House, callers: Browser, pair: tuple[Caller, Caller, str]
) -> None:
    ana, mateo, path = pair
    address = set_up(ana, call_house)
    mateo.page.goto(call_house.url + path)
    context = callers.new_context(locale="es-ES", viewport={"width": 390, "height": 844})
    noor = Caller(context.new_page())
    noor.page.goto(address)
    noor.page.locator("#line-name").fill("Noor Haddad")
    noor.page.get_by_role("button", name="Llamar").click()
    pad = noor.page.locator("#keypad")
    expect(pad).to_be_visible()
    noor.page.wait_for_function("() => document.getElementById('call-stage').dataset.path === 'connected'")
    card = mateo.page.locator("#rings .callcard")
    noor.page.wait_for_function(ANNOUNCED, timeout=20_000)
    pad.get_by_role("button", name="1").click()
    expect(card).to_contain_text("Noor Haddad")
    expect(card).to_contain_text("Nothing proves who this is")
    expect(card).to_contain_text("Chose: Mateo")
    assert mateo.page.url.endswith(path), "a card never navigates"
    card.get_by_role("button", name="Take the call").click()
    mateo.page.wait_for_url("**/calls/*")
    noor.hears()
    mateo.hears()
    expect(mateo.page.locator(".callfacts").first).to_contain_text("Speaks Spanish")
    assert noor.page.evaluate("() => document.documentElement.scrollWidth <= 390")
    context.close()


@pytest.mark.parametrize("language", ["en", "es"])
def test_its_pages_have_nothing_to_complain_of(
    call_house: House, callers: Browser, pair: tuple[Caller, Caller, str], language: str
) -> None:
    """The settings with everything opened, the customers' page, and a PIN on a record; for axe, and on a phone."""
    ana, _mateo, path = pair
    address = set_up(ana, call_house)
    told = {}
    ana.page.evaluate("document.querySelectorAll('#announcer details').forEach((each) => (each.open = true))")
    told["settings"] = looked_at(ana.page)
    ana.page.goto(call_house.url + path)
    ana.page.locator("summary", has_text="Number and PIN").click()
    ana.page.get_by_role("button", name="Give a PIN").click()
    expect(ana.page.locator("#given-pin-value")).to_be_visible()
    told["pin"] = looked_at(ana.page)
    context = callers.new_context(locale=language)
    page = context.new_page()
    page.goto(f"{address}?lang={language}")
    page.locator("#line-note summary").click()
    told["public"] = looked_at(page)
    context.close()
    assert told == {"settings": [], "pin": [], "public": []}


ANNOUNCED = """async () => {
  const player = document.querySelector('#call-sound audio[data-of="0-audio"]');
  if (!player?.srcObject) return false;
  const context = new AudioContext();
  const analyser = context.createAnalyser();
  context.createMediaStreamSource(player.srcObject).connect(analyser);
  const wave = new Float32Array(analyser.fftSize);
  const end = performance.now() + 1500;
  let loudest = 0;
  while (performance.now() < end && loudest < 0.01) {
    analyser.getFloatTimeDomainData(wave);
    loudest = Math.max(loudest, ...wave.map(Math.abs));
    await new Promise(requestAnimationFrame);
  }
  await context.close();
  return loudest >= 0.01;
}"""
