"""Two members in a call that they came to from the customer's page."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.calls.conftest import Caller, start_call
from tests.browser.house import House, live

pytestmark = pytest.mark.browser
Pair = tuple[Caller, Caller, str]
# A voice that never pauses; that of the device that is not real is a peep now and then.
TONE = """
const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
navigator.mediaDevices.getUserMedia = async (wanted) => {
  const stream = await ask(wanted);
  for (const track of stream.getAudioTracks()) {
    stream.removeTrack(track);
    track.stop();
    const context = new AudioContext();
    const [tone, out] = [context.createOscillator(), context.createMediaStreamDestination()];
    tone.connect(out);
    tone.start();
    stream.addTrack(out.stream.getAudioTracks()[0]);
  }
  return stream;
};"""


def both_in(house: House, pair: Pair) -> None:
    ana, mateo, path = pair
    start_call(house, ana.page, path)
    ana.join()
    mateo.page.goto(house.url + path)
    mateo.page.get_by_role("link", name="Join").first.click()
    mateo.join()


def test_two_see_and_hear_each_other(call_house: House, pair: Pair) -> None:
    ana, mateo, _path = pair
    both_in(call_house, pair)
    ana.sees("Mateo")
    mateo.sees("Ana")
    ana.hears()
    mateo.hears()


def test_a_reload_comes_back_by_itself(call_house: House, pair: Pair) -> None:
    ana, mateo, _path = pair
    both_in(call_house, pair)
    ana.sees("Mateo")
    mateo.page.reload()
    mateo.sees("Ana")
    ana.sees("Mateo")
    ana.hears()


def test_a_killed_tab_leaves_at_once(call_house: House, pair: Pair) -> None:
    ana, mateo, _path = pair
    both_in(call_house, pair)
    ana.sees("Mateo")
    mateo.page.close()
    expect(ana.tile("Mateo")).to_have_count(0, timeout=6_000)
    expect(ana.page.locator("#call-status")).to_have_text("You are the only one here")


def test_mute_camera_and_hand(call_house: House, pair: Pair) -> None:
    ana, mateo, _path = pair
    both_in(call_house, pair)
    ana.sees("Mateo")
    mateo.page.keyboard.press("m")
    expect(mateo.page.get_by_role("button", name="Unmute (M)")).to_be_visible()
    expect(ana.tile("Mateo").locator(".tile-muted")).to_be_visible()
    mateo.page.keyboard.press("v")
    expect(ana.tile("Mateo").locator("video")).to_be_hidden()
    mateo.page.get_by_role("button", name="Raise hand").click()
    expect(ana.tile("Mateo").locator(".tile-hand")).to_be_visible()
    mateo.page.keyboard.press("v")
    mateo.page.keyboard.press("m")
    ana.sees("Mateo")
    ana.hears()
    expect(ana.tile("Mateo").locator(".tile-muted")).to_be_hidden()


def test_a_screen_stands_beside_the_camera(call_house: House, pair: Pair) -> None:
    ana, mateo, _path = pair
    both_in(call_house, pair)
    ana.sees("Mateo")
    mateo.page.keyboard.press("s")
    ana.sees("Screen of Mateo", more=3)
    ana.sees("Mateo")
    mateo.page.get_by_role("button", name="Stop sharing (S)").click()
    expect(ana.tile("Screen of Mateo")).to_have_count(0)


def test_the_call_goes_on_while_one_reads_other_pages(call_house: House, pair: Pair) -> None:
    ana, mateo, path = pair
    both_in(call_house, pair)
    mateo.sees("Ana")
    mateo.page.evaluate("window.same = true")
    mateo.page.locator("#nav a[href='/tasks']").click()
    expect(mateo.page.locator("h1")).to_have_text("My tasks")
    expect(mateo.page.locator("#callcard")).to_be_visible()
    mateo.sees("Ana")
    ana.sees("Mateo")
    assert mateo.page.evaluate("window.same")
    mateo.page.get_by_role("link", name="Back to the call").click()
    expect(mateo.page.locator("#callcard")).to_have_count(0)
    expect(mateo.page.locator("#call-inside #call-stage")).to_be_visible()
    mateo.sees("Ana")
    mateo.page.goto(call_house.url + path)  # loaded anew: it comes back in its card
    expect(mateo.page.locator("#callcard")).to_be_visible()
    mateo.sees("Ana")
    mateo.page.get_by_role("button", name="Leave call").click()
    expect(mateo.page.locator("#callcard")).to_have_count(0)
    expect(ana.tile("Mateo")).to_have_count(0)


def test_the_card_rings_in_a_hidden_tab(call_house: House, pair: Pair) -> None:
    ana, mateo, path = pair
    assert call_house.owner.put(f"{path}/facts/owner", data={"value": "2"}).status_code == 200
    mateo.page.goto(call_house.url + "/contacts")
    live(mateo.page)
    mateo.page.evaluate("Object.defineProperty(document, 'hidden', { value: true, configurable: true })")
    start_call(call_house, ana.page, path)
    ana.join()
    card = mateo.page.get_by_role("alertdialog", name="Ana Beltrán calls")
    expect(card).to_be_visible()
    expect(mateo.page).to_have_title(re.compile("Ana Beltrán calls"))
    mateo.page.evaluate("Object.defineProperty(document, 'hidden', { value: false, configurable: true })")
    card.get_by_role("button", name="Take the call").click()
    mateo.page.wait_for_url("**/calls/*")
    mateo.sees("Ana")
    ana.sees("Mateo")


def test_notes_and_facts_of_the_record_stand_beside_the_call(call_house: House, pair: Pair) -> None:
    """A note by key in the call stands on the record at once, and a fact that changes there changes here."""
    ana, mateo, path = pair
    start_call(call_house, ana.page, path)
    ana.join()
    expect(ana.page.locator(".notes-scroll .tl")).to_be_visible()
    mateo.page.goto(call_house.url + path)
    live(mateo.page)
    ana.page.keyboard.press("n")
    ana.page.keyboard.type("Tarifa on 2 December")
    ana.page.keyboard.press("Control+Enter")
    expect(mateo.page.locator("#timeline")).to_contain_text("Tarifa on 2 December")
    expect(ana.page.locator(".notes-scroll").get_by_text("Tarifa on 2 December")).to_have_count(1)
    ana.page.keyboard.type("- [ ] Training for night staff")
    ana.page.keyboard.press("Control+Enter")
    expect(ana.page.locator(".notes-scroll").get_by_text("Training for night staff")).to_have_count(1)
    ana.page.get_by_role("button", name="Make tasks from lines").click()
    expect(ana.page.locator("#toasts")).to_contain_text("1 task made")
    expect(mateo.page.locator("#contact-1-tasks, [id$=-tasks]").first).to_contain_text("Training for night staff")
    ana.page.locator(".notes-scroll").get_by_text("Tarifa on 2 December").click(click_count=3)
    ana.page.get_by_role("button", name="Make tasks from lines").click()
    expect(mateo.page.locator("[id$=-tasks]").first).to_contain_text("Tarifa on 2 December")
    ana.page.locator("label", has_text="Facts").click()
    assert call_house.owner.put(f"{path}/facts/title", data={"value": "Manager"}).status_code == 200
    expect(ana.page.locator("#facts")).to_contain_text("Manager")


def test_who_writes_a_note_is_seen_beside_the_call(call_house: House, pair: Pair) -> None:
    """Before it is saved, so that two do not write the same."""
    ana, mateo, path = pair
    start_call(call_house, ana.page, path)
    ana.join()
    mateo.page.goto(ana.page.url)
    mateo.join()
    expect(mateo.tile("Ana")).to_be_visible()
    ana.page.keyboard.press("n")
    ana.page.keyboard.type("Tarifa on 2 December")
    ana.page.keyboard.press("Control+Enter")
    expect(mateo.page.locator(".notes-scroll")).to_contain_text("Tarifa on 2 December")
    mateo.page.keyboard.press("n")
    mateo.page.keyboard.type("Second instalment 15 January")
    expect(ana.page.locator(".notes-writing")).to_have_text("Mateo Ríos is writing")
    mateo.page.keyboard.press("Control+Enter")
    expect(ana.page.locator(".notes-scroll")).to_contain_text("Second instalment 15 January")
    expect(ana.page.locator(".notes-writing")).to_be_hidden()


def test_everybody_reads_the_call_chat(call_house: House, pair: Pair) -> None:
    ana, mateo, _path = pair
    both_in(call_house, pair)
    box = ana.page.get_by_placeholder("Message everybody in the call")
    box.fill("The contract is on its way")
    box.press("Enter")
    expect(mateo.page.locator(".calltalk")).to_contain_text("The contract is on its way")
    expect(ana.page.locator(".calltalk").get_by_text("The contract is on its way")).to_have_count(1)
    expect(box).to_have_value("")


def test_picture_in_picture(call_house: House, pair: Pair) -> None:
    """The picture of who else spoke last goes to a window of its own and comes back; the call goes on meanwhile, on other
    pages too."""
    ana, mateo, _path = pair
    ana.page.add_init_script(TONE)
    both_in(call_house, pair)
    ana.sees("Mateo")
    ana.page.wait_for_selector(".vid.mine.talks", timeout=20_000)  # she herself speaks, and does not look at herself
    assert ana.page.evaluate("document.pictureInPictureEnabled")
    button = ana.page.get_by_role("button", name="Picture in picture")
    button.click()
    ana.page.wait_for_function("() => document.pictureInPictureElement?.closest('.vid')")
    shown = ana.page.evaluate(
        "document.pictureInPictureElement.closest('.vid').querySelector('.tile-name').textContent"
    )
    assert shown.startswith("Mateo"), shown
    ana.sees("Mateo")
    mateo.sees("Ana")
    ana.page.locator("#nav a[href='/tasks']").click()
    expect(ana.page.locator("#callcard")).to_be_visible()
    ana.sees("Mateo")
    ana.page.get_by_role("link", name="Back to the call").click()
    button.click()
    ana.page.wait_for_function("() => !document.pictureInPictureElement")
    ana.sees("Mateo")
    mateo.hears()
