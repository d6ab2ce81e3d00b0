"""Two browsers at one record: seconds from a key pressed in one to the thing seen in the other."""

import contextlib
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Frame, Page, sync_playwright

from bench.stage import has_second_engine
from bench.table import percentile, row
from tests import needs
from tests.browser.house import FLAGS, House, open_house
from tests.browser.sites import open_site
from tests.browser.test_chat import chat, open_case, start
from tests.own_postgres import postgres_server

ROUNDS = 12
Place = Page | Frame
# Remembers when a text first stood in the page. Both pages are on one machine: Date.now() is one clock.
WATCH = """() => {
  window.seenAt = {};
  const look = () => {
    const text = document.body.innerText;
    for (const wanted of window.wanted ?? []) {
      if (!(wanted in seenAt) && text.includes(wanted)) seenAt[wanted] = Date.now();
    }
  };
  new MutationObserver(look).observe(document.body, { subtree: true, childList: true, characterData: true });
}"""


def browser_rows() -> None:
    if needs.chromium() is None:
        print("left out: two browsers; no chromium")
        return
    with (
        sync_playwright() as playwright,
        contextlib.closing(playwright.chromium.launch(executable_path=needs.chromium(), args=FLAGS)) as chromium,
    ):
        for engine in ("SQLite", "PostgreSQL and Redis") if has_second_engine() else ("SQLite",):
            with house_on(engine) as house:
                path = house.contact("Lucía Ferrer")
                ana, mateo = (house.sit(chromium, f"{name}@example.org") for name in ("ana", "mateo"))
                for page in (ana, mateo):
                    page.goto(house.url + path)
                    page.wait_for_function("document.querySelector('[data-lamp]').textContent.includes('Live')")
                mateo.evaluate(WATCH)
                for kind, act in ACTS.items():
                    seconds = [seen_after(ana, mateo, act, f"{kind} {n:03}") for n in range(ROUNDS)]
                    tell(engine, kind, seconds)
                ask_and_answer(chromium, house, engine)


def tell(engine: str, what: str, seconds: list[float]) -> None:
    row(f"two browsers, {engine}: {what} seen, p95 s", f"{percentile(seconds, 95):.2f}", "≤ 1")


def ask_and_answer(chromium: Browser, house: House, engine: str) -> None:
    """A visitor of somebody's site in the chat's frame, and an agent at the case."""
    with open_site() as site:
        visitor, ana = chromium.new_context(locale="en-GB").new_page(), house.sit(chromium, "ana@example.org")
        start(visitor, site.show("/", chat(house, site)), "Is the mill in stock?")
        open_case(ana, house, "Is the mill in stock?")
        frame = next(frame for frame in visitor.frames if "/p/" in frame.url)
        for page in (ana, frame):
            page.evaluate(WATCH)
        asked, answered = [], []
        for n in range(ROUNDS):
            asked.append(seen_after(frame, ana, ask, f"question {n:03}"))
            answered.append(seen_after(ana, frame, answer, f"answer {n:03}"))
        tell(engine, "what a visitor of the chat writes", asked)
        tell(engine, "what the agent answers in the chat", answered)


@contextlib.contextmanager
def house_on(engine: str) -> Iterator[House]:
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tertulia-bench-")))
        env = {"DATABASE_URL": "", "REDIS_URL": ""}
        if engine != "SQLite":
            env["DATABASE_URL"] = stack.enter_context(postgres_server())
            env["REDIS_URL"] = stack.enter_context(needs.redis_server())
        yield stack.enter_context(open_house(folder, **env))


def seen_after(ana: Place, mateo: Place, act: Callable[[Any, str], float], text: str) -> float:
    mateo.evaluate("text => { window.wanted = [text]; }", text)
    began = act(ana, text)
    mateo.wait_for_function("text => text in window.seenAt", arg=text)
    return (float(mateo.evaluate("text => window.seenAt[text]", text)) - began) / 1000


def pressed(page: Place, selector: str, text: str, key: str) -> float:
    """Fills and presses; when it was pressed, in the browser's own milliseconds."""
    box = page.locator(selector).first
    box.fill(text)
    began = float(page.evaluate("() => Date.now()"))
    box.press(key)
    return began


def write_note(page: Page, text: str) -> float:
    return pressed(page, ".composer textarea", text, "Control+Enter")


def add_task(page: Page, text: str) -> float:
    return pressed(page, "[placeholder='Add a task and press Enter']", text, "Enter")


def say(page: Page, text: str) -> float:
    return pressed(page, "[placeholder='Message your team']", text, "Enter")


def change_field(page: Page, text: str) -> float:
    page.locator("[data-field=title] .fact-value").click()
    return pressed(page, "[data-field=title] input[name=value]", text, "Enter")


def ask(frame: Frame, text: str) -> float:
    return pressed(frame, "#text", text, "Enter")


def answer(page: Page, text: str) -> float:
    return pressed(page, "#case-reply-text", text, "Control+Enter")


ACTS = {"note": write_note, "field": change_field, "task": add_task, "message": say}
