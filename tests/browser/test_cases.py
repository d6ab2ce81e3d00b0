"""Two people at one case: who writes is seen, notes and replies arrive, nobody answers twice."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.house import House, live

pytestmark = pytest.mark.browser


@pytest.fixture
def pair(house: House, chromium: Browser) -> Iterator[tuple[Page, Page]]:
    path = house.case("Harriet Cole", "Wand loses pressure", "She called about it.")
    ana, mateo = house.sit(chromium, "ana@example.org"), house.sit(chromium, "mateo@example.org")
    for page in (ana, mateo):
        page.goto(house.url + path)
        live(page)
    yield ana, mateo
    ana.context.close()
    mateo.context.close()
    said, house.complaints = house.complaints, []
    assert said == []


def choose(page: Page, kind: str) -> None:
    page.locator(".composer .seg label", has_text=kind).click()


def test_a_note_and_an_assignment_appear(pair: tuple[Page, Page]) -> None:
    ana, mateo = pair
    choose(ana, "Internal note")
    ana.locator("#case-note-text").fill("It is the valve seat")
    ana.locator("#case-note-text").press("Control+Enter")
    expect(mateo.get_by_text("It is the valve seat")).to_have_count(1)
    expect(ana.get_by_text("It is the valve seat")).to_have_count(1)
    expect(ana.locator("#case-note-text")).to_have_value("")
    mateo.locator(".idbar summary").click()
    mateo.get_by_role("button", name="Take it myself").click()
    expect(ana.locator(".aside")).to_contain_text("Mateo Ríos")


def test_who_is_taken_out_of_the_copies_leaves_the_clipboard_alone(pair: tuple[Page, Page]) -> None:
    ana, _mateo = pair
    choose(ana, "Reply")
    field = ana.locator("[data-copy-add]")
    field.fill("bo@x.example")
    field.press("Enter")
    ana.get_by_role("button", name="Remove bo@x.example").click()
    expect(ana.locator(".case-also [name=also]")).to_have_count(0)
    expect(ana.locator(".toast2")).to_have_count(0)


def test_on_a_telephone_everything_is_within_reach(house: House, chromium: Browser) -> None:
    """The team's discussion is a tab of its own, and the menu has what the bar has no room for."""
    path = house.case("Harriet Cole", "Wand loses pressure", "She called about it.")
    page = house.sit(chromium, "ana@example.org", viewport={"width": 390, "height": 844})
    page.goto(house.url + path)
    live(page)
    page.locator(".ztabs label", has_text="Discussion").click()
    expect(page.locator(".dock textarea").first).to_be_visible()
    for name, dialog in (("Assign", "#assign"), ("Snooze", "#snooze")):
        page.locator(".idbar summary").click()
        page.locator(".idbar .menu").get_by_role("button", name=name, exact=True).click()
        expect(page.locator(dialog)).to_be_visible()
        page.keyboard.press("Escape")
    page.context.close()


def test_who_looks_at_the_case_is_seen(pair: tuple[Page, Page]) -> None:
    ana, mateo = pair
    expect(ana.locator(".idbar [data-who]").get_by_label("Mateo Ríos")).to_be_visible()
    mateo.context.close()
    expect(ana.locator(".idbar [data-who]").get_by_label("Mateo Ríos")).to_have_count(0)


def test_nobody_answers_twice(pair: tuple[Page, Page]) -> None:
    ana, mateo = pair
    for page, text in ((mateo, "Have you tried the right wand?"), (ana, "Please close the left valve")):
        choose(page, "Reply")
        page.locator("#case-reply-text").fill(text)
    expect(ana.locator("[data-writing]")).to_contain_text("Mateo has begun a reply")
    ana.get_by_role("button", name="Send reply").click()
    expect(mateo.locator(".tl")).to_contain_text("Please close the left valve")
    mateo.get_by_role("button", name="Send reply").click()
    expect(mateo.locator("[data-clash-told]")).to_contain_text("Ana Beltrán answered while you were writing")
    expect(mateo.locator("#case-reply-text")).to_have_value("Have you tried the right wand?")
    expect(ana.locator(".tl")).not_to_contain_text("Have you tried the right wand?")
    mateo.get_by_role("button", name="Send mine as well").click()
    expect(ana.locator(".tl")).to_contain_text("Have you tried the right wand?")
    expect(mateo.locator("#case-reply-text")).to_have_value("")


def test_a_reply_is_taken_back(pair: tuple[Page, Page]) -> None:
    ana, mateo = pair
    choose(ana, "Reply")
    ana.locator("#case-reply-text").fill("Too early")
    ana.get_by_role("button", name="Send reply").click()
    expect(mateo.locator(".tl")).to_contain_text("is sending")
    ana.locator(".case-state").get_by_role("button", name="Undo").click()
    expect(mateo.locator(".tl")).to_contain_text("Taken back before it left")
    expect(ana.locator("#case-reply-text")).to_have_value("Too early")


def test_a_macro_brings_its_text_and_its_acts(house: House, pair: tuple[Page, Page]) -> None:
    ana, mateo = pair
    house.owner.post(
        "/settings/macros", data={"name": "Engineer visit", "text": "Hello {first_name}, Tuesday?", "tags": "visit"}
    )
    choose(ana, "Reply")
    field = ana.locator("#case-reply-text")
    field.press_sequentially("/engi")
    expect(ana.locator(".macros [role=option]")).to_contain_text("Engineer visit")
    field.press("Enter")
    expect(field).to_have_value("Hello Harriet, Tuesday?")
    expect(ana.locator("[data-macro-mark]")).to_contain_text("Engineer visit")
    ana.get_by_role("button", name="Send reply").click()
    expect(mateo.locator("#case-tags")).to_have_value("visit")
    expect(ana.locator("[data-macro-mark]")).to_be_hidden()


def test_claiming_and_taking_over(pair: tuple[Page, Page]) -> None:
    ana, mateo = pair
    ana.locator(".idbar summary").click()
    ana.get_by_role("button", name="Claim it for 30 minutes").click()
    strip = mateo.locator(".case-writing")
    expect(strip).to_contain_text("Ana has this case")
    expect(ana.get_by_role("button", name="Let go")).to_be_visible()
    choose(mateo, "Reply")
    mateo.locator("#case-reply-text").fill("Mine first")
    mateo.get_by_role("button", name="Send reply").click()
    expect(mateo.locator("[data-clash-told]")).to_contain_text("has this case")
    strip.get_by_role("button", name="Take over").click()
    expect(ana.locator(".case-writing")).to_contain_text("Mateo has this case")
    expect(mateo.get_by_role("button", name="Let go")).to_be_visible()  # the strip has grown: nothing moves any more
    mateo.get_by_role("button", name="Send reply").click()
    expect(mateo.locator("#case-reply-text")).to_have_value("")  # it was taken, without another word
    expect(ana.locator(".tl")).to_contain_text("Mine first")


def test_several_are_changed_at_once(pair: tuple[Page, Page]) -> None:
    ana, mateo = pair
    ana.goto(ana.url.split("/cases")[0] + "/cases?view=all")
    ana.locator("[data-bulk-row]").first.check()
    expect(ana.locator("[data-bulk-bar]")).to_be_visible()
    ana.locator("[data-bulk-bar]").get_by_role("button", name="Resolve").click()
    expect(mateo.locator(".tl")).to_contain_text("Solved")


def test_a_promise_counts_down_on_both_screens(house: House, pair: tuple[Page, Page]) -> None:
    ana, mateo = pair
    always = {"name": "Always", "zone": "Europe/Madrid"}
    house.owner.post("/settings/sla/calendars", data=always)
    house.owner.post(
        "/settings/sla/policies", data={"name": "Gold", "calendar": "1", "warn": "5", "normal-solution": "2h"}
    )
    for page in (ana, mateo):
        expect(page.locator(".sla[data-due]")).to_contain_text("plan Gold")
        expect(page.locator(".sla [data-format=left]")).to_have_text(re.compile(r"1h (59|58|57)m|2h"))
    ana.clock.install()
    ana.reload()
    live(ana)
    ana.clock.fast_forward("01:40:00")
    expect(ana.locator(".sla [data-format=left]")).to_have_text(re.compile(r"^(19|18|17)m$"))
    expect(ana.locator(".sla[data-due]")).to_have_class(re.compile("is-near"))
    ana.clock.fast_forward("40:00")
    expect(ana.locator(".sla [data-format=left]")).to_have_text(re.compile("^Late"))
    expect(ana.locator(".sla[data-due]")).to_have_class(re.compile("is-late"))
    mateo.get_by_role("button", name="Resolve").click()
    expect(ana.locator(".sla[data-due]")).to_have_count(0)
    house.owner.delete("/settings/sla/policies/1")
    # A request that was under way when hours passed at once has timed out.
    house.complaints[:] = [one for one in house.complaints if "htmx:error: timeout" not in one]


def test_a_case_is_worked_through_by_keys(pair: tuple[Page, Page]) -> None:
    """N and R lead into the note and the reply, whichever stands there; A, M and E give it away, put it off, solve it."""
    ana, mateo = pair
    for key, field in (("n", "note"), ("r", "reply"), ("r", "reply"), ("n", "note")):
        ana.evaluate("document.activeElement.blur()")
        ana.keyboard.press(key)
        expect(ana.locator(f"#case-{field}-text")).to_be_focused()
    for key in "am":
        ana.evaluate("document.activeElement.blur()")
        ana.keyboard.press(key)
        expect(ana.locator("dialog[open]")).to_be_visible()
        ana.keyboard.press("Escape")
        expect(ana.locator("dialog[open]")).to_have_count(0)
    ana.evaluate("document.activeElement.blur()")
    ana.keyboard.press("e")
    expect(mateo.locator(".tl")).to_contain_text("Solved")
