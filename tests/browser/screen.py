"""Pages for the browser modules, made by hand, and short ways to speak of them."""

from collections.abc import Callable

from playwright.sync_api import ConsoleMessage, Frame, Page, expect

from tests.browser.wire import Wire

OWN_NOISE = ("WebSocket connection to", "net::ERR_INTERNET_DISCONNECTED", "Failed to load resource")
TASKS = """<ul id="tasks" data-topics='{"tasks:1":1}' data-src="/tasks">
  <li id="task-1" data-v="1">Call <input name="note" value=""></li><li id="task-2" data-v="5">Write</li></ul>"""
FACT = """<dl id="facts" data-topics='{"contact:7":1}' data-editing-text="%s is editing">
  <div class="fact" id="fact-phone" data-field="phone" data-v="1"><dt>Phone</dt>
  <dd><button class="fact-value" hx-get="/edit" hx-target="closest .fact" hx-swap="outerHTML">111</button></dd></div>
  </dl>
  <template id="beside"><div class="beside"><span><b data-who></b> changed this to <b data-value></b></span>
  <button type="button" data-take>Take it</button><button type="button" data-keep>Keep mine</button></div></template>
  <main data-record="contact:7"></main>"""


def note(message: ConsoleMessage, complaints: list[str]) -> None:
    """Errors and warnings, but for those of a connection that the test has cut."""
    if message.type in ("error", "warning") and not message.text.startswith(OWN_NOISE):
        complaints.append(message.text)


def row(number: int, text: str, v: int, by: int = 8) -> str:
    return f'<li id="task-{number}" data-v="{v}" data-by="{by}">{text}</li>'


def partial(target: str, swap: str, html: str = "") -> str:
    return f'<hx-partial hx-target="#{target}" hx-swap="{swap}">{html}</hx-partial>'


def show(wire: Wire, page: Page, body: str) -> None:
    """Opens the page and waits until it listens to its topics."""
    wire.body = body
    page.goto(wire.url)
    wire.wait_for(lambda: wire.said("sub"))
    expect(page.locator("[data-lamp] span")).to_have_text("Live")


def wait_for(page: Page, true: Callable[[], bool]) -> None:
    """The page goes on while we look again."""
    for _ in range(100):
        if true():
            return
        page.wait_for_timeout(100)
    raise AssertionError("it did not come")


def violations(frame: Frame) -> list[str]:
    """What axe, which the page has loaded, finds wrong: each rule and the first place."""
    return frame.evaluate("async () => (await axe.run()).violations.map((one) => one.id + ' ' + one.nodes[0].html)")
