"""Every page, both languages, both widths and themes: axe-core finds nothing, nothing is wider than the screen."""

import itertools
import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.house import House

pytestmark = pytest.mark.browser
AXE = Path("node_modules/axe-core/axe.min.js")
PAGES = [
    "/cases", "{case}", "/cases?view=solved", "/cases?view=all&priority=urgent&type=problem&tag=steam", "/contacts", "/contacts?kind=company", "/contacts?q=nobody-has-this-name", "{record}", "/tasks", "{task}", "/chat", "/notices", "/import", "/search?q=luc",
    "/settings/profile", "/settings/people", "/settings/teams", "/settings/workspace", "/settings/fields", "/settings/check",
]  # fmt: skip
SCREENS = {"wide": {"width": 1440, "height": 900}, "phone": {"width": 390, "height": 844}}
# Each width with each theme and each language, and each theme with each language.
PAIRS = [("wide", "light", "en"), ("wide", "dark", "es"), ("phone", "light", "es"), ("phone", "dark", "en")]


@pytest.mark.parametrize(("screen", "theme", "language"), PAIRS)
def test_no_violations(sqlite_house: House, chromium: Browser, screen: str, theme: str, language: str) -> None:
    record = sqlite_house.contact("Harriet Cole")
    case = sqlite_house.case("Nuria Cabrales", "Steam wand loses pressure", "She wrote on paper.")
    made = sqlite_house.owner.post("/tasks", data={"title": "Move the oven", "assignee": "2"})
    task = made.headers["location"]
    for path in ("/settings/fields",):
        sqlite_house.owner.post(path, data={"label": f"Seats {screen} {theme} {language}", "kind": "number"})
    page = sqlite_house.sit(chromium, "mateo@example.org", viewport=SCREENS[screen], color_scheme=theme)
    page.request.put(
        f"{sqlite_house.url}/settings/profile/language",
        form={"value": language},
        headers={"sec-fetch-site": "same-origin"},
    )
    found = []
    for path in PAGES:
        address = path.format(record=record, case=case, task=task)
        answer = page.goto(sqlite_house.url + address)
        assert answer is not None
        assert answer.status == 200, address
        found += look(page, address)
    page.request.put(
        f"{sqlite_house.url}/settings/profile/language", form={"value": "en"}, headers={"sec-fetch-site": "same-origin"}
    )
    page.context.close()
    said, sqlite_house.complaints = sqlite_house.complaints, []
    assert said == []
    assert found == []


def test_the_head_of_a_page_fits_every_tablet(sqlite_house: House, chromium: Browser) -> None:
    """In Spanish, whose words are longer: nothing stands over another thing, no title is cut."""
    page = sqlite_house.sit(chromium, "ana@example.org")
    with sqlite_house.speaking("es"):
        for width, path in itertools.product((744, 820, 1024, 1101), ("/tasks", "/calls", "/contacts", "/notices")):
            page.set_viewport_size({"width": width, "height": 600})
            page.goto(sqlite_house.url + path)
            parts = page.locator(".head > :visible").evaluate_all("all => all.map((it) => it.getBoundingClientRect())")
            title = page.locator(".head h1").evaluate("it => it.scrollWidth - it.clientWidth")
            assert title <= 0, (width, path)
            for one, other in itertools.combinations([part for part in parts if part["width"]], 2):
                beside = one["right"] <= other["left"] or other["right"] <= one["left"]
                below = one["bottom"] <= other["top"] or other["bottom"] <= one["top"]
                assert beside or below, (width, path, one, other)
            assert max(part["right"] for part in parts) <= width, (width, path)
    page.context.close()


ADMINS = (
    "/settings/channels",
    "/settings/webhooks",
    "/settings/sla",
    "/settings/automation",
    "/settings/macros",
    "/settings/portal",
    "/figures/cases",
)


def test_pages_of_admins(sqlite_house: House, chromium: Browser) -> None:
    sqlite_house.case("Nuria Cabrales", "Steam wand loses pressure", "She wrote on paper.")
    for address, data in (
        ("/settings/webhooks", {"address": "https://hook.example/hook", "events": "case.merged"}),
        ("/settings/webhooks/doors", {"name": "Telegram"}),
        ("/settings/sla/calendars", {"name": "Always", "zone": "Europe/Madrid"}),
        ("/settings/macros", {"name": "Hello", "text": "Hello {first_name}"}),
        ("/settings/automation/rules", {"name": "Invoices", "moment": "opened", "words": "invoice", "tags": "money"}),
    ):
        assert sqlite_house.owner.post(address, data=data).status_code == 201, address
    mailbox = re.search(r"/settings/channels/\d+", sqlite_house.owner.get("/settings/channels").text)
    assert mailbox is not None
    page = sqlite_house.sit(chromium, "ana@example.org")
    found = []
    for screen, theme in itertools.product(SCREENS, ("light", "dark")):
        page.set_viewport_size(SCREENS[screen])  # type: ignore[arg-type]
        page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
        for path in (*ADMINS, mailbox[0]):
            answer = page.goto(sqlite_house.url + path)
            assert answer is not None
            assert answer.status == 200, path
            for one in page.locator("details.acc").all():
                one.evaluate("it => { it.open = true }")
            found += look(page, f"{path} {screen} {theme}")
    page.context.close()
    assert found == []


@pytest.mark.parametrize("path", ["/signin", "/forgot"])
def test_gates(sqlite_house: House, chromium: Browser, path: str) -> None:
    page = chromium.new_page(viewport=SCREENS["phone"])  # type: ignore[arg-type]
    page.goto(sqlite_house.url + path)
    assert look(page, path) == []
    page.close()


def look(page: Page, address: str) -> list[str]:
    page.evaluate(AXE.read_text())
    result = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    violations = [
        f"{address}: {one['id']}: {json.dumps([node['html'][:120] for node in one['nodes'][:3]])}"
        for one in result["violations"]
    ]
    wider = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    return violations + ([f"{address}: {wider} pixels too wide"] if wider > 0 else [])
