"""One app per test on its own database; relay and jobs are drained by hand, so nothing sleeps.

ENGINE=postgres runs the same tests on PostgreSQL and Redis, each started by the session that needs it.
"""

import asyncio
import gc
import os
import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from itertools import count
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
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
from server.kit.domain import discover
from server.kit.migrate import migrate
from server.main import build_app, build_database
from server.settings import Settings
from tests import needs
from tests.warm import warm

ENGINE = os.environ.get("ENGINE", "sqlite")
SHARED = Path("../shared/data")
_numbers = count(1)


def pytest_collection_finish() -> None:
    """What was imported stays: looking through it again and again for garbage took a seventh of the suite."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


def shared(path: str) -> Path:
    """A file of the test data beside the checkout; a user's clone has none, and the test says so."""
    found = SHARED / path
    if not found.exists():
        pytest.skip(f"left out: no ../shared/data/{path} here")
    return found


Copy = Callable[[str], str]


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Copy]:
    """Makes addresses of databases, as copies of two that were made once: "empty", which is migrated, and "nogal",
    which also has the workspace that most tests begin with. Or of one at an address that nobody has open."""
    if ENGINE == "postgres":
        with needs.postgres_server() as url:
            yield _postgres_template(url)
    else:
        folder = tmp_path_factory.mktemp("template")

        def address(name: str) -> str:
            return f"sqlite+aiosqlite:///{folder}/{name}.db"

        def copy(name: str) -> str:
            number = str(next(_numbers))
            of = name.rpartition("/")[2].removesuffix(".db")
            shutil.copy(folder / f"{of}.db", folder / f"{number}.db")
            return address(number)

        asyncio.run(migrate(address("empty")))
        shutil.copy(folder / "empty.db", folder / "nogal.db")
        asyncio.run(_found(address("nogal")))
        yield copy


async def _found(url: str) -> None:
    """Nogal Café, with its owner Ana, and two departments."""
    discover()
    database = build_database(settings_for(url, Path()))
    async with database.transaction() as tx:
        draft = WorkspaceDraft("Nogal Café", "en", "Europe/Madrid", ("Sales", "Support"))
        await create_workspace(tx, draft, PersonDraft("Ana Beltrán", "ana@example.org", "no password"))
    await database.dispose()


def _postgres_template(url: str) -> Copy:
    mark = f"t{os.getpid()}"
    base = url.rpartition("/")[0]

    async def execute(statement: str) -> None:
        connection = await asyncpg.connect(url.replace("+asyncpg", ""))
        await connection.execute(statement)
        await connection.close()

    def run(statement: str) -> None:
        # A loop of its own: fixtures may run inside the test's.
        import threading

        thread = threading.Thread(target=lambda: asyncio.run(execute(statement)))
        thread.start()
        thread.join()

    def copy(of: str) -> str:
        name = f"{mark}_{next(_numbers)}"
        source = of.rpartition("/")[2].removeprefix(f"{mark}_")
        run(f"CREATE DATABASE {name} TEMPLATE {mark}_{source}")
        return f"{base}/{name}"

    run(f"CREATE DATABASE {mark}_empty")
    asyncio.run(migrate(f"{base}/{mark}_empty"))
    run(f"CREATE DATABASE {mark}_nogal TEMPLATE {mark}_empty")
    asyncio.run(_found(f"{base}/{mark}_nogal"))

    return copy


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    if ENGINE == "postgres":
        with needs.redis_server() as url:
            yield url
    else:
        yield ""


@pytest.fixture
def settings(request: pytest.FixtureRequest, template: Copy, redis_url: str, tmp_path: Path) -> Settings:
    url = template("nogal" if "workspace" in request.fixturenames else "empty")
    return settings_for(
        url, tmp_path, redis_url and urlsplit(redis_url)._replace(path=f"/{next(_numbers) % 15 + 1}").geturl()
    )


def settings_for(database_url: str, data_dir: Path, redis_url: str = "") -> Settings:
    return Settings(
        _env_file=None,  # type: ignore[call-arg]
        database_url=database_url,
        redis_url=redis_url,
        data_dir=data_dir,
        secret_key="a key for tests",
        base_url="http://test",
    )


@pytest.fixture
async def app(settings: Settings) -> AsyncIterator[Starlette]:
    app = build_app(settings, background=False)
    warm(app.state.database)
    async with app.router.lifespan_context(app):
        yield app


@pytest.fixture
async def workspace(app: Starlette) -> Workspace:
    """Nogal Café (see `_found`)."""
    async with app.state.database.transaction(read=True) as tx:
        return await tx.get_one(Workspace, 1)


Client = httpx.AsyncClient
SignIn = Callable[[User], "asyncio.Future[Client]"]


async def client_of(app: Starlette, user: User) -> Client:
    """A signed-in browser, without the password's slow hash."""
    settings = app.state.settings
    async with app.state.database.transaction() as tx:
        token = await start_session(tx, user, "tests", "127.0.0.1", settings.session_days, settings.secret)
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app, raise_app_exceptions=False),
        base_url="http://test",
        cookies={cookie_name(settings): token},
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
    async with app.state.database.transaction(read=True) as tx:
        user = await tx.get(User, 1)
    assert user is not None
    async with await client_of(app, user) as client:
        yield client


@pytest.fixture
async def mateo(app: Starlette, workspace: Workspace) -> AsyncIterator[Client]:
    """A colleague's browser; user 2."""
    user = await add_person(app, workspace, "Mateo Ríos")
    async with await client_of(app, user) as client:
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
