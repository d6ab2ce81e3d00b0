"""A form in real browsers: the preview follows what its admin types, and customers send it without any script."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.house import House, live

pytestmark = pytest.mark.browser
SLOWLY = 60  # milliseconds between keys, as a person types: a form that is sent within two seconds is a program's
WORDS = "The wand gives wet steam since Monday morning."


@pytest.fixture
def form(house: House) -> str:
    """The address of its settings."""
    made = str(house.owner.post("/settings/portal", data={"name": "Write to us", "kind": "form"}).headers["location"])
    given = {
        "name": "Write to us",
        "language": "en",
        "ask_name": "may",
        "ask_emails": "must",
        "thanks_en": "Thank you so much.",
    }
    assert house.owner.put(made, data=given).status_code == 200
    return made


def public(house: House, form: str) -> str:
    found = re.search(r"/p/form/[0-9a-f]{24}", house.owner.get(form).text)
    assert found is not None
    return house.url + found[0]


@pytest.fixture
def bare(chromium: Browser) -> Iterator[Page]:
    """A customer whose browser runs no scripts."""
    context = chromium.new_context(java_script_enabled=False, locale="en-GB")
    page = context.new_page()
    page.set_default_timeout(10_000)
    yield page
    context.close()


def test_the_preview_follows_what_is_typed(house: House, form: str, ana: Page) -> None:
    ana.goto(house.url + form)
    live(ana)
    ana.get_by_role("heading", name="Preview").click()
    shown = ana.frame_locator("iframe.place-preview")
    expect(shown.get_by_role("heading", name="Write to us")).to_be_visible()
    ana.locator("#title-en").fill("Tell us what happened")
    expect(shown.get_by_role("heading", name="Tell us what happened")).to_be_visible()
    ana.locator("[name=ask_phones]").select_option("must")
    expect(shown.locator("[name=phones]")).to_have_count(1)
    ana.reload()
    ana.get_by_role("heading", name="Preview").click()
    expect(shown.get_by_role("heading", name="Write to us")).to_be_visible()


def test_without_scripts_it_is_sent_and_thanked_for(house: House, form: str, bare: Page) -> None:
    bare.goto(public(house, form))
    bare.locator("[name=emails]").fill("harriet@brightwater.example")
    bare.locator("#text").press_sequentially(WORDS, delay=SLOWLY)
    bare.get_by_role("button", name="Send").click()
    expect(bare.get_by_role("heading", name="Thank you so much.")).to_be_visible()
    number = re.search(r"number (\d+)", bare.locator("main").inner_text())
    assert number is not None
    messages = house.owner.get("/cases").text
    assert WORDS[:20] in messages


def test_without_scripts_what_is_wrong_is_said_and_nothing_is_lost(house: House, form: str, bare: Page) -> None:
    bare.goto(public(house, form) + "?lang=es")
    bare.locator("[name=emails]").fill("no es un correo")
    bare.locator("#text").press_sequentially(WORDS, delay=SLOWLY)
    bare.get_by_role("button", name="Enviar").click()
    expect(bare.locator("[name=emails]")).to_have_attribute("aria-invalid", "true")
    expect(bare.locator("[data-error-for=emails]")).not_to_be_empty()
    expect(bare.locator("#text")).to_have_value(WORDS)
    bare.locator("[name=emails]").fill("harriet@brightwater.example")
    bare.locator("#text").fill("")
    bare.locator("#text").press_sequentially("   ", delay=800)
    bare.get_by_role("button", name="Enviar").click()
    expect(bare.locator("#wrong-text")).not_to_be_empty()
    bare.locator("#text").press_sequentially(WORDS, delay=SLOWLY)
    bare.get_by_role("button", name="Enviar").click()
    expect(bare.locator("main")).to_contain_text("Su caso tiene el número")
