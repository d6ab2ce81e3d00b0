"""A record and a note on it."""

from base64 import b64decode
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import httpx2 as httpx
import pytest
from starlette.applications import Starlette

from tests import make

Client = httpx.AsyncClient
Facts = Callable[[], Awaitable[list[tuple[str, dict[str, Any]]]]]
HX = {"hx-request": "true"}
PNG = b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAIAAAACCAIAAAD91JpzAAAAFklEQVR4nGP8z8DAwMDAxMDAwMDAAAANHQEDasKb6QAAAABJRU5ErkJggg=="
)


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
    return partial(make.told, app, "note.", "file.")
