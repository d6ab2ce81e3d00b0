"""The list of contacts is narrowed by its menu: by tag, by owner, and by what is not there yet."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.house import House, live

pytestmark = pytest.mark.browser


@pytest.fixture
def listed(house: House, ana: Page) -> Page:
    for name, tag in (("Marta Olmos", "wholesale"), ("Hugo Barrera", "hotel")):
        about = house.contact(name)
        house.owner.put(f"{about}/facts/tags", data={"value": tag})
    ana.goto(f"{house.url}/contacts")
    live(ana)
    return ana


def open_menu(page: Page) -> None:
    page.locator("[data-filters] > summary").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#filter-field")).to_be_focused()


def test_by_tag_with_keys_alone(listed: Page) -> None:
    open_menu(listed)
    assert "wholesale" in listed.locator("#tag-options option").evaluate_all("all => all.map(({ value }) => value)")
    listed.keyboard.press("Tab")
    listed.keyboard.type("wholesale")
    listed.keyboard.press("Enter")
    listed.wait_for_url("**/contacts?tag=wholesale")
    expect(listed.locator("tbody")).to_contain_text("Marta Olmos")
    expect(listed.locator("tbody")).not_to_contain_text("Hugo Barrera")


def test_by_owner_and_back(listed: Page) -> None:
    open_menu(listed)
    listed.locator("#filter-field").select_option("owner")
    expect(listed.locator("#filter-tag")).to_be_hidden()
    listed.locator("#filter-owner").select_option(label="Mateo Ríos")
    listed.get_by_role("button", name="Apply").click()
    listed.wait_for_url("**/contacts?owner=*")
    expect(listed.locator("#contact-blank")).to_contain_text("Nobody matches")
    listed.locator(".fchip", has_text="Owner").click()
    expect(listed.locator("tbody")).to_contain_text("Hugo Barrera")


def test_the_search_stays_beside_filters_on_a_telephone(house: House, listed: Page) -> None:
    listed.set_viewport_size({"width": 390, "height": 844})
    listed.goto(f"{house.url}/contacts?owner=2&tag=wholesale&team=1")
    box = listed.locator(".fchips > .search").bounding_box()
    assert box is not None and box["width"] > 140
    open_menu(listed)
    field, menu = listed.locator("#filter-field").bounding_box(), listed.locator("[data-filter]").bounding_box()
    assert field is not None and menu is not None and field["x"] - menu["x"] >= 8


def test_from_the_search_into_what_was_found(listed: Page) -> None:
    search = listed.locator("#contact-list [data-search]")
    listed.keyboard.press("/")
    listed.keyboard.type("olmos")
    listed.wait_for_url("**/contacts?q=olmos")
    listed.keyboard.press("ArrowDown")
    expect(listed.locator("[data-row].current")).to_contain_text("Marta Olmos")
    listed.keyboard.press("/")
    listed.keyboard.press("Escape")
    expect(search).to_have_value("")
    listed.keyboard.press("Escape")
    expect(search).not_to_be_focused()
