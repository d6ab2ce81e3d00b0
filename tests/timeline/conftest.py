"""A record and a note on it."""

from base64 import b64decode
from collections.abc import Awaitable, Callable
from typing import Any

import httpx2 as httpx
import pytest
from sqlalchemy import select
from starlette.applications import Starlette

from server.identity.models import User
from server.kit.access import Principal
from server.kit.events import EventRow

Client = httpx.AsyncClient
Facts = Callable[[], Awaitable[list[tuple[str, dict[str, Any]]]]]
HX = {"hx-request": "true"}
PNG = b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAIAAAACCAIAAAD91JpzAAAAFklEQVR4nGP8z8DAwMDAxMDAwMDAAAANHQEDasKb6QAAAABJRU5ErkJggg=="
)


@pytest.fixture
async def lucia(ana: Client) -> str:
    answer = await ana.post("/contacts", data={"name": "Lucía Ferrer", "company": "Hoteles Almadraba"})
    assert answer.status_code == 201
    return "contact:" + answer.headers["location"].rpartition("/")[2]


@pytest.fixture
async def note(ana: Client, lucia: str) -> str:
    """Ana's; "/notes/1"."""
    answer = await ana.post(f"/timeline/{lucia}/notes", data={"text": "Pressure in Tarifa is **fine**"}, headers=HX)
    assert answer.status_code == 201, answer.text
    location: str = answer.headers["location"]
    return location


@pytest.fixture
async def file(ana: Client, lucia: str) -> str:
    """Ana's; "/files/1"."""
    answer = await upload(ana, lucia, ("contrato.pdf", b"%PDF-1.7 contrato"))
    assert answer.status_code == 201, answer.text
    return "/files/1"


async def upload(client: Client, about: str, *files: tuple[str, bytes]) -> httpx.Response:
    return await client.post(f"/timeline/{about}/files", files=[("files", one) for one in files], headers=HX)


@pytest.fixture
def facts(app: Starlette) -> Facts:
    """The names and data of the facts about notes and files so far."""

    async def read() -> list[tuple[str, dict[str, Any]]]:
        async with app.state.database.transaction(read=True) as tx:
            wanted = EventRow.name.startswith("note.") | EventRow.name.startswith("file.")
            rows = await tx.scalars(select(EventRow).where(wanted).order_by(EventRow.id))
            return [(row.name, row.data) for row in rows]

    return read


@pytest.fixture
def who() -> Principal:
    return Principal(1, 1, "owner", name="Ana Beltrán", timezone="Europe/Madrid")


async def speak(app: Starlette, user_id: int, language: str) -> None:
    async with app.state.database.transaction() as tx:
        user = await tx.get(User, user_id)
        user.language = language
