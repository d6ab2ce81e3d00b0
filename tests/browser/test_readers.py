"""Who may only read is offered nothing that would be refused, and still sees how everything stands."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.house import House, invite, live

pytestmark = pytest.mark.browser

OFFERS = (
    "Rename", "New task", "New contact", "Pin to the top", "Give a PIN", "Log a call", "New case", "Hand over", "Import",
)  # fmt: skip


@pytest.fixture
def zoe(house: House, chromium: Browser) -> Iterator[Page]:
    """A reader of her own for each house; the second test of a house finds her there."""
    if "zoe@example.org" not in house.owner.get("/settings/people").text:
        invite(house.owner, "zoe@example.org", "Zoe Rey", team="1", role="read-only")
    page = house.sit(chromium, "zoe@example.org")
    yield page
    page.context.close()


@pytest.fixture
def record(house: House) -> str:
    about = house.contact("Elin Winther")
    subject = f"contact:{about.rpartition('/')[2]}"
    house.owner.post(f"/timeline/{subject}/notes", data={"text": "They open in spring"})
    house.owner.post("/tasks", data={"title": "Call Elin", "about": subject, "assignee": "1"})
    return about


def test_what_would_be_refused_is_not_offered(house: House, zoe: Page, record: str) -> None:
    task = zoe.request.get(f"{house.url}{record}").text().partition('href="/tasks/')[2].partition('"')[0]
    for address in (record, "/contacts", "/tasks", "/calls", f"/tasks/{task}"):
        zoe.goto(f"{house.url}{address}")
        zoe.locator("main details").evaluate_all("all => all.forEach((one) => { one.open = true; })")
        for more in zoe.locator("main [popovertarget]").all()[:1]:
            more.click()
            expect(zoe.locator("[popover]:popover-open").get_by_text("History")).to_be_visible()
        for offer in OFFERS:
            expect(zoe.get_by_role("button", name=offer, exact=True)).to_have_count(0)
            expect(zoe.locator("main").get_by_role("link", name=offer, exact=True)).to_have_count(0)


def test_keys_change_nothing(house: House, zoe: Page, record: str) -> None:
    asked: list[str] = []
    zoe.goto(f"{house.url}{record}")
    live(zoe)
    zoe.on("request", lambda sent: asked.append(sent.url) if sent.method != "GET" or "/edit" in sent.url else None)
    for pressed in (zoe.locator("[data-field=title] .fact-value"), zoe.get_by_label("Done: Call Elin")):
        pressed.focus()
        zoe.keyboard.press("Enter")
        zoe.keyboard.press("Space")
    for letter in "eatn":
        zoe.keyboard.press(letter)
    expect(zoe.locator("dialog[open], .fact.mine")).to_have_count(0)
    expect(zoe.get_by_label("Done: Call Elin")).not_to_be_checked()
    assert [url for url in asked if not url.endswith("/read")] == []
