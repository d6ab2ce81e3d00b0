"""A case's composer, against a server that speaks the wire by hand."""

import json

import pytest
from playwright.sync_api import Page, expect
from starlette.responses import JSONResponse

from tests.browser.screen import TASKS, show
from tests.browser.wire import Wire

pytestmark = pytest.mark.browser

LINES = """<div data-said="4">A question</div><div data-said="2"><button type="button" hx-swap="none" data-departs
hx-post="/cases/1/messages/2/departure">Send it anyway</button></div>"""
COMPOSER = """<form class="composer" hx-post="/cases/1/messages" hx-swap="none" data-case-composer>
<input type="radio" name="audience" value="customer" checked><input type="radio" name="audience" value="team">
<input type="hidden" name="seen" value="3" data-seen><input type="hidden" name="draft_mark" value="r1">
<input type="hidden" name="note_mark" value=""><div data-draft-clash hidden></div>
<textarea name="text" data-draft-url="/drafts/reply" data-draft-seen="r1">Begun before</textarea>
<textarea name="note" data-draft-url="/drafts/note" data-draft-seen=""></textarea></form>"""


def test_a_held_reply_that_is_sent_names_what_its_reader_sees(wire: Wire, page: Page) -> None:
    show(wire, page, TASKS + LINES + COMPOSER)
    page.get_by_role("button", name="Send it anyway").click()
    wire.wait_for(lambda: wire.posts)
    assert wire.posts[0][2] == {"seen": "4"}
    assert page.locator("[data-seen]").input_value() == "3", "what was begun before has not seen it"


def test_a_note_names_its_own_draft(wire: Wire, page: Page) -> None:
    wire.answer = lambda _path, _form: JSONResponse({"mark": "n2"})
    show(wire, page, TASKS + COMPOSER)
    page.locator("textarea[name=note]").press_sequentially("Told them")
    expect(page.locator("[name=note_mark]")).to_have_value("n2")
    assert page.locator("[name=draft_mark]").input_value() == "r1"
    assert json.dumps(wire.posts[0][2]) == json.dumps({"text": "Told them", "seen": ""})


def chip(address: str) -> str:
    return f"""<span data-reader><span class="cut">{address}</span><input type="hidden" name="also" value="{address}">
<button type="button" data-copy-drop aria-label="Remove {address}">x</button></span>"""


def also(*addresses: str) -> str:
    chips, template = "".join(map(chip, addresses)), f"<template>{chip('{}')}</template>"
    row = f"""<div id="copies" data-copies='{json.dumps(addresses)}'>{chips}
<input type="email" aria-label="Add an address" data-copy-add>{template}</div>"""
    return COMPOSER.replace("<div data-draft-clash", row + "<div data-draft-clash")


def named(page: Page) -> list[str]:
    return [str(one.input_value()) for one in page.locator("[data-reader] > input").all()]


def test_whom_a_letter_only_names_is_one_press_away(wire: Wire, page: Page) -> None:
    take = '<button type="button" data-copy-take="new@x.example">new@x.example</button><template>'
    take = "<i data-named>Not to</i>" + take
    show(wire, page, TASKS + also("bo@x.example").replace("<template>", take))
    offer = page.get_by_role("button", name="new@x.example", exact=True)
    offer.click()
    assert named(page) == ["bo@x.example", "new@x.example"]
    expect(offer).to_be_hidden()
    expect(page.get_by_text("Not to")).to_be_hidden()
    page.get_by_role("button", name="Remove new@x.example").click()
    assert named(page) == ["bo@x.example"]
    expect(offer).to_be_visible()
    expect(page.get_by_text("Not to")).to_be_visible()


def test_whom_one_takes_out_or_types_in_is_there_after_a_reload(wire: Wire, page: Page) -> None:
    show(wire, page, TASKS + also("bo@x.example", "kai@x.example"))
    page.get_by_role("button", name="Remove bo@x.example").click()
    field = page.get_by_label("Add an address")
    field.press_sequentially("no address")
    field.press("Enter")
    assert named(page) == ["kai@x.example"] and wire.posts == []
    field.fill("Olga@y.example")
    field.press("Enter")
    assert named(page) == ["kai@x.example", "olga@y.example"] and wire.posts == [], "Enter sends no reply"
    field.fill("pau@y.example")
    page.locator("textarea[name=text]").focus()
    wanted = ["kai@x.example", "olga@y.example", "pau@y.example"]
    assert named(page) == wanted
    show(wire, page, TASKS + also("bo@x.example", "kai@x.example"))
    expect(page.get_by_role("button", name="Remove pau@y.example")).to_be_visible()
    assert named(page) == wanted
    show(wire, page, TASKS + also("bo@x.example"))
    expect(page.get_by_role("button", name="Remove bo@x.example")).to_be_visible()
    assert named(page) == ["bo@x.example"], "another letter, other people"
