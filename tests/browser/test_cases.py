"""Two people at one case: who writes is seen, notes and replies arrive, nobody answers twice."""

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
