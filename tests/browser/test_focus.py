"""Where the keyboard stands: what is saved, left or replaced does not take the focus away."""

import pytest
from playwright.sync_api import Browser, Locator, Page, Route, expect

from tests.browser.house import PASSWORD, House, live

pytestmark = pytest.mark.browser


@pytest.fixture
def record(house: House, ana: Page) -> Page:
    ana.goto(f"{house.url}{house.contact('Noelia Soto')}")
    live(ana)
    return ana


def fact(page: Page, field: str) -> Locator:
    return page.locator(f"[data-field={field}] .fact-value")


def choose(page: Page, menu: Locator, item: Locator) -> None:
    """By keys alone: the menu's button, then what stands in it."""
    for each in (menu, item):
        each.focus()
        page.keyboard.press("Enter")


TYPE_AT_ONCE = (
    """text => addEventListener('focusin', () => document.execCommand('insertText', false, text), {once: true})"""
)


@pytest.mark.parametrize("leave", ["Enter", "Escape"])
def test_a_fact_that_is_saved_or_left(record: Page, leave: str) -> None:
    fact(record, "title").focus()
    record.keyboard.press("Enter")
    expect(record.locator("#fact-input")).to_be_focused()
    record.keyboard.type("Buyer")
    record.keyboard.press(leave)
    expect(fact(record, "title")).to_be_focused()
    record.keyboard.press("Tab")
    expect(fact(record, "company")).to_be_focused()


def test_a_note_that_is_edited(record: Page) -> None:
    record.keyboard.press("n")
    record.keyboard.type("They open in spring")
    record.keyboard.press("Control+Enter")
    more = record.locator(".note-more")
    choose(record, more, record.locator("[popover]:popover-open").get_by_text("Edit"))
    expect(record.locator(".note-body textarea")).to_be_focused()
    record.keyboard.type(" or in May")
    record.keyboard.press("Control+Enter")
    expect(record.locator(".note-body .bubble")).to_have_text("They open in spring or in May")
    expect(more).to_be_focused()


def test_words_that_are_typed_the_moment_a_field_opens_stand_at_its_end(record: Page) -> None:
    record.keyboard.press("n")
    record.keyboard.type("They open in spring")
    record.keyboard.press("Control+Enter")
    edit = record.locator(".note-body").get_by_text("Edit")
    record.locator(".note-more").focus()
    record.keyboard.press("Enter")
    expect(edit).to_be_visible()
    record.evaluate(TYPE_AT_ONCE, " or in May")
    edit.evaluate("button => button.click()")
    expect(record.locator(".note-body textarea")).to_have_value("They open in spring or in May")


def test_a_dialog_that_a_menu_opened(record: Page) -> None:
    more = record.get_by_label("More", exact=True)
    choose(record, more, record.locator(".idbar .menu").get_by_text("Rename"))
    expect(record.locator("#fact-input")).to_be_focused()
    record.keyboard.press("Escape")
    expect(more).to_be_focused()


def test_from_the_address_to_the_password(house: House, chromium: Browser) -> None:
    page = chromium.new_page()
    page.goto(f"{house.url}/signin")
    page.keyboard.type("ana@example.org")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/contacts")
    page.context.close()


def test_who_opens_a_room_writes_at_once(house: House, ana: Page) -> None:
    ana.goto(f"{house.url}/chat/1")
    live(ana)
    ana.keyboard.type("Good morning")
    ana.keyboard.press("Enter")
    said = ana.locator(".msg", has_text="Good morning")
    expect(said).to_be_visible()
    ana.keyboard.press("ArrowUp")
    expect(said.locator("textarea")).to_be_focused()
    ana.keyboard.type(", all")
    ana.keyboard.press("Enter")
    expect(said).to_contain_text("Good morning, all")
    expect(ana.locator("#composer-text")).to_be_focused()


def test_what_is_typed_while_a_field_is_on_its_way_goes_into_it(record: Page) -> None:
    under_way: list[Route] = []
    record.route("**/edit", lambda route: under_way.append(route))
    fact(record, "title").focus()
    with record.expect_request("**/edit"):
        record.keyboard.press("Enter")
    record.keyboard.type("tasters and notey")
    record.keyboard.press("Backspace")
    record.evaluate(TYPE_AT_ONCE, "s")
    under_way[0].continue_()
    expect(record.locator("#fact-input")).to_have_value("tasters and notes")
    record.keyboard.press("Enter")
    expect(fact(record, "title")).to_contain_text("tasters and notes")
    expect(record.locator("dialog[open]")).to_have_count(0)


def test_a_field_that_never_comes_gives_the_keys_back(record: Page) -> None:
    record.route("**/edit", lambda route: route.fulfill(status=204))
    with record.expect_response("**/edit"):
        fact(record, "title").press("Enter")
    record.wait_for_function("!document.querySelector('.htmx-request')")
    record.keyboard.press("t")
    expect(record.locator("#new-task")).to_be_visible()


def test_tags_in_use_are_offered_while_one_types(house: House, record: Page) -> None:
    house.owner.post("/contacts", data={"name": "Tagged", "tags": "renewal, reseller, Hotel"})
    fact(record, "tags").press("Enter")
    field, options = record.locator("#fact-input"), record.locator("[role=option]:visible")
    field.press_sequentially("rene")
    expect(options).to_have_text(["renewal"])
    for key in ("ArrowDown", "Enter"):
        record.keyboard.press(key)
    expect(field).to_have_value("renewal, ")
    field.press_sequentially("re")
    expect(options).to_have_text(["reseller"])
    record.keyboard.press("Escape")
    expect(options).to_have_count(0)
    record.keyboard.press("Enter")
    expect(fact(record, "tags").locator(".pill")).to_have_text(["renewal", "re"])


def test_a_fact_that_is_written_stays_when_its_region_is_fetched_again(house: House, ana: Page) -> None:
    made = house.owner.post("/contacts", data={"name": "Hostal Cierzo", "kind": "company"})
    ana.goto(house.url + made.headers["location"])
    live(ana)
    fact(ana, "phones").click()
    ana.locator("#fact-input").fill("600 000 100")
    house.owner.post("/contacts", data={"name": "Noa Cierzo", "company": "Hostal Cierzo"})
    expect(ana.locator("#facts")).to_contain_text("Noa Cierzo")
    expect(ana.locator("#fact-input")).to_have_value("600 000 100")
    expect(ana.locator("#fact-input")).to_be_focused()
    ana.get_by_role("button", name="Save", exact=True).click()
    expect(fact(ana, "phones")).to_contain_text("600 000 100")
