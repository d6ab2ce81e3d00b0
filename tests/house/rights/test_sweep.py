"""Every route and every topic, tried by everybody who may not: they learn nothing, change nothing and break nothing.

Routes join by themselves: addresses are filled with the numbers of real records. What a person may not see must be
answered like what does not exist.
"""

import re

import pytest
from starlette.applications import Starlette

from server.identity.models import Workspace
from tests import make
from tests.conftest import Client
from tests.house.rights.asker import Asker
from tests.house.rights.sweep import OPEN, WHO, WORD, Place, act_as, addresses, ask, differs, routes_of


@pytest.mark.parametrize("name", WHO)
async def test_closed_things_are_answered_like_nothing(
    app: Starlette, workspace: Workspace, place: Place, name: str
) -> None:
    clients = await act_as(app, workspace, name)
    before = await place.look()
    for method, route in routes_of(app):
        pairs = addresses(route, place.numbers)
        for client in clients:
            nothings = {}  # several closed things may stand beside the same nothing
            for closed, missing in pairs:
                if closed == missing:
                    continue
                there = await ask(client, method, closed)
                nothing = nothings[missing] = nothings.get(missing) or await ask(client, method, missing)
                what = f"{name}: {method} {closed}: {there.status_code} {there.text[:300]}"
                assert there.status_code < 500 and nothing.status_code < 500, what
                assert not differs(there, nothing), what
        if method != "GET":
            assert await place.look() == before, (name, method, route.path)
    assert await place.read() == before


async def test_the_sweep_asks_for_what_is_there(app: Starlette, place: Place, ana: Client) -> None:
    """Who may see the closed things gets them by the same addresses."""
    for method, route in routes_of(app):
        for closed, missing in addresses(route, place.numbers):
            if method == "GET" and closed != missing:
                answer = await ana.get(closed)
                assert answer.status_code in (200, 204, 303), (closed, answer.text[:300])


@pytest.mark.parametrize("name", WHO)
async def test_no_page_or_list_tells_of_closed_things(
    app: Starlette, workspace: Workspace, place: Place, name: str
) -> None:
    for client in await act_as(app, workspace, name):
        for method, route in routes_of(app):
            if method != "GET":
                continue
            closed = {one for one, missing in addresses(route, place.numbers) if one != missing}
            for address in closed:  # that they answer like nothing is tried above; here, that no word opens them
                assert not await tells_nothing(client, name, address + ALL_AT_ONCE), (name, address)
            for address in {one for one, _ in addresses(route, place.numbers | place.beside)} - closed:
                opened = await tells_nothing(client, name, address)
                for query in ONE_BY_ONE if opened else (ALL_AT_ONCE,):
                    await tells_nothing(client, name, address + query)


ONE_BY_ONE = (f"?q={WORD}", "?about=contact:1", "?trash=1")
ALL_AT_ONCE = f"?q={WORD}&about=contact:1&trash=1"  # where the door stays shut, whatever one adds


async def tells_nothing(client: Asker, name: str, address: str) -> bool:
    """Whether anything was shown at all."""
    answer = await client.request("GET", address)
    assert answer.status_code < 500, (name, address, answer.text[:300])
    told = answer.text.replace(f"q={WORD}", "").replace(f'value="{WORD}"', "")
    assert WORD not in told or is_echo(answer.text), (name, address)
    return answer.status_code < 300


def is_echo(text: str) -> bool:
    """The search field and sentences such as "Nothing fits Zebracorn" say what was typed, never what stands there."""
    return not re.search(rf"{WORD}( Contact| Company| note| task| item| said| room| guest| case| word|\.txt|@)", text)


@pytest.mark.parametrize("name", ["anonymous", "ex-member"])
async def test_without_a_membership_only_the_doors_are_open(
    app: Starlette, workspace: Workspace, place: Place, name: str
) -> None:
    clients = await act_as(app, workspace, name)
    before = await place.look()
    opened = set()
    for method, route in routes_of(app):
        for client in clients:
            answer = await ask(client, method, addresses(route, place.numbers)[0][0])
            assert answer.status_code < 500, (method, route.path, answer.text[:300])
            sent_away = answer.status_code == 401 or answer.headers.get("location", "").startswith("/signin")
            if not sent_away:
                opened.add(f"{method} {route.path}")
    assert opened <= OPEN
    assert await place.read() == before


async def test_who_reads_only_changes_nothing(app: Starlette, workspace: Workspace, place: Place) -> None:
    """Their own settings and read marks apart (`personal` routes), every write is refused."""
    lucia = await make.contact(app, "Open Record")
    open_numbers = {kind: lucia.id if kind == "contact" else 1 for kind in place.numbers}
    browser, api = await act_as(app, workspace, "read-only")
    before = await place.look()
    for method, route in routes_of(app):
        if method == "GET" or f"{method} {route.path}" in OPEN | {"POST /signout"}:
            continue
        for client in (browser, api):
            answer = await ask(client, method, addresses(route, open_numbers)[0][0])
            assert answer.status_code < 500, (method, route.path, answer.text[:300])
            if route.path.startswith("/api/"):
                assert answer.status_code == 403, (method, route.path, answer.text[:300])
            now = await place.look()
            assert now == before or answer.status_code < 400, (method, route.path)
            before = now
