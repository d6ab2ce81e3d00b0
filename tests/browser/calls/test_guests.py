"""A guest comes by a link, waits to be let in, and hears nothing of the team's side."""

import json
import re

import pytest
from playwright.sync_api import Browser, WebSocket, expect

from tests.browser.calls.conftest import Caller, start_call
from tests.browser.calls.test_members import both_in
from tests.browser.house import House

pytestmark = pytest.mark.browser
Pair = tuple[Caller, Caller, str]


def link_for_a_guest(ana: Caller) -> str:
    ana.page.locator("label", has_text="People").click()
    ana.page.get_by_role("button", name="Link for a guest").click()
    return ana.page.locator("#call-new-link input").input_value()


def test_two_talk_directly_until_a_guest_comes(call_house: House, callers: Browser, pair: Pair) -> None:
    """Then all goes through the server, without a reload and without a black picture."""
    ana, mateo, _path = pair
    both_in(call_house, pair)
    state = ana.page.locator("#call-status")
    expect(state).to_have_text("Direct connection", timeout=20_000)
    ana.sees("Mateo")
    ana.page.evaluate("window.same = true")
    context = callers.new_context()
    noor = Caller(context.new_page())
    noor.page.goto(link_for_a_guest(ana))
    noor.page.get_by_label("What is your name?").fill("Noor Haddad")
    noor.join()
    ana.page.locator("#call-lobby").get_by_role("button", name="Let in").click()
    noor.sees("Mateo")
    mateo.sees("Noor")
    ana.sees("Mateo")
    mateo.sees("Ana")
    expect(state).not_to_have_text("Direct connection")
    assert ana.page.evaluate("window.same")
    context.close()


def test_a_guest_waits_and_is_let_in(call_house: House, callers: Browser, pair: Pair) -> None:
    ana, _mateo, path = pair
    start_call(call_house, ana.page, path)
    ana.join()
    address = link_for_a_guest(ana)
    context = callers.new_context(locale="es-ES")
    noor = Caller(context.new_page())
    frames: list[str] = []

    def listen(socket: WebSocket) -> None:
        socket.on("framereceived", lambda data: frames.append(str(data)))

    noor.page.on("websocket", listen)
    opened = noor.page.goto(address)
    assert opened is not None
    pages = [opened.text()]
    noor.page.get_by_label("¿Cómo se llama usted?").fill("Noor Haddad")
    noor.join("Entrar con vídeo")
    expect(noor.page.locator("#call-note")).to_contain_text("Un momento, por favor")
    ana.page.locator("#call-lobby").get_by_role("button", name="Let in").click()
    noor.sees("Ana")
    ana.sees("Noor")
    noor.hears()
    # the team's side
    ana.page.locator("label", has_text="Notes and chat").click()
    for box, text in (("Message your team", "Offer her ten per cent"), ("Message everybody in the call", "Hello Noor")):
        ana.page.get_by_placeholder(box).fill(text)
        ana.page.get_by_placeholder(box).press("Enter")
    expect(noor.page.locator(".calltalk")).to_contain_text("Hello Noor")
    expect(ana.page.locator(".dock")).to_contain_text("Offer her ten per cent")
    noor.page.get_by_placeholder(re.compile("Escribir")).fill("Hola a todos")
    noor.page.get_by_placeholder(re.compile("Escribir")).press("Enter")
    expect(ana.page.locator(".calltalk")).to_contain_text("Hola a todos")
    noor.page.reload()
    noor.sees("Ana")
    pages += [noor.page.content()]
    for text in [*frames, *pages]:
        told = json.dumps(text) if text.startswith("{") else text
        for secret in ("Lucía", "Luc\\u00eda", "ten per cent", "contact:", ":team", "/people/", "/contacts", "Mateo"):
            assert secret not in told and secret not in text, (secret, text[:300])
    ana.page.locator("label", has_text="People").click()
    noor.page.set_viewport_size({"width": 390, "height": 844})
    noor.page.get_by_role("button", name="Chat de la llamada").click()
    expect(noor.page.locator("#call-stage")).to_be_hidden()
    ana.page.get_by_role("button", name="Take back").click()
    expect(noor.page.locator(".callover")).to_be_visible()  # the talk does not stay above it
    again = noor.page.goto(address)
    assert again is not None and again.status == 404
    expect(noor.page.locator("h1")).to_be_visible()
    context.close()
