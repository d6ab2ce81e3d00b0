"""One app per test on its own database; relay and jobs are drained by hand, so nothing sleeps.

ENGINE=postgres runs the same tests on PostgreSQL and Redis, each started by the session that needs it.
"""

import asyncio
import gc
import os
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx2 as httpx
import pytest
from starlette.applications import Starlette

from server.identity.actions import (
    PersonDraft,
    WorkspaceDraft,
    add_user,
    create_token,
    create_workspace,
    start_session,
)
from server.identity.cookies import cookie_name
from server.identity.models import User, Workspace
from server.kit.access import Principal, Role
from server.main import build_app
from server.settings import Settings
from tests import needs
from tests.scenes import Copy, Scenes, cookies, numbers, postgres_scenes, scene_for, settings_for, sqlite_scenes
from tests.warm import keep_templates, warm

ENGINE = os.environ.get("ENGINE", "sqlite")
SHARED = Path("../shared/data")


def pytest_collection_finish() -> None:
    """What was imported stays: looking through it again and again for garbage took a seventh of the suite."""
    keep_templates()
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


def shared(path: str) -> Path:
    """A file of the test data beside the checkout; a user's clone has none, and the test says so."""
    found = SHARED / path
    if not found.exists():
        pytest.skip(f"left out: no ../shared/data/{path} here")
    return found


@pytest.fixture(scope="session")
def scenes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scenes]:
    with postgres_scenes() if ENGINE == "postgres" else sqlite_scenes(tmp_path_factory.mktemp("scenes")) as made:
        yield made


@pytest.fixture
def template(scenes: Scenes) -> Iterator[Copy]:
    """Copies for one test. None outlives it: together they would be tens of gigabytes."""
    made: list[str] = []

    def copy(of: str) -> str:
        made.append(scenes.copy(of))
        return made[-1]

    yield copy
    for address in made:
        scenes.drop(address)


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    if ENGINE == "postgres":
        with needs.redis_server() as url:
            yield url
    else:
        yield ""


@pytest.fixture
def settings(request: pytest.FixtureRequest, template: Copy, redis_url: str, tmp_path: Path) -> Settings:
    url = template(scene_for(request.fixturenames))
    return settings_for(
        url, tmp_path, redis_url and urlsplit(redis_url)._replace(path=f"/{next(numbers) % 15 + 1}").geturl()
    )


@pytest.fixture
async def app(settings: Settings) -> AsyncIterator[Starlette]:
    app = build_app(settings, background=False)
    warm(app.state.database)
    async with app.router.lifespan_context(app):
        yield app


@pytest.fixture
async def workspace(app: Starlette) -> Workspace:
    """Nogal Café (see tests/scenes.py)."""
    async with app.state.database.transaction(read=True) as tx:
        return await tx.get_one(Workspace, 1)


Client = httpx.AsyncClient
SignIn = Callable[[User], "asyncio.Future[Client]"]


async def client_of(app: Starlette, user: User) -> Client:
    """A signed-in browser, without the password's slow hash."""
    settings = app.state.settings
    async with app.state.database.transaction() as tx:
        token = await start_session(tx, user, "tests", "127.0.0.1", settings.session_days, settings.secret)
    return browser(app, token)


def browser(app: Starlette, token: str) -> Client:
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app, raise_app_exceptions=False),
        base_url="http://test",
        cookies={cookie_name(app.state.settings): token},
        headers={"sec-fetch-site": "same-origin"},
    )


async def add_person(app: Starlette, workspace: Workspace, name: str, role: Role = "member") -> User:
    email = f"{name.split()[0].lower()}@example.org"
    async with app.state.database.transaction() as tx:
        place = await tx.merge(workspace, load=False)
        return await add_user(tx, place, PersonDraft(name, email, "no password"), role)


@pytest.fixture
async def ana(app: Starlette, workspace: Workspace) -> AsyncIterator[Client]:
    """The owner's browser."""
    async with browser(app, cookies[1]) as client:
        yield client


@pytest.fixture
async def mateo(app: Starlette, workspace: Workspace) -> AsyncIterator[Client]:
    """A colleague's browser; user 2."""
    async with browser(app, cookies[2]) as client:
        yield client


@pytest.fixture
def who() -> Principal:
    """Ana, as verbs know her."""
    return Principal(1, 1, "owner", name="Ana Beltrán", timezone="Europe/Madrid")


@pytest.fixture
async def lucia(ana: Client) -> str:
    """A customer and where she works; the reference of her record."""
    answer = await ana.post("/contacts", data={"name": "Lucía Ferrer", "company": "Hoteles Almadraba"})
    assert answer.status_code == 201
    return "contact:" + answer.headers["location"].rpartition("/")[2]


@pytest.fixture
async def stranger(app: Starlette, workspace: Workspace) -> AsyncIterator[Client]:
    """The owner of another workspace of the same installation."""
    async with app.state.database.transaction() as tx:
        draft = WorkspaceDraft("Elsewhere", "en", "UTC")
        _place, user = await create_workspace(tx, draft, PersonDraft("Eve", "eve@example.org", "no password"))
    async with await client_of(app, user) as client:
        yield client


async def token_of(app: Starlette, user_id: int) -> str:
    async with app.state.database.transaction() as tx:
        user = await tx.get(User, user_id)
        assert user is not None
        return await create_token(tx, user, "tests", app.state.settings.secret)


def program(app: Starlette, token: str) -> Client:
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app, raise_app_exceptions=False),
        base_url="http://test/api/v1",
        headers={"authorization": f"Bearer {token}"},
    )


@pytest.fixture
async def api(app: Starlette, workspace: Workspace) -> AsyncIterator[Client]:
    """The owner's program."""
    async with program(app, await token_of(app, 1)) as client:
        yield client


@pytest.fixture
async def other(app: Starlette, api: Client, mateo: Client) -> AsyncIterator[Client]:
    """The colleague's program; user 2, a member."""
    async with program(app, await token_of(app, 2)) as client:
        yield client
