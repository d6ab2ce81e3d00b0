"""A visitor of somebody's site and an agent, each in a browser: across a reload, without a connection, and under attack."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, FrameLocator, Page, expect

from tests.browser.house import House, live
from tests.browser.screen import note, violations, wait_for
from tests.browser.sites import Site, open_site

pytestmark = pytest.mark.browser
AXE = Path("node_modules/axe-core/axe.min.js")


@pytest.fixture
def site() -> Iterator[Site]:
    with open_site() as opened:
        yield opened


@pytest.fixture
def hostile() -> Iterator[Site]:
    with open_site() as opened:
        yield opened


@pytest.fixture
def visitor(chromium: Browser) -> Iterator[Page]:
    context = chromium.new_context(locale="en-GB")
    page = context.new_page()
    page.set_default_timeout(10_000)
    complaints: list[str] = []
    page.on("console", lambda message: note(message, complaints))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    context.close()
    assert [one for one in complaints if "frame-ancestors" not in one] == []


def chat(house: House, site: Site, **changes: str) -> str:
    """A chat that the site may show; its script."""
    made = house.owner.post("/settings/portal", data={"name": "Ask Nogal", "kind": "chat"}).headers["location"]
    given = {"name": "Ask Nogal", "language": "en", "sites": site.origin, "zone": "UTC", "ask_name": "may"}
    assert house.owner.put(made, data=given | changes).status_code == 200
    found = re.search(r"/p/widget/[0-9a-f]{24}\.js", house.owner.get(made).text)
    assert found is not None
    return f'<script src="{house.url}{found[0]}" async></script>'


def frame_of(page: Page) -> FrameLocator:
    return page.frame_locator("iframe[title=Chat]")


def start(page: Page, address: str, words: str, name: str = "Harriet") -> FrameLocator:
    page.goto(address)
    frame = frame_of(page)
    frame.get_by_role("button", name="Chat with us").click()
    frame.get_by_label("Name").fill(name)
    frame.locator("#start-text").fill(words)
    frame.locator("#start [type=submit]").click()
    expect(frame.locator("#said")).to_contain_text(words)
    return frame


def open_case(page: Page, house: House, subject: str) -> None:
    page.goto(f"{house.url}/cases")
    page.locator("#cases").get_by_role("link", name=subject).first.click()
    live(page)
    expect(page.locator("#case-customer-panel")).to_be_visible()


def reply(page: Page, words: str) -> None:
    page.locator("#case-reply-text").fill(words)
    page.get_by_role("button", name="Send reply").click()


def test_widget_and_agent(house: House, site: Site, visitor: Page, ana: Page) -> None:
    missing: list[str] = []
    ana.on("response", lambda response: missing.append(response.url) if response.status == 404 else None)
    address = site.show("/mills", chat(house, site))
    frame = start(visitor, address, "Is the mill in stock?")
    open_case(ana, house, "Is the mill in stock?")
    expect(ana.locator("#case-customer-panel")).to_contain_text("/mills")
    expect(frame.locator("#seen")).to_have_text("We have read it")
    frame.locator("#text").press_sequentially("One")
    expect(ana.get_by_text("The customer is writing")).to_be_visible()
    ana.locator("#case-reply-text").press_sequentially("Ye")
    expect(frame.locator("#typing")).to_be_visible()
    reply(ana, "Yes, **three**.")
    expect(frame.locator("#said .ours")).to_have_text(re.compile("Yes, three."))
    expect(frame.locator("#typing")).to_be_hidden()
    expect(ana.locator("#case-customer-panel")).to_contain_text("Everything")
    ana.locator(".composer .seg label", has_text="Internal note").click()
    ana.locator("#case-note-text").fill("Zebracorn")
    ana.get_by_role("button", name="Save note for the team").click()
    expect(ana.locator(".tl")).to_contain_text("Zebracorn")
    visitor.reload()
    expect(frame.locator("#said li")).to_have_count(2)
    expect(frame.locator("#said")).not_to_contain_text("Zebracorn")

    visitor.context.set_offline(True)
    for words in ("First without a line", "Second without a line"):
        frame.locator("#text").fill(words)
        frame.locator("#text").press("Enter")
    expect(frame.locator("#waiting li")).to_have_count(2)
    ana.locator(".composer .seg label", has_text="Reply").click()
    reply(ana, "Said meanwhile")
    expect(ana.locator(".tl")).to_contain_text("Said meanwhile")
    visitor.context.set_offline(False)
    for page in (frame.locator("#said"), ana.locator(".tl")):
        for words in ("First without a line", "Second without a line", "Said meanwhile"):
            expect(page.get_by_text(words)).to_have_count(1)
    expect(frame.locator("#waiting")).to_be_hidden()
    assert missing == []


def test_the_cursor_stays_between_two_answers(house: House, site: Site, visitor: Page, ana: Page) -> None:
    frame = start(visitor, site.show("/", chat(house, site)), "Is it in stock?")
    open_case(ana, house, "Is it in stock?")
    field = ana.locator("#case-reply-text")
    for question, answer in (("Two of them?", "Yes, two."), ("And a third?", "A third too.")):
        frame.locator("#text").fill(question)
        frame.locator("#text").press("Enter")
        expect(ana.locator(".tl")).to_contain_text(question)
        expect(ana.get_by_text("The customer is writing")).to_be_hidden(timeout=2_000)
        field.press_sequentially(answer)
        field.press("Control+Enter")
        expect(frame.locator("#said .ours").last).to_contain_text(answer)
        expect(field).to_be_focused()
    case = "/cases/" + re.findall(r"/cases/(\d+)", ana.url)[0]
    asked = house.owner.get(f"/api/v1{case}/messages").json()["items"][-2]["id"]
    part = house.owner.post(f"{case}/messages/{asked}/split", data={"subject": "A third"}).headers["hx-redirect"]
    for words in ("It left on Monday.", "Read as soon as it is there."):
        house.owner.post(f"{part}/messages", data={"audience": "customer", "text": words, "seen": "9"})
        expect(frame.locator("#said")).to_contain_text(words)
        wait_for(visitor, lambda: "Everything" in house.owner.get(f"{part}/customer").text)


def test_unread_solved_and_rated(house: House, site: Site, visitor: Page, ana: Page) -> None:
    frame = start(visitor, site.show("/", chat(house, site)), "Where is my parcel?")
    frame.get_by_role("button", name="Close the chat").click()
    open_case(ana, house, "Where is my parcel?")
    reply(ana, "At your door.")
    expect(frame.locator("#unread")).to_have_text("1")
    frame.get_by_role("button", name="Chat with us").click()
    expect(frame.locator("#unread")).to_be_hidden()
    ana.get_by_role("button", name="Resolve").click()
    frame.get_by_label("4 of five").check(force=True)
    frame.get_by_label("Would you like to add something?").fill("Quick")
    frame.locator("#rating").get_by_role("button", name="Send").click()
    expect(ana.locator("#case-customer-panel")).to_contain_text("4 of 5")
    expect(ana.locator(".tl")).to_contain_text("Quick")
    frame.get_by_role("button", name="Begin a new conversation").click()
    expect(frame.locator("#start-text")).to_be_visible()
    expect(frame.locator("#said")).to_have_count(0)


def test_the_page_in_the_letter(house: House, visitor: Page, ana: Page) -> None:
    ana.goto(house.url + house.case("Harriet Cole", "Wand loses pressure", "By mail."))
    live(ana)
    ana.get_by_role("button", name="Link for the customer").click()
    link = ana.locator("#customer-link-url").input_value()
    ana.get_by_role("button", name="Got it").click()
    visitor.goto(link)
    visitor.locator("#text").fill("It is the left one")
    visitor.locator("#text").press("Enter")
    expect(visitor.locator("#said")).to_contain_text("It is the left one")
    expect(ana.locator(".tl")).to_contain_text("It is the left one")
    visitor.locator("input[type=file]").set_input_files(
        {"name": "gauge.txt", "mimeType": "text/plain", "buffer": b"one bar"}
    )
    visitor.get_by_role("button", name="Send").click()
    with visitor.expect_download() as got:
        visitor.get_by_role("link", name="gauge.txt").click()
    assert Path(got.value.path()).read_bytes() == b"one bar"
    expect(ana.locator(".tl")).to_contain_text("gauge.txt")
    ana.get_by_role("button", name="Take back").click()
    ana.get_by_role("button", name="Take them back").click()
    expect(visitor.get_by_role("heading")).to_have_text("This link is no longer good")


def test_a_browser_that_gives_a_frame_no_storage(sqlite_house: House, site: Site, visitor: Page) -> None:
    """As browsers do that keep sites apart: the conversation lasts as long as the page."""
    far = site.origin.replace("127.0.0.1", "localhost")
    site.show("/", chat(sqlite_house, site, sites=far))
    frame = start(visitor, far, "Is it kept?")
    frame.locator("#text").fill("While the page lives")
    frame.locator("#text").press("Enter")
    expect(frame.locator("#said")).to_contain_text("While the page lives")


def test_who_signs_out_leaves_nothing_behind(sqlite_house: House, site: Site, visitor: Page) -> None:
    frame = start(visitor, site.show("/", chat(sqlite_house, site)), "My own words")
    visitor.reload()
    expect(frame.locator("#said")).to_contain_text("My own words")
    visitor.evaluate("Tertulia.forget()")
    expect(frame.locator("#start-text")).to_be_visible()
    visitor.reload()
    expect(frame.locator("#start-text")).to_be_visible()
    expect(frame.locator("#said")).to_have_count(0)


def test_the_page_one_is_on_follows(sqlite_house: House, site: Site, visitor: Page) -> None:
    script = chat(sqlite_house, site)
    start(visitor, site.show("/first", script), "Where am I?")
    visitor.goto(site.show("/second", script))
    expect(frame_of(visitor).locator("#said")).to_contain_text("Where am I?")
    visitor.evaluate("history.pushState({}, '', '/third')")
    cases = sqlite_house.owner.get("/api/v1/cases").json()["items"]
    number = next(one["id"] for one in cases if one["subject"] == "Where am I?")
    expect(visitor).to_have_url(re.compile("/third"))
    wait_for(visitor, lambda: "/third" in sqlite_house.owner.get(f"/cases/{number}/customer").text)


def test_what_is_missing_is_said_where_it_belongs(sqlite_house: House, site: Site, visitor: Page) -> None:
    visitor.goto(site.show("/", chat(sqlite_house, site, ask_name="must", ask_phones="may")))
    frame = frame_of(visitor)
    frame.get_by_role("button", name="Chat with us").click()
    frame.locator("#start [type=submit]").click()
    expect(frame.get_by_text("Write a few words first.")).to_be_visible()
    expect(frame.locator("#start-text")).to_be_focused()
    frame.get_by_label("Phone").fill("call me")
    frame.locator("#start-text").fill("Kept words")
    frame.locator("#start [type=submit]").click()
    expect(frame.locator("[data-error-for=name]")).to_have_text("This is needed")
    expect(frame.get_by_label("Name")).to_be_focused()
    frame.get_by_label("Name").fill("Harriet")
    frame.locator("#start [type=submit]").click()
    expect(frame.locator("[data-error-for=phones]")).to_contain_text("is no phone number")
    expect(frame.locator("[data-error-for=name]")).to_be_empty()
    expect(frame.locator("#start-text")).to_have_value("Kept words")


def test_another_site_may_not_show_it(sqlite_house: House, site: Site, hostile: Site, visitor: Page) -> None:
    script = chat(sqlite_house, site)
    visitor.goto(hostile.show("/", script))
    visitor.wait_for_selector("iframe[title=Chat]")
    visitor.wait_for_function("frames.length === 1")
    expect(frame_of(visitor).locator("#launch")).to_have_count(0)
    visitor.goto(site.show("/", script))
    expect(frame_of(visitor).locator("#launch")).to_be_visible()


def test_nobody_else_s_words_are_heard(sqlite_house: House, site: Site, hostile: Site, visitor: Page) -> None:
    """A frame of another origin inside the same page speaks to the chat and to the site's script."""
    evil = hostile.show(
        "/evil",
        """<script>for (const word of ['open', 'close', 'identify', 'page', 'size', 'ready'])
        for (const target of [parent, ...Array.from({ length: parent.length }, (_, n) => parent[n])])
          target.postMessage({ tertulia: 1, word, open: true, token: 'x', url: 'https://evil.example', title: 'evil' }, '*');
        parent.postMessage('done', '*')</script>""",
    )
    address = site.show(
        "/",
        "<script>addEventListener('message', ({ data }) => data === 'done' && (document.title = 'done'))</script>"
        + chat(sqlite_house, site),
    )
    visitor.goto(address)
    expect(frame_of(visitor).locator("#launch")).to_be_visible()
    visitor.evaluate("(src) => document.body.append(Object.assign(document.createElement('iframe'), { src }))", evil)
    expect(visitor).to_have_title("done")
    visitor.evaluate(
        "for (const word of ['open', 'size']) document.querySelector('iframe[title=Chat]').contentWindow.postMessage({ tertulia: 1, word: 'nonsense' }, '*')"
    )
    expect(frame_of(visitor).locator("#panel")).to_be_hidden()
    assert visitor.locator("iframe[title=Chat]").bounding_box()["width"] == 76  # type: ignore[index]
    visitor.evaluate("Tertulia.open()")
    expect(frame_of(visitor).locator("#panel")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_frame_is_accessible(sqlite_house: House, site: Site, chromium: Browser, scheme: str) -> None:
    context = chromium.new_context(
        viewport={"width": 390, "height": 844}, color_scheme=scheme, locale="es-ES", reduced_motion="reduce"
    )  # type: ignore[arg-type]
    page = context.new_page()
    page.goto(site.show("/", chat(sqlite_house, site).replace("<script", '<script data-lang="es"')))
    frame = frame_of(page)
    expect(frame.locator("#launch")).to_be_visible()
    inner = page.frames[1]
    inner.evaluate(AXE.read_text())
    assert violations(inner) == []
    frame.get_by_role("button", name="Hable con nosotros").press("Enter")
    expect(frame.get_by_label("Nombre")).to_be_focused()
    assert violations(inner) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    frame.locator("#start-text").fill("¿Hay alguien?")
    frame.locator("#start-text").press("Tab")
    frame.locator("#start [type=submit]").click()
    expect(frame.locator("#said")).to_contain_text("¿Hay alguien?")
    assert violations(inner) == []
    page.keyboard.press("Escape")
    expect(frame.locator("#panel")).to_be_hidden()
    context.close()
