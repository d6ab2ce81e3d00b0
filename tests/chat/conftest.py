"""A workspace that talks: Ana (1, owner), Mateo (2) and Priya (3); general, a private room and a conversation."""

from collections.abc import AsyncIterator, Awaitable, Callable

import httpx2 as httpx
import pytest
from sqlalchemy import func, select
from starlette.applications import Starlette

from server.chat.models import Message, Room
from server.identity.models import Workspace
from tests.conftest import add_person, client_of

Client = httpx.AsyncClient
Say = Callable[..., Awaitable[int]]


@pytest.fixture
async def priya(app: Starlette, workspace: Workspace, mateo: Client) -> AsyncIterator[Client]:
    user = await add_person(app, workspace, "Priya Raman")
    async with await client_of(app, user) as client:
        yield client


async def open_room(client: Client, **form: str) -> int:
    answer = await client.post("/rooms", data=form)
    assert answer.status_code == 201, answer.text
    return int(answer.headers["location"].rpartition("/")[2])


async def say(client: Client, room: int, text: str, **form: str) -> int:
    answer = await client.post(f"/rooms/{room}/messages", data={"text": text, **form})
    assert answer.status_code == 201, answer.text
    return int(answer.headers["location"].rpartition("/")[2])


async def count_messages(app: Starlette) -> int:
    async with app.state.database.transaction(read=True) as tx:
        return await tx.scalar(select(func.count()).select_from(Message)) or 0


@pytest.fixture
async def general(app: Starlette, workspace: Workspace) -> int:
    async with app.state.database.transaction(read=True) as tx:
        found: int | None = await tx.scalar(select(Room.id).where(Room.for_all))
    assert found is not None
    return found


@pytest.fixture
async def secret(ana: Client, mateo: Client, priya: Client) -> int:
    """A private room of Ana and Mateo; Priya is not in it."""
    room = await open_room(ana, name="board", private="1")
    answer = await ana.put(f"/rooms/{room}/members", data={"user": "2"})
    assert answer.status_code == 200, answer.text
    return room


@pytest.fixture
async def talk(ana: Client, mateo: Client, priya: Client) -> int:
    """Ana and Mateo."""
    return await open_room(ana, kind="direct", user="2")


@pytest.fixture
async def lucia(ana: Client) -> str:
    """A record: "contact:1"."""
    answer = await ana.post("/contacts", data={"name": "Lucía Ferrer"})
    assert answer.status_code == 201
    return "contact:1"


async def restrict(client: Client, about: str, *names: str) -> None:
    answer = await client.put(f"/contacts/{about.partition(':')[2]}/restriction", data={"who": list(names)})
    assert answer.status_code == 200, answer.text


async def tell(client: Client, about: str, text: str, **form: str) -> int:
    """Says something in a record's discussion."""
    answer = await client.post(f"/discussions/{about}/messages", data={"text": text, **form})
    assert answer.status_code == 201, answer.text
    return int(answer.headers["location"].rpartition("/")[2])
