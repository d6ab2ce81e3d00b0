"""Regions that the browser fetches again: at once, in a pill, calmly, beside patches; and those that are taken away."""

import pytest
from playwright.sync_api import Page, expect
from starlette.responses import HTMLResponse

from tests.browser.screen import TASKS, partial, show
from tests.browser.wire import Wire

pytestmark = pytest.mark.browser


def test_refresh_waits_in_a_pill(wire: Wire, page: Page) -> None:
    show(wire, page, TASKS.replace("<ul ", '<ul data-refresh="pill" '))
    wire.fragments["/tasks"] = lambda: HTMLResponse(TASKS.replace("Write", "Sorted"))
    for n in (2, 3):
        wire.say({"t": "r", "topic": "tasks:1", "n": n, "regions": ["tasks"], "spread": 0})
    pill = page.locator(".pillbar")
    expect(pill).to_have_text("2 changes")
    expect(page.locator("#task-2")).to_have_text("Write")
    page.keyboard.press(".")
    expect(page.locator("#task-2")).to_have_text("Sorted")
    expect(pill).to_have_count(0)


def test_a_calm_region_is_fetched_now_and_then_whatever_happens(wire: Wire, page: Page) -> None:
    counts = '<p id="counts" data-refresh="calm" data-src="/counts">%s</p>'
    show(wire, page, TASKS + counts % "1")
    asked: list[int] = []

    def counted() -> HTMLResponse:
        asked.append(wire.heads["tasks:1"])
        return HTMLResponse(counts % f"At {asked[-1]}")

    wire.fragments["/counts"] = counted
    wire.say({"t": "r", "topic": "tasks:1", "n": 2, "regions": ["counts"], "spread": 0})
    expect(page.locator("#counts")).to_have_text("At 2")
    for n in range(3, 9):
        wire.say({"t": "r", "topic": "tasks:1", "n": n, "regions": ["counts"], "spread": 0})
    expect(page.locator("#counts")).to_have_text("At 8", timeout=10_000)
    assert asked == [2, 8]


def test_what_rings_is_fetched_at_once(wire: Wire, page: Page) -> None:
    """Other regions are fetched within the seconds that the server says, so that not all come at once."""
    show(wire, page, TASKS + '<div id="rings" data-even-hidden data-src="/calls/ringing"></div>')
    wire.fragments["/calls/ringing"] = lambda: HTMLResponse('<div id="rings" data-even-hidden>Lucía calls</div>')
    wire.say({"t": "r", "topic": "tasks:1", "n": 2, "regions": ["rings"], "spread": 3600})
    expect(page.locator("#rings")).to_have_text("Lucía calls")


def test_what_i_have_just_done_is_fetched_at_once(wire: Wire, page: Page) -> None:
    show(wire, page, TASKS + '<button hx-put="/tasks/2" hx-swap="none">Take it</button>')
    wire.fragments["/tasks"] = lambda: HTMLResponse(TASKS.replace("Write", "Mine"))
    wire.answer = lambda _path, _form: HTMLResponse("")
    page.get_by_text("Take it").click()
    wire.wait_for(lambda: bool(wire.posts))
    wire.say({"t": "r", "topic": "tasks:1", "n": 2, "regions": ["tasks"], "spread": 3600})
    expect(page.locator("#task-2")).to_have_text("Mine")


def test_an_empty_list_has_nothing_to_hold_still(wire: Wire, page: Page) -> None:
    empty = '<div id="tasks" data-refresh="pill" data-topics=\'{"tasks:1":1}\' data-src="/tasks"><p class="blank">None</p></div>'
    show(wire, page, empty)
    wire.fragments["/tasks"] = lambda: HTMLResponse(
        empty.replace("blank", "row").replace("None", "The first").replace(":1}", ":2}")
    )
    wire.say({"t": "r", "topic": "tasks:1", "n": 2, "regions": ["tasks"], "spread": 0})
    expect(page.locator("#tasks")).to_have_text("The first")
    expect(page.locator(".pillbar")).to_have_count(0)


def test_patches_and_regions_of_one_fact(wire: Wire, page: Page) -> None:
    """A fact that changes a row and asks the same screen to fetch its list."""
    show(wire, page, TASKS + '<p id="count" data-src="/count">1</p>')
    wire.fragments["/count"] = lambda: HTMLResponse('<p id="count" data-src="/count">2</p>')
    html = '<hx-partial hx-target="#tasks" hx-swap="afterbegin"><i id="first">First</i></hx-partial>'
    wire.say({"t": "p", "topic": "tasks:1", "n": 2, "html": html, "regions": ["count"]})
    expect(page.locator("#first")).to_have_text("First")
    expect(page.locator("#count")).to_have_text("2")


def test_region_without_an_address_is_taken_from_the_page(wire: Wire, page: Page) -> None:
    show(wire, page, TASKS.replace(' data-src="/tasks"', ""))
    wire.body = TASKS.replace(' data-src="/tasks"', "").replace("Write", "From the page")
    wire.say({"t": "r", "topic": "tasks:1", "n": 2, "regions": ["tasks"], "spread": 0})
    expect(page.locator("#task-2")).to_have_text("From the page")


def test_dropped_topic_takes_its_region_away(wire: Wire, page: Page) -> None:
    other = '<div id="other" data-topics=\'{"room:3":0}\'>Room</div>'
    show(
        wire, page, TASKS + other + '<template id="dropped"><p class="gone">You have no access any more</p></template>'
    )
    wire.say({"t": "drop", "topic": "tasks:1"})
    expect(page.locator(".gone")).to_be_visible()
    expect(page.locator("#tasks")).to_have_count(0)
    wire.patch("room:3", 1, partial("other", "innerHTML", "Still here"))
    expect(page.locator("#other")).to_have_text("Still here")


def test_region_that_arrives_later_is_heard_and_then_left(wire: Wire, page: Page) -> None:
    wire.fragments["/panel"] = lambda: HTMLResponse('<div id="panel" data-topics=\'{"contact:7":4}\'>Panel</div>')
    wire.fragments["/nothing"] = lambda: HTMLResponse("empty")
    show(wire, page, TASKS + '<button hx-get="/panel" hx-target="#slot">Open</button>'
         '<button hx-get="/nothing" hx-target="#slot">Shut</button><div id="slot"></div>')  # fmt: skip
    page.click("text=Open")
    wire.wait_for(lambda: {"t": "sub", "topics": {"contact:7": 4}} in wire.heard)
    wire.patch("contact:7", 5, partial("panel", "innerHTML", "Changed"))
    expect(page.locator("#panel")).to_have_text("Changed")
    page.click("text=Shut")
    wire.wait_for(lambda: {"t": "unsub", "topics": ["contact:7"]} in wire.heard)
