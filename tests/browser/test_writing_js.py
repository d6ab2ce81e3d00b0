"""What one writes meanwhile, against a server that speaks the wire by hand: facts, outbox, drafts, keys of writes."""

import asyncio
import json
import threading

import pytest
from playwright.sync_api import Page, expect
from starlette.responses import HTMLResponse, JSONResponse, Response

from tests.browser.screen import FACT, TASKS, partial, row, show
from tests.browser.wire import Wire

pytestmark = pytest.mark.browser


FORM = """<div class="fact" id="fact-phone" data-field="phone" data-v="1"><dt>Phone</dt><dd>
  <form hx-put="/phone" hx-target="closest .fact" hx-swap="outerHTML"><input type="hidden" name="version" value="1">
  <input name="phone" value="111" autofocus><p data-error-for="phone"></p></form></dd></div>"""
REMOTE = """<div class="fact" id="fact-phone" data-field="phone" data-v="2" data-by="8" data-by-name="Ana">
  <dt>Phone</dt>
  <dd><button class="fact-value" hx-get="/edit" hx-target="closest .fact" hx-swap="outerHTML">222</button></dd></div>"""


def edit_while_ana_changes(wire: Wire, page: Page) -> None:
    wire.fragments["/edit"] = lambda: HTMLResponse(FORM)
    show(wire, page, FACT)
    page.click(".fact-value")
    page.fill("[name=phone]", "333")
    wire.wait_for(lambda: {"t": "at", "topic": "contact:7", "editing": "phone"} in wire.heard)
    wire.patch("contact:7", 2, partial("fact-phone", "outerMorph", REMOTE))
    expect(page.locator(".beside")).to_contain_text("Ana changed this to 222")
    expect(page.locator("[name=phone]")).to_have_value("333")


def test_change_to_the_field_i_edit_is_beside_it_and_can_be_taken(wire: Wire, page: Page) -> None:
    edit_while_ana_changes(wire, page)
    page.click("[data-take]")
    expect(page.locator(".fact-value")).to_have_text("222")


def test_change_to_the_field_i_edit_can_be_left_and_mine_is_saved(wire: Wire, page: Page) -> None:
    edit_while_ana_changes(wire, page)
    wire.answer = lambda _path, form: HTMLResponse(
        REMOTE.replace("222", form["phone"]).replace('data-v="2"', 'data-v="3"')
    )
    page.click("[data-keep]")
    page.keyboard.press("Enter")
    expect(page.locator(".fact-value")).to_have_text("333")
    path, key, form = wire.posts[0]
    assert (path, form) == ("/phone", {"version": "2", "phone": "333"})
    assert len(key) >= 32


def test_a_clash_is_said_once(wire: Wire, page: Page) -> None:
    edit_while_ana_changes(wire, page)
    said = '<div class="beside" role="alert">Ana changed this to <b>222</b></div>'
    slot = '<hx-partial hx-target="[data-error-for=\'phone\']" hx-swap="innerHTML">' + said + "</hx-partial>"
    note = json.dumps({"text": "Somebody was faster", "undo": None, "error": True})
    wire.answer = lambda _path, _form: HTMLResponse(slot, 409, {"HX-Reswap": "none", "X-Toast": note})
    page.press("[name=phone]", "Enter")
    expect(page.locator("[data-error-for] .beside")).to_be_visible()
    expect(page.locator(".beside")).to_have_count(1)
    expect(page.locator(".toasts > .err")).to_have_count(0)


def test_held_patch_comes_when_the_field_is_left(wire: Wire, page: Page) -> None:
    show(wire, page, TASKS)
    page.focus("#task-1 input")
    wire.patch("tasks:1", 2, partial("task-1", "outerMorph", row(1, "Called", 2)))
    wire.patch("tasks:1", 3, partial("task-2", "outerMorph", row(2, "Other", 6)))
    expect(page.locator("#task-2")).to_have_text("Other")
    expect(page.locator("#task-1")).to_contain_text("Call")
    expect(page.locator("#task-1 input")).to_be_focused()
    page.locator("#task-1 input").blur()
    expect(page.locator("#task-1")).to_have_text("Called")


ROOM = """<main data-record="room:3"><div id="messages" data-topics='{"room:3":0}'></div>
  <form action="/rooms/3/messages" method="post" data-outbox="#messages">
  <textarea name="text" data-enter-sends></textarea>
  <button type="submit">Send</button></form></main>"""


def test_texts_written_offline_are_sent_once_and_in_order(wire: Wire, page: Page) -> None:
    def take(_path: str, form: dict[str, str]) -> Response:
        number = len(wire.posts)
        return HTMLResponse(
            partial("messages", "beforeend", f'<p id="message-{number}" data-by="5">{form["text"]}</p>')
        )

    wire.answer = take
    show(wire, page, ROOM)
    page.context.set_offline(True)
    for text in ("one", "two", "three"):
        page.fill("textarea", text)
        page.press("textarea", "Enter")
        expect(page.locator("textarea")).to_have_value("")
    expect(page.locator("[data-pending]")).to_have_count(3)
    expect(page.locator("[data-pending]").first).to_contain_text("Waiting for a connection")
    assert wire.posts == []
    page.context.set_offline(False)
    expect(page.locator("#messages > p")).to_have_text(["one", "two", "three"])
    expect(page.locator("[data-pending]")).to_have_count(0)
    assert [form["text"] for _path, _key, form in wire.posts] == ["one", "two", "three"]
    assert len({key for _path, key, _form in wire.posts}) == 3


def test_text_waits_over_a_reload_and_keeps_its_key(wire: Wire, page: Page) -> None:
    wire.answer = lambda _path, _form: Response(status_code=503)
    show(wire, page, ROOM)
    page.fill("textarea", "patience")
    page.press("textarea", "Enter")
    wire.wait_for(lambda: wire.posts)
    wire.answer = lambda _path, form: HTMLResponse(
        partial("messages", "beforeend", f'<p id="message-1">{form["text"]}</p>')
    )
    page.reload()
    expect(page.locator("#message-1")).to_have_text("patience")
    assert len({key for _path, key, _form in wire.posts}) == 1


def test_refused_text_is_kept_with_its_reason(wire: Wire, page: Page) -> None:
    wire.answer = lambda _path, _form: HTMLResponse("<p data-reason>The room is closed</p>", status_code=422)
    show(wire, page, ROOM)
    page.fill("textarea", "too late")
    page.press("textarea", "Enter")
    waiting = page.locator("[data-pending]")
    expect(waiting).to_contain_text("Not sent: The room is closed")
    expect(waiting.locator("p")).to_have_text("too late")
    waiting.get_by_text("Discard").click()
    expect(waiting).to_have_count(0)


def test_signing_out_warns_of_what_waits(wire: Wire, page: Page) -> None:
    wire.answer = lambda path, _form: Response(status_code=204 if path == "/signout" else 503)
    show(wire, page, ROOM + '<form action="/signout" method="post" data-sign-out><button>Leave</button></form>')
    page.fill("textarea", "unsent")
    page.press("textarea", "Enter")
    expect(page.locator("[data-pending]")).to_be_visible()
    page.click("text=Leave")
    expect(page.locator("dialog")).to_contain_text("1 text has not been sent yet")
    page.get_by_role("button", name="Stay").click()
    expect(page.locator("dialog")).to_have_count(0)
    page.click("text=Leave")
    page.get_by_role("button", name="Sign out").click()
    wire.wait_for(lambda: [path for path, _key, _form in wire.posts if path == "/signout"])


def test_draft_is_kept_on_the_server_and_said_so(wire: Wire, page: Page) -> None:
    body = ROOM.replace("<textarea ", '<textarea data-draft-url="/drafts/room:3" ')
    show(wire, page, body.replace("<button", "<span data-draft-mark hidden>Draft saved</span><button"))
    page.locator("textarea").press_sequentially("half a thought")
    expect(page.locator("[data-draft-mark]")).to_be_visible()
    assert [(path, form) for path, _key, form in wire.posts] == [("/drafts/room:3", {"text": "half a thought"})]


VERSIONED = """<form class="composer" action="/x" method="post"><input type="hidden" name="draft_mark" value="m1">
<div data-draft-clash hidden><p data-draft-other></p><button type="button" data-draft-keep="both">Keep both</button>
<button type="button" data-draft-keep="theirs">Take that one</button>
<button type="button" data-draft-keep="mine">Keep mine</button></div>
<textarea name="text" data-draft-url="/drafts/1" data-draft-seen="m1">Hello</textarea></form>"""


@pytest.mark.parametrize(
    ("button", "kept"),
    [("Keep both", "Theirs\n\nHello there"), ("Take that one", "Theirs"), ("Keep mine", "Hello there")],
)
def test_a_draft_that_was_changed_elsewhere_is_offered(wire: Wire, page: Page, button: str, kept: str) -> None:
    def answer(_path: str, form: dict[str, str]) -> Response:
        if form["seen"] == "m1":
            return JSONResponse({"text": "Theirs", "mark": "m2"}, 409)
        return JSONResponse({"mark": "m3"})

    wire.answer = answer
    show(wire, page, TASKS + VERSIONED)
    page.locator("textarea").press("End")
    page.locator("textarea").press_sequentially(" there")
    expect(page.locator("[data-draft-other]")).to_have_text("Theirs")
    expect(page.locator("textarea")).to_have_value("Hello there")
    page.get_by_role("button", name=button).click()
    expect(page.locator("textarea")).to_have_value(kept)
    expect(page.locator("[data-draft-clash]")).to_be_hidden()
    if button != "Take that one":  # it stands there already
        wire.wait_for(lambda: len(wire.posts) == 2)
        assert wire.posts[1][2] == {"text": kept, "seen": "m2"}
        expect(page.locator("[name=draft_mark]")).to_have_value("m3")


def test_people_are_offered_after_an_at_sign(wire: Wire, page: Page) -> None:
    wire.fragments["/people"] = lambda: HTMLResponse(
        '<div role="listbox"><div class="opt" role="option" data-value="user:8" data-name="Ana Beltrán">Ana</div>'
        '<div class="opt" role="option" data-value="user:9" data-name="Abel">Abel</div></div>'
    )
    wire.answer = lambda _path, _form: HTMLResponse("")
    show(wire, page, ROOM.replace("<textarea ", "<textarea data-mentions "))
    page.locator("textarea").press_sequentially("Hi @a")
    expect(page.locator("[role=listbox] [aria-selected=true]")).to_have_text("Ana")
    page.press("textarea", "Enter")
    expect(page.locator("textarea")).to_have_value("Hi @Ana Beltrán ")
    page.press("textarea", "Enter")
    wire.wait_for(lambda: wire.posts)
    assert wire.posts[0][2] == {"text": "Hi @Ana Beltrán ", "mention": "user:8"}


def test_names_that_come_after_the_text_was_sent_are_not_offered(wire: Wire, page: Page) -> None:
    asked, held = threading.Event(), asyncio.Event()

    async def people() -> Response:
        asked.set()
        await held.wait()
        return HTMLResponse('<div role="option" data-value="user:8" data-name="Ana">Ana</div>')

    wire.fragments["/people"] = people
    show(wire, page, ROOM.replace("<textarea ", "<textarea data-mentions "))
    page.locator("textarea").press_sequentially("Hello @a")
    wire.wait_for(asked.is_set)
    page.press("textarea", "Enter")
    expect(page.locator("textarea")).to_have_value("")
    assert wire.loop is not None
    with page.expect_response("**/people?q=a") as answer:
        wire.loop.call_soon_threadsafe(held.set)
    answer.value.finished()
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    expect(page.locator("[role=option]")).to_have_count(0)


def test_answer_and_patch_of_one_act_are_one_row(wire: Wire, page: Page) -> None:
    made = partial("tasks", "beforeend", row(3, "Once", 1, by=5))
    wire.answer = lambda _path, _form: HTMLResponse(made, headers={"X-Toast": '{"text":"Task made","undo":null}'})
    show(wire, page, TASKS + '<form hx-post="/tasks" hx-swap="none"><input name="title"><button>Add</button></form>')
    page.fill("[name=title]", "Once")
    page.click("text=Add")
    expect(page.locator("#task-3")).to_have_text("Once")
    expect(page.locator(".toast2")).to_contain_text("Task made")
    wire.patch("tasks:1", 2, made)
    wire.patch("tasks:1", 3, partial("task-2", "outerMorph", row(2, "After", 6)))
    expect(page.locator("#task-2")).to_have_text("After")
    expect(page.locator("#tasks > li")).to_have_count(3)
