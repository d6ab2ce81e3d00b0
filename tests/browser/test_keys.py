"""Cases are worked through by keys alone: through the list, into one, and what is done there."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.house import House, live

pytestmark = pytest.mark.browser


@pytest.fixture
def page(house: House, chromium: Browser) -> Iterator[Page]:
    for person, subject in (("Harriet Cole", "Wand loses pressure"), ("Oliver Banks", "Beans for a cold brew")):
        house.case(person, subject, "They called about it.")
    page = house.sit(chromium, "ana@example.org")
    page.goto(f"{house.url}/cases?view=unassigned")
    live(page)
    yield page
    page.context.close()
    said, house.complaints = house.complaints, []
    assert said == []


def into_first(page: Page) -> str:
    """By J, K and Enter; says what the case is about."""
    rows = page.locator("#case-list [data-row]")
    for key, place in (("j", 0), ("j", 1), ("k", 0), ("k", 0)):
        page.keyboard.press(key)
        expect(rows.nth(place)).to_have_class("case-row current")
        expect(rows.nth(place).locator("a")).to_be_focused()
    subject = rows.nth(0).locator(".who").inner_text()
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text(subject)
    live(page)
    return subject


def test_from_the_list_to_solved(page: Page) -> None:
    subject = into_first(page)
    for key, dialog in (("a", "#assign"), ("m", "#snooze")):
        page.keyboard.press(key)
        expect(page.locator(dialog)).to_be_visible()
        expect(page.locator(f"{dialog} :is(select, input:not([type=hidden]))").first).to_be_focused()
        page.keyboard.press("Escape")
        expect(page.locator(dialog)).to_be_hidden()
    for key, field in (("n", "#case-note-text"), ("r", "#case-reply-text")):
        page.keyboard.press(key)
        expect(page.locator(field)).to_be_focused()
        page.keyboard.type("jkmane")
        expect(page.locator(field)).to_have_value("jkmane")
        page.locator(field).fill("")
        page.locator(field).blur()
    expect(page.locator("dialog[open]")).to_have_count(0)
    page.keyboard.press("e")
    expect(page.locator(".aside")).to_contain_text("Solved")
    expect(page.locator(".acts > .until-over")).to_be_hidden()
    page.locator(".acts > .once-over").click()
    expect(page.locator(".acts > .until-over")).to_be_visible()
    expect(page.locator("h1")).to_have_text(subject)


def test_with_capitals_locked(page: Page) -> None:
    page.keyboard.down("J")
    expect(page.locator("#case-list [data-row]").nth(0)).to_have_class("case-row current")


def test_what_is_typed_into_the_search_is_typed(page: Page) -> None:
    page.keyboard.press("/")
    search = page.locator("#cases [data-search]")
    expect(search).to_be_focused()
    page.keyboard.type("jken")
    expect(search).to_have_value("jken")
    expect(page.locator("[data-row].current, dialog[open]")).to_have_count(0)
