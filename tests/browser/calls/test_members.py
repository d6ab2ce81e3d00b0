"""Two members in a call that they came to from the customer's page."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.calls.conftest import Caller, start_call
from tests.browser.house import House

pytestmark = pytest.mark.browser
Pair = tuple[Caller, Caller, str]


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
