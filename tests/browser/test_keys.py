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


def test_rows_are_worked_through_without_going_into_them(page: Page) -> None:
    """X chooses; A and E do with the chosen ones what the bar does, or with the row one is at. One ring is around it."""
    rows = page.locator("#case-list [data-row]")
    page.keyboard.press("j")
    expect(rows.nth(0).locator("a")).to_be_focused()
    expect(rows.nth(0).locator("a")).to_have_css("outline-style", "none")
    page.keyboard.press("a")
    expect(rows.nth(0).locator(".av-xs")).to_have_count(1)
    expect(page.locator("[data-bulk-row]:checked")).to_have_count(0)
    page.goto(page.url.replace("unassigned", "mine"))
    live(page)
    before = rows.count()
    page.keyboard.press("j")
    page.keyboard.press("x")
    expect(rows.nth(0).locator("[data-bulk-row]")).to_be_checked()
    expect(page.locator("[data-bulk-bar]")).to_be_visible()
    with page.expect_response("**/cases/selection/status"):
        page.keyboard.press("e")
    page.reload()
    expect(rows).to_have_count(before - 1)


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


@pytest.mark.parametrize("width", [1440, 390])
def test_what_is_new_in_the_list_covers_no_words_of_it(house: House, page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 844})
    house.case("Nerea Olmos", "Opened meanwhile", "They called about it.")
    pill, view = page.locator(".pillbar"), page.locator("#case-views a").first
    expect(pill).to_be_visible()
    pill.evaluate("one => Promise.all(one.getAnimations().map((each) => each.finished))")
    under, over = view.bounding_box(), pill.bounding_box()
    assert under is not None and over is not None
    words = under["y"] + (under["height"] - 14) / 2  # its line of text
    assert over["y"] + over["height"] <= words
