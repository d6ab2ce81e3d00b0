"""The browser modules against a server that speaks the wire by hand: order, holes, gaps, who is where, keys."""

import asyncio

import pytest
from playwright.sync_api import Page, expect
from starlette.responses import HTMLResponse, Response

from tests.browser.screen import FACT, TASKS, partial, row, show
from tests.browser.wire import Wire

pytestmark = pytest.mark.browser


def test_patch_is_shown_and_flashes_for_others_only(wire: Wire, page: Page) -> None:
    show(wire, page, TASKS)
    assert wire.said("sub")[0]["topics"] == {"tasks:1": 1}
    wire.patch("tasks:1", 2, partial("task-2", "outerMorph", row(2, "Rewrite", 6)))
    expect(page.locator("#task-2")).to_have_text("Rewrite")
    expect(page.locator("#task-2")).to_have_class("flash")
    expect(page.locator("#task-2")).not_to_have_class("flash")
    wire.patch("tasks:1", 3, partial("task-2", "outerMorph", row(2, "Mine", 7, by=5)))
    expect(page.locator("#task-2")).to_have_text("Mine")
    assert "flash" not in (page.locator("#task-2").get_attribute("class") or "")
    wire.patch("tasks:1", 4, partial("task-99", "outerMorph", row(99, "elsewhere", 1)))
    wire.patch("tasks:1", 5, partial("task-2", "delete"))
    expect(page.locator("#task-2")).to_have_count(0)


def test_a_number_without_a_patch_is_only_counted(wire: Wire, page: Page) -> None:
    """A recheck of rights says no more than its number."""
    show(wire, page, TASKS)
    wire.patch("tasks:1", 2, "")
    wire.patch("tasks:1", 3, partial("task-2", "outerMorph", row(2, "Rewrite", 6)))
    expect(page.locator("#task-2")).to_have_text("Rewrite")
    assert len(wire.said("sub")) == 1


def test_append_twice_is_one_row(wire: Wire, page: Page) -> None:
    show(wire, page, TASKS)
    wire.patch("tasks:1", 2, partial("tasks", "beforeend", row(3, "New", 1)))
    wire.patch("tasks:1", 3, partial("tasks", "beforeend", row(3, "Newer", 2)))
    expect(page.locator("#task-3")).to_have_text("Newer")
    expect(page.locator("#tasks > li")).to_have_count(3)


def test_older_version_never_wins(wire: Wire, page: Page) -> None:
    show(wire, page, TASKS)
    wire.patch("tasks:1", 2, partial("task-2", "outerMorph", row(2, "Old", 4)))
    wire.patch("tasks:1", 3, partial("tasks", "afterbegin", row(2, "Older", 3) + row(4, "First", 1)))
    expect(page.locator("#tasks > li").first).to_have_text("First")
    expect(page.locator("#task-2")).to_have_text("Write")


def test_hole_is_asked_for_and_filled_in_order(wire: Wire, page: Page) -> None:
    show(wire, page, TASKS)
    wire.patch("tasks:1", 2, partial("tasks", "beforeend", row(3, "Two", 1)), send=False)
    wire.patch("tasks:1", 3, partial("tasks", "beforeend", row(4, "Three", 1)))
    wire.wait_for(lambda: len(wire.said("sub")) == 2)
    assert wire.said("sub")[1]["topics"] == {"tasks:1": 1}
    expect(page.locator("#tasks > li").nth(2)).to_have_text("Two")
    expect(page.locator("#tasks > li").nth(3)).to_have_text("Three")
    expect(page.locator("#tasks > li")).to_have_count(4)


def test_heartbeat_shows_a_lost_last_patch(wire: Wire, page: Page) -> None:
    show(wire, page, TASKS)
    wire.patch("tasks:1", 2, partial("tasks", "beforeend", row(3, "Lost", 1)), send=False)
    wire.say({"t": "hb", "n": {"tasks:1": 2}})
    expect(page.locator("#task-3")).to_have_text("Lost")


def test_gap_reloads_the_region_and_keeps_what_is_typed(wire: Wire, page: Page) -> None:
    show(wire, page, TASKS)
    page.fill("#task-1 input", "half a sen")
    fresh = (
        TASKS.replace('"tasks:1":1', '"tasks:1":9')
        .replace("Write", "Fresh")
        .replace("</ul>", row(7, "Seven", 1) + "</ul>")
    )
    wire.fragments["/tasks"] = lambda: HTMLResponse(fresh)
    wire.say({"t": "gap", "topic": "tasks:1", "n": 9})
    expect(page.locator("#task-7")).to_have_text("Seven")
    expect(page.locator("#task-2")).to_have_text("Fresh")
    expect(page.locator("#task-1 input")).to_have_value("half a sen")
    expect(page.locator("#task-1 input")).to_be_focused()
    wire.patch("tasks:1", 10, partial("task-7", "outerMorph", row(7, "Ten", 2)))
    expect(page.locator("#task-7")).to_have_text("Ten")


def test_patch_during_a_fetch_is_applied_again(wire: Wire, page: Page) -> None:
    show(wire, page, TASKS)

    async def read_before_the_patch() -> Response:
        html = partial("tasks", "beforeend", row(3, "Meanwhile", 1))
        await wire.send_all({"t": "p", "topic": "tasks:1", "n": 3, "html": html})
        await asyncio.sleep(0.2)
        return HTMLResponse(TASKS.replace('"tasks:1":1', '"tasks:1":2').replace("Write", "Fresh"))

    wire.fragments["/tasks"] = read_before_the_patch
    wire.say({"t": "r", "topic": "tasks:1", "n": 2, "regions": ["tasks"], "spread": 0})
    expect(page.locator("#task-2")).to_have_text("Fresh")
    expect(page.locator("#task-3")).to_have_text("Meanwhile")
    assert len(wire.said("sub")) == 1


def test_comes_back_after_a_cut_with_its_last_number(wire: Wire, page: Page) -> None:
    show(wire, page, TASKS)
    wire.patch("tasks:1", 2, partial("task-2", "outerMorph", row(2, "Before", 6)))
    expect(page.locator("#task-2")).to_have_text("Before")
    wire.patch("tasks:1", 3, partial("task-2", "outerMorph", row(2, "Meanwhile", 7)), send=False)  # it is back at once
    wire.cut()
    wire.wait_for(lambda: len(wire.said("sub")) == 2)
    assert wire.said("sub")[1]["topics"] == {"tasks:1": 2}
    expect(page.locator("#task-2")).to_have_text("Meanwhile")
    expect(page.locator("[data-lamp] span")).to_have_text("Live")


@pytest.mark.parametrize("told", [True, False])
def test_lamp_and_strip_tell_of_a_long_cut(wire: Wire, page: Page, told: bool) -> None:
    """Also where nobody closes the socket: its browser knows that there is no network."""
    show(wire, page, TASKS + '<div id="offline-strip" class="strip" hidden>No connection</div>')
    page.context.set_offline(True)
    if told:
        wire.cut()
    expect(page.locator("[data-lamp] span")).to_have_text("Paused", timeout=10_000)
    expect(page.locator("#offline-strip")).to_be_visible()
    page.context.set_offline(False)
    expect(page.locator("[data-lamp] span")).to_have_text("Live", timeout=10_000)
    expect(page.locator("#offline-strip")).to_be_hidden()


def test_signed_out_socket_leads_to_sign_in(wire: Wire, page: Page) -> None:
    show(wire, page, TASKS)
    wire.fragments["/signin"] = lambda: HTMLResponse("<title>Sign in</title>")
    wire.cut(4401)
    page.wait_for_url("**/signin?next=%2F")


def test_chosen_rows_are_counted(wire: Wire, page: Page) -> None:
    boxes = "".join(f'<tr data-row><td><input type="checkbox" data-bulk-row value="{n}"></td></tr>' for n in range(4))
    show(wire, page, TASKS + f"""<table data-bulk><thead><tr><th><input type="checkbox" data-bulk-all></th></tr></thead>
      <tbody>{boxes}</tbody></table><div data-bulk-bar hidden><b data-bulk-count></b>
      <button type="button" data-bulk-clear>Clear</button></div>""")  # fmt: skip
    page.locator("[data-bulk-row]").first.click()
    page.locator("[data-bulk-row]").nth(2).click(modifiers=["Shift"])
    expect(page.locator("[data-bulk-count]")).to_have_text("3 selected")
    expect(page.locator("tr.sel")).to_have_count(3)
    page.click("[data-bulk-clear]")
    expect(page.locator("[data-bulk-bar]")).to_be_hidden()


def test_people_are_shown_where_they_are(wire: Wire, page: Page) -> None:
    wire.fragments["/people/8/chip"] = lambda: HTMLResponse(
        '<span class="av hue-8 av-s" role="img" data-person="8" title="Ana" aria-label="Ana">AB</span>'
    )
    body = (
        FACT
        + """<span data-who="contact:7"></span><i data-presence-of="8" hidden></i>
      <p data-typing="contact:7" data-typing-text="%s is typing" hidden></p>"""
    )
    show(wire, page, body)
    wire.wait_for(lambda: {"t": "at", "topic": "contact:7"} in wire.heard)
    wire.say({"t": "who", "topic": "contact:7", "all": True, "join": [5, 8], "left": [], "editing": {"8": "phone"}})
    expect(page.locator("[data-who] .av")).to_have_count(1)
    expect(page.locator("#fact-phone")).to_have_class("fact theirs hue-8")
    expect(page.locator("#fact-phone .by")).to_have_text("Ana is editing")
    expect(page.locator("[data-presence-of='8']")).to_have_class("on")
    wire.say({"t": "typing", "topic": "contact:7", "id": 8})
    expect(page.locator("[data-typing]")).to_have_text("Ana is typing")
    wire.say({"t": "who", "topic": "contact:7", "left": [8]})
    expect(page.locator("[data-who] .av")).to_have_count(0)
    expect(page.locator("#fact-phone")).to_have_class("fact")
    expect(page.locator("[data-typing]")).to_be_hidden(timeout=8_000)


def test_days_and_unread_line_are_made_by_the_browser(wire: Wire, page: Page) -> None:
    lines = "".join(
        f'<p id="m-{n}"><time datetime="{moment}" data-format="time">-</time></p>'
        for n, moment in enumerate(("2026-01-05T22:30:00Z", "2026-01-05T23:30:00Z", "2026-01-06T10:00:00Z"))
    )
    show(
        wire,
        page,
        f"""<div data-days data-read-at="2026-01-06T09:00:00Z" id="list" data-topics='{{"room:3":0}}'>{lines}</div>""",
    )
    expect(page.locator("#list > *")).to_have_text(
        ["Monday 5 January", "23:30", "Tuesday 6 January", "00:30", "New since 10:00", "11:00"]
    )


def test_keys_palette_and_theme(wire: Wire, page: Page) -> None:
    wire.fragments["/palette"] = lambda: HTMLResponse(
        '<a class="opt" role="option" href="#one">One</a><a class="opt" role="option" href="#two">Two</a>'
    )
    show(wire, page, TASKS + """<dialog class="palette" id="palette" aria-label="Go to"><div class="q">
      <input name="q" role="combobox" aria-label="Search"></div><div id="options" role="listbox"></div></dialog>
      <button type="button" data-theme-toggle>Theme</button><input type="search" data-search aria-label="Search">
      <a data-row href="#a">A</a><a data-row href="#b">B</a>
      <button type="button" data-key="t" data-dialog="new">Task</button>
      <dialog class="dlg" id="new"><button type="button" data-close>Close</button></dialog>""")  # fmt: skip
    page.keyboard.press("Control+k")
    expect(page.locator("#options [aria-selected=true]")).to_have_text("One")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url("**/#two")
    expect(page.locator("#palette")).to_be_hidden()
    page.keyboard.press("/")
    # by :focus, because a window behind another has an active field too
    expect(page.locator("[data-search]:focus")).to_have_count(1)
    page.keyboard.press("t")
    expect(page.locator("#new")).to_be_hidden()
    page.locator("[data-search]").blur()
    page.keyboard.press("j")
    page.keyboard.press("j")
    expect(page.locator("[data-row].current")).to_have_text("B")
    page.keyboard.press("t")
    expect(page.locator("#new")).to_be_visible()
    page.click("[data-close]")
    page.click("[data-theme-toggle]")
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
