"""The main job: two people of different departments, two browsers, one record."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.house import House, live

pytestmark = pytest.mark.browser


@pytest.fixture
def pair(house: House, chromium: Browser) -> Iterator[tuple[Page, Page, str]]:
    """Ana and Mateo, both at the same new record."""
    path = house.contact("Lucía Ferrer")
    ana, mateo = house.sit(chromium, "ana@example.org"), house.sit(chromium, "mateo@example.org")
    for page in (ana, mateo):
        page.goto(house.url + path)
        live(page)
    yield ana, mateo, path
    ana.context.close()
    mateo.context.close()
    said, house.complaints = house.complaints, []
    assert said == []


def write_note(page: Page, text: str) -> None:
    box = page.locator(".composer textarea")
    box.fill(text)
    box.press("Control+Enter")


def test_a_note_appears(pair: tuple[Page, Page, str]) -> None:
    ana, mateo, _path = pair
    write_note(ana, "She prefers mornings")
    expect(mateo.locator(".tl")).to_contain_text("She prefers mornings")
    expect(ana.locator(".tl")).to_contain_text("She prefers mornings")
    expect(mateo.get_by_text("She prefers mornings")).to_have_count(1)
    expect(ana.get_by_text("She prefers mornings")).to_have_count(1)


def test_a_field_change_appears(pair: tuple[Page, Page, str]) -> None:
    ana, mateo, _path = pair
    ana.locator("[data-field=phones] .fact-value").click()
    ana.locator("[data-field=phones] textarea").fill("+34 600 000 142")
    ana.locator("[data-field=phones] [type=submit]").first.click()
    expect(mateo.locator("[data-field=phones]")).to_contain_text("+34 600 000 142")
    expect(mateo.locator(".tl")).to_contain_text("+34 600 000 142")


def test_a_task_appears_and_is_finished(pair: tuple[Page, Page, str]) -> None:
    ana, mateo, _path = pair
    box = ana.get_by_placeholder("Add a task and press Enter")
    box.fill("Confirm the instalment")
    box.press("Enter")
    task = mateo.locator(".aside .task", has_text="Confirm the instalment")
    expect(task).to_have_count(1)
    task.locator("input[type=checkbox]").first.click()
    expect(ana.locator(".tl")).to_contain_text(re.compile("Mateo finished"))


def test_talk_beside_the_record_appears(pair: tuple[Page, Page, str]) -> None:
    ana, mateo, _path = pair
    box = mateo.get_by_placeholder("Message your team")
    box.fill("January is fine for me")
    box.press("Enter")
    expect(ana.locator(".dock")).to_contain_text("January is fine for me")
    expect(mateo.locator(".dock").get_by_text("January is fine for me")).to_have_count(1)


def test_who_is_looking_is_shown(pair: tuple[Page, Page, str]) -> None:
    ana, _mateo, _path = pair
    expect(ana.locator("[data-who]").get_by_label("Mateo Ríos")).to_be_visible()


def test_who_is_online_is_shown_wherever_they_are(house: House, pair: tuple[Page, Page, str]) -> None:
    ana, mateo, _path = pair
    mateo.goto(f"{house.url}/tasks")
    ana.goto(f"{house.url}/settings/people")
    dot = ana.locator("#people .check", has_text="mateo@example.org").locator("[data-presence-of]")
    expect(dot).to_be_visible()
    mateo.goto("about:blank")
    expect(dot).to_be_hidden()


def test_nothing_is_missed_after_a_cut(pair: tuple[Page, Page, str]) -> None:
    """Mateo's line is cut while Ana writes thirty notes; he is half-way through one of his own."""
    ana, mateo, path = pair
    mateo.locator(".composer textarea").fill("half a thought")
    mateo.context.set_offline(True)
    for n in range(30):
        answer = ana.request.post(
            re.sub(r"^(https?://[^/]+).*", r"\1", ana.url)
            + f"/timeline/{path.strip('/').replace('contacts/', 'contact:')}/notes",
            form={"text": f"note number {n:02}"},
            headers={"sec-fetch-site": "same-origin", "hx-request": "true"},
        )
        assert answer.ok, answer.text()
    mateo.context.set_offline(False)
    expect(mateo.get_by_text("note number 29")).to_be_visible()
    texts = mateo.locator(".tl").inner_text()
    assert re.findall(r"note number (\d\d)", texts) == [f"{n:02}" for n in range(30)]
    expect(mateo.locator(".composer textarea")).to_have_value("half a thought")
    live(mateo)


def test_what_is_written_offline_goes_out_once(pair: tuple[Page, Page, str]) -> None:
    ana, mateo, _path = pair
    mateo.context.set_offline(True)
    write_note(mateo, "written on the train")
    expect(mateo.get_by_text("written on the train").first).to_be_visible()
    mateo.context.set_offline(False)
    expect(ana.get_by_text("written on the train")).to_have_count(1)
    expect(mateo.get_by_text("written on the train")).to_have_count(1)


def test_a_field_somebody_changes_under_me_stays_mine(pair: tuple[Page, Page, str]) -> None:
    ana, mateo, _path = pair
    for page, text in ((mateo, "Director"), (ana, "Owner")):
        page.locator("[data-field=title] .fact-value").click()
        page.locator("[data-field=title] input[name=value]").fill(text)
    ana.locator("[data-field=title] [type=submit]").first.click()
    expect(mateo.locator("[data-field=title]")).to_contain_text("Owner")
    expect(mateo.locator("[data-field=title] input[name=value]")).to_have_value("Director")


def test_a_record_that_a_colleague_trashes_says_so_and_is_brought_back(pair: tuple[Page, Page, str]) -> None:
    ana, mateo, path = pair
    origin = re.sub(r"^(https?://[^/]+).*", r"\1", ana.url)
    for page in (ana, mateo):
        page.locator("[data-field=title] .fact-value").click()
        page.locator("[data-field=title] input[name=value]").fill("Director")
    assert ana.request.put(f"{origin}{path}/trash", headers={"sec-fetch-site": "same-origin"}).ok
    for page in (ana, mateo):
        expect(page.locator("h1")).to_contain_text("is in the trash")
        page.keyboard.press("Enter")  # meant for the field, it brings nothing back
    expect(mateo.get_by_role("button", name="Bring it back")).to_have_count(0)  # a member's it is not
    expect(ana.locator("body")).to_be_focused()
    expect(ana.locator("main time")).not_to_have_text(re.compile(r"\d{4}-\d\d"))
    ana.get_by_role("button", name="Bring it back").click()
    expect(ana.locator("[data-field=title] .fact-value")).to_be_visible()


def test_a_restricted_record_leaves_the_screen(pair: tuple[Page, Page, str]) -> None:
    ana, mateo, path = pair
    answer = ana.request.put(
        re.sub(r"^(https?://[^/]+).*", r"\1", ana.url) + f"{path}/restriction",
        form={"who": "user:1"},
        headers={"sec-fetch-site": "same-origin"},
    )
    assert answer.ok
    expect(mateo.get_by_text("You left this table")).to_be_visible()
    assert "Lucía" not in mateo.locator("main").inner_text() + mateo.title()
    mateo.set_viewport_size({"width": 390, "height": 844})
    expect(mateo.locator(".tabbar")).to_be_visible()
    mateo.reload()
    expect(mateo.locator("h1")).to_contain_text("No such record")
