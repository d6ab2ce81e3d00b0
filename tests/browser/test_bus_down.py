"""The bus is away: the lamp says so, writing goes on, everything is there when it returns (P14)."""

import contextlib
import re
import signal
from collections.abc import Callable, Iterator

import httpx2 as httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from tests import needs
from tests.browser.house import House, open_house
from tests.browser.test_two_people import live, write_note
from tests.own_redis import Redis, own_redis

pytestmark = pytest.mark.browser
PATIENCE = 15_000  # milliseconds; the promised 10 and 5 s are figures of `python -m bench bus`


@pytest.fixture(scope="module")
def bus() -> Iterator[Redis]:
    if needs.find("redis-server") is None:
        pytest.skip("left out: no redis-server")
    with own_redis() as redis:
        yield redis


@pytest.fixture(scope="module")
def redis_house(bus: Redis, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with open_house(tmp_path_factory.mktemp("house"), REDIS_URL=bus.url) as house:
        yield house


def stop(redis: Redis) -> Callable[[], None]:
    redis.send(signal.SIGSTOP)
    return lambda: redis.send(signal.SIGCONT)


def kill(redis: Redis) -> Callable[[], None]:
    redis.kill()
    return redis.start  # empty


@pytest.mark.parametrize("fail", [stop, kill])
def test_the_lamp_says_paused_and_nothing_is_lost(
    fail: Callable[[Redis], Callable[[], None]], redis_house: House, bus: Redis, chromium: Browser
) -> None:
    path = redis_house.contact("Lucía Ferrer")
    with contextlib.ExitStack() as stack:
        ana, mateo = (redis_house.sit(chromium, f"{name}@example.org") for name in ("ana", "mateo"))
        for page in (ana, mateo):
            stack.callback(page.context.close)
            page.goto(redis_house.url + path)
            live(page)
        come_back = fail(bus)
        stack.callback(come_back) if fail is stop else None
        for page in (ana, mateo):
            expect(page.locator("[data-lamp]").first).to_have_text(re.compile("Paused"), timeout=PATIENCE)
        expect(ana.locator("#offline-strip")).to_be_hidden()
        assert health(redis_house) == "degraded"
        write_note(ana, "written without the bus")
        expect(mateo.locator(".tl")).to_contain_text("written without the bus", timeout=PATIENCE)
        new_page_says_it_too(mateo)
        come_back()
        for page in (ana, mateo):
            expect(page.locator("[data-lamp]").first).to_have_text(re.compile("Live"), timeout=PATIENCE)
        assert health(redis_house) == "ok"
        write_note(mateo, "and with it again")
        expect(ana.get_by_text("and with it again")).to_have_count(1)
        expect(ana.get_by_text("written without the bus")).to_have_count(1)
    said, redis_house.complaints = redis_house.complaints, []
    assert said == []


def new_page_says_it_too(page: Page) -> None:
    page.reload()
    expect(page.locator("[data-lamp]").first).to_have_text(re.compile("Paused"))
    expect(page.get_by_text("written without the bus")).to_have_count(1)


def health(house: House) -> str:
    return str(httpx.get(f"{house.url}/health").json()["status"])
