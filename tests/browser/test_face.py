"""What only a browser shows of the face: tiles that move, records picked as one types, notices said at once."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.house import House, live

pytestmark = pytest.mark.browser


@pytest.fixture
def pair(sqlite_house: House, chromium: Browser) -> Iterator[tuple[Page, Page]]:
    ana, mateo = (sqlite_house.sit(chromium, f"{name}@example.org") for name in ("ana", "mateo"))
    yield ana, mateo
    ana.context.close()
    mateo.context.close()
    said, sqlite_house.complaints = sqlite_house.complaints, []
    assert said == []


def give(house: House, title: str, **values: str) -> None:
    made = house.owner.post("/tasks", data={"title": title, **values})
    assert made.status_code in (201, 303), made.text


def test_a_tile_is_dragged_and_others_see_it(sqlite_house: House, pair: tuple[Page, Page]) -> None:
    ana, mateo = pair
    give(sqlite_house, "Grind for the tasting", team="2", due="2020-01-02")
    for page in pair:
        page.goto(f"{sqlite_house.url}/tasks?show=teams&team=2&board=1")
        expect(page.locator("[data-lane=overdue]")).to_contain_text("Grind for the tasting")
    ana.get_by_text("Grind for the tasting").drag_to(ana.locator("[data-lane=today]"))
    for page in pair:
        expect(page.locator("[data-lane=today]")).to_contain_text("Grind for the tasting")
        expect(page.locator("[data-lane=overdue]")).not_to_contain_text("Grind for the tasting")
    ana.get_by_role("button", name="Undo").click()
    for page in pair:
        expect(page.locator("[data-lane=overdue]")).to_contain_text("Grind for the tasting")
    mateo.locator("[data-lane=overdue] a.t").focus()
    mateo.keyboard.press("Shift+ArrowRight")
    for page in pair:
        expect(page.locator("[data-lane=today]")).to_contain_text("Grind for the tasting")
    expect(mateo.locator("[data-lane=today] a.t")).to_be_focused()
    mateo.keyboard.press("Shift+ArrowRight")
    for page in pair:
        expect(page.locator("[data-lane=later]")).to_contain_text("Grind for the tasting")


def test_a_task_s_record_is_picked_as_one_types(sqlite_house: House, pair: tuple[Page, Page]) -> None:
    ana, _mateo = pair
    for name in ("Begoña Quirós", "Harriet Quiroga"):
        sqlite_house.contact(name)
    ana.goto(f"{sqlite_house.url}/tasks")
    ana.locator("[data-dialog=new-task]:visible").first.click()
    ana.locator("#task-title").fill("Bring the samples")
    box = ana.get_by_role("combobox", name="About")
    options = ana.locator("#task-about-options [role=option]")
    box.press_sequentially("bego")
    expect(options).to_have_count(1)
    box.fill("quir")
    expect(options).to_have_count(2)
    box.press("ArrowDown")
    box.press("Enter")
    expect(box).to_have_value("Harriet Quiroga")
    expect(options).to_have_count(0)
    box.fill("nobody of that name")
    expect(ana.get_by_text("No record has this in it.")).to_be_visible()
    box.press("Escape")
    expect(ana.locator("#new-task")).to_be_visible()
    ana.locator("#task-notes").click()
    expect(box).to_have_value("Harriet Quiroga")
    ana.get_by_role("button", name="Add the task").click()
    expect(ana.locator("#task-list .task", has_text="Bring the samples")).to_contain_text("Harriet Quiroga")


def test_a_notice_is_said_where_one_is_and_not_where_one_reads_it(sqlite_house: House, pair: tuple[Page, Page]) -> None:
    _ana, mateo = pair
    mateo.request.put(f"{sqlite_house.url}/notices/read", headers={"sec-fetch-site": "same-origin"})
    mateo.goto(f"{sqlite_house.url}/contacts")
    expect(mateo.locator("[data-lamp]").first).to_contain_text("Live")
    sqlite_house.owner.post("/rooms/1/messages", data={"text": "@Mateo Ríos the van is back", "mention": "user:2"})
    told = mateo.locator(".toasts .told")
    expect(told).to_contain_text("the van is back")
    expect(mateo.locator("#nav [data-nav='/notices'] .count")).to_have_text("1")
    told.get_by_role("button", name="Close").click()
    expect(told).to_have_count(0)
    mateo.goto(f"{sqlite_house.url}/chat/1")
    expect(mateo.locator("[data-lamp]").first).to_contain_text("Live")
    sqlite_house.owner.post("/rooms/1/messages", data={"text": "@Mateo Ríos and washed", "mention": "user:2"})
    expect(mateo.locator(".talk")).to_contain_text("and washed")
    expect(told).to_have_count(0)


def test_a_view_is_renamed_on_every_screen(sqlite_house: House, pair: tuple[Page, Page]) -> None:
    ana, mateo = pair
    sqlite_house.owner.post("/contacts/views", data={"name": "Renewals", "query": "tag=renewal", "shared": "1"})
    ana.goto(f"{sqlite_house.url}/contacts?tag=renewal")
    mateo.goto(f"{sqlite_house.url}/contacts")
    expect(mateo.locator("#contact-views")).to_contain_text("Renewals")
    ana.get_by_role("button", name="Change the view Renewals").click()
    ana.get_by_role("button", name="Rename or share").click()
    ana.locator("#view-new-name").fill("Plans that end")
    ana.get_by_role("button", name="Save view").click()
    for page in pair:
        expect(page.locator("#contact-views")).to_contain_text("Plans that end")
    ana.get_by_role("button", name="Change the view Plans that end").click()
    ana.get_by_role("button", name="Delete the view").click()
    ana.get_by_role("dialog").get_by_role("button", name="Delete the view").click()
    expect(mateo.locator("#contact-views")).not_to_contain_text("Plans that end")


def test_a_link_to_a_record_shows_its_card_to_those_who_may_see_it(
    sqlite_house: House, pair: tuple[Page, Page]
) -> None:
    ana, mateo = pair
    open_one, closed = sqlite_house.contact("Hoteles Almadraba"), sqlite_house.contact("Zebracorn")
    sqlite_house.owner.put(f"{closed}/restriction", data={"who": "user:1"})
    for page in pair:
        page.goto(f"{sqlite_house.url}/chat/1")
        live(page)
    text = f"Look at {sqlite_house.url}{open_one} and {closed} too"
    sqlite_house.owner.post("/rooms/1/messages", data={"text": text})
    for page in pair:
        said = page.locator(".msg", has_text="Look at").last
        expect(said.locator(".link-card", has_text="Hoteles Almadraba")).to_be_visible()
    expect(ana.locator(".link-card", has_text="Zebracorn")).to_be_visible()
    assert "Zebracorn" not in mateo.content()


def test_nobody_types_what_has_come(sqlite_house: House, pair: tuple[Page, Page]) -> None:
    ana, mateo = pair
    for page in pair:
        page.goto(f"{sqlite_house.url}/chat/1")
        live(page)
    ana.locator("#composer-text").press_sequentially("The van")
    expect(mateo.locator(".typing-line")).to_contain_text("Ana")
    ana.locator("#composer-text").press("Enter")
    expect(mateo.locator(".msg", has_text="The van").last).to_be_visible()
    expect(mateo.locator(".typing-line")).not_to_contain_text("Ana", timeout=1_000)


def test_keys_reach_into_a_menu_that_is_shut(sqlite_house: House, pair: tuple[Page, Page]) -> None:
    """E renames a record and a task, A gives the record away; in a field they are letters."""
    ana, _mateo = pair
    task = sqlite_house.owner.post("/tasks", data={"title": "Ring the roaster"})
    made = sqlite_house.owner.post("/contacts", data={"name": "Nuria Cabrales"})
    ana.goto(sqlite_house.url + made.headers["location"])
    live(ana)
    ana.keyboard.press("e")
    ana.locator("dialog[open] input[name=value]").fill("Nuria Cabrales Soto")
    ana.keyboard.press("Enter")
    expect(ana.locator("h1")).to_have_text("Nuria Cabrales Soto")
    expect(ana.locator("dialog[open]")).to_have_count(0)
    ana.keyboard.press("e")
    expect(ana.locator("dialog[open] [name=value]")).to_be_focused()
    ana.keyboard.press("Escape")
    expect(ana.locator("[name=value]")).to_have_count(0)
    ana.evaluate("document.activeElement.blur()")
    ana.keyboard.press("a")
    expect(ana.locator("[data-field=owner] select")).to_be_focused()
    ana.goto(sqlite_house.url + task.headers["location"])
    live(ana)
    ana.keyboard.press("e")
    expect(ana.locator("dialog[open] [name=value]")).to_have_value("Ring the roaster")


def test_what_is_selected_is_exported(sqlite_house: House, pair: tuple[Page, Page]) -> None:
    """And nothing else of the list."""
    ana, _mateo = pair
    for name in ("Amara Holloway", "Bea Holloway"):
        sqlite_house.owner.post("/contacts", data={"name": name})
    ana.goto(f"{sqlite_house.url}/contacts?q=holloway")
    live(ana)
    ana.locator("[data-bulk-row]").nth(1).check()
    with ana.expect_download() as waiting:
        ana.locator("[data-bulk-bar]").get_by_role("link", name="Export").click()
    text = waiting.value.path().read_text()
    assert "Bea Holloway" in text
    assert "Amara Holloway" not in text


def test_a_clash_over_a_name_closes_the_window_when_theirs_is_taken(
    sqlite_house: House, pair: tuple[Page, Page]
) -> None:
    """Of a record, and of a task in whose notes the form gives way to what a colleague wrote."""
    ana, _mateo = pair
    house, own = sqlite_house, ana.locator("dialog[open] [name=value]")
    record = house.contact("Nil Ferrer")
    task = house.owner.post("/tasks", data={"title": "Weigh the bags"}).headers["location"]
    for page, heading, url, change in (
        (ana, "h1", record, (f"{record}/facts/name", {"value": "Nil Ferrer Gil", "seen": "0"})),
        (ana, ".task-title", task, (task, {"field": "title", "value": "Weigh all bags", "seen": "0"})),
    ):
        page.goto(house.url + url)
        live(page)
        page.keyboard.press("e")
        expect(own).to_be_focused()
        assert house.owner.put(change[0], data=change[1]).status_code == 200
        expect(page.locator(heading).first).to_contain_text(change[1]["value"])
        own.fill("Mine")
        page.keyboard.press("Enter")
        page.get_by_role("button", name="Take theirs").click()
        expect(page.locator("dialog[open], .fact .fact")).to_have_count(0)
        expect(page.locator(heading).first).to_contain_text(change[1]["value"])
    ana.get_by_role("button", name="Write").click()
    ana.locator("#task-notes-input").fill("Mine")
    assert house.owner.put(task, data={"field": "notes", "value": "Both scales", "seen": "0"}).status_code == 200
    ana.locator("section:has(#task-notes-input) [type=submit]").click()
    ana.get_by_role("button", name="Take theirs").first.click()
    expect(ana.locator(".written", has_text="Both scales")).to_be_visible()
    expect(ana.locator("#task-notes-input")).to_have_count(0)


def test_a_task_is_made_from_each_part_of_a_record_on_a_phone(sqlite_house: House, chromium: Browser) -> None:
    phone = sqlite_house.sit(chromium, "ana@example.org", viewport={"width": 390, "height": 844})
    phone.goto(sqlite_house.url + sqlite_house.contact("Telma Ortiz"))
    live(phone)
    for part in ("Timeline", "Facts", "Discussion"):
        phone.locator(".ztabs").get_by_text(part).click()
        phone.locator(".acts > .keep > summary").click()
        phone.get_by_role("button", name="New task").click()
        phone.locator("dialog[open] [name=title]").fill(f"From {part}")
        phone.locator("dialog[open] [type=submit]").click()
        expect(phone.locator("dialog[open]")).to_have_count(0)
    phone.locator(".ztabs").get_by_text("Timeline").click()
    for part in ("Timeline", "Facts", "Discussion"):
        expect(phone.locator(".ev", has_text=f"From {part}").first).to_be_visible()
    phone.context.close()


def test_an_invitation_that_was_made_leaves_the_field_empty(sqlite_house: House, pair: tuple[Page, Page]) -> None:
    ana, _mateo = pair
    ana.goto(f"{sqlite_house.url}/settings/people")
    ana.fill("#invite-emails", "nuria@example.org")
    ana.get_by_role("button", name="Make links").click()
    expect(ana.locator("#links")).to_contain_text("nuria@example.org")
    expect(ana.locator("#invite-emails")).to_have_value("")


def test_a_token_that_was_made_stands_among_the_others(sqlite_house: House, pair: tuple[Page, Page]) -> None:
    ana, _mateo = pair
    ana.goto(f"{sqlite_house.url}/settings/profile")
    what = ana.get_by_label("What is it for?")
    what.fill("Nightly sync")
    what.press("Enter")
    expect(ana.locator("#token-value")).to_have_value(re.compile("^tert_"))
    expect(ana.locator("#tokens")).to_contain_text("Nightly sync")
    expect(what).to_have_value("")
