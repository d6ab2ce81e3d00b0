"""Chromium once, and a house per engine: SQLite with the memory bus, PostgreSQL with Redis."""

import contextlib
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, Playwright, sync_playwright

from tests import needs
from tests.browser.house import FLAGS, House, open_house
from tests.browser.screen import note
from tests.browser.wire import Wire, serve
from tests.own_postgres import postgres_server


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    """One for all browsers: a second in the same thread would not start."""
    if needs.headless() is None:
        pytest.skip("left out: no chromium")
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="session")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    launched = playwright.chromium.launch(executable_path=needs.headless(), args=FLAGS)
    yield launched
    launched.close()


@pytest.fixture(scope="session")
def sqlite_house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with open_house(tmp_path_factory.mktemp("house")) as house:
        yield house


@pytest.fixture(scope="session", params=["sqlite", "postgres"])
def house(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    if request.param == "sqlite":
        yield request.getfixturevalue("sqlite_house")
        return
    if needs.find("postgres") is None or needs.find("redis-server") is None:
        pytest.skip("left out: no postgres or redis-server")
    with contextlib.ExitStack() as stack:
        database = stack.enter_context(postgres_server())
        redis = stack.enter_context(needs.redis_server())
        folder = tmp_path_factory.mktemp("house")
        yield stack.enter_context(open_house(folder, DATABASE_URL=database, REDIS_URL=redis))


@pytest.fixture
def ana(house: House, chromium: Browser) -> Iterator[Page]:
    """The owner at her browser, who sees no error in it."""
    page = house.sit(chromium, "ana@example.org")
    yield page
    page.context.close()
    said, house.complaints = house.complaints, []
    assert said == []


@pytest.fixture
def wire() -> Iterator[Wire]:
    with serve() as served:
        yield served


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    context = chromium.new_context()
    opened = context.new_page()
    opened.bring_to_front()
    opened.set_default_timeout(10_000)
    complaints: list[str] = []
    opened.on("console", lambda message: note(message, complaints))
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    yield opened
    context.close()
    assert complaints == []
