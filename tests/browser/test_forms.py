"""A form in real browsers: the preview follows what its admin types."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.house import House, live

pytestmark = pytest.mark.browser


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


@pytest.fixture
def ana(house: House, chromium: Browser) -> Iterator[Page]:
    page = house.sit(chromium, "ana@example.org")
    yield page
    page.context.close()
    said, house.complaints = house.complaints, []
    assert said == []


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
