"""A case with a customer who holds a link to it."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable

import httpx2 as httpx
import pytest
from starlette.applications import Starlette

from tests.cases.conftest import Take, channel, take  # noqa: F401  fixtures
from tests.conftest import Client

LinkOf = Callable[..., Awaitable[str]]


@pytest.fixture
async def case(app: Starlette, take: Take) -> str:
    await take(Message_ID="<a@x.example>")
    await app.state.relay.drain()
    return "/cases/1"


@pytest.fixture
async def anybody(app: Starlette) -> AsyncIterator[Client]:
    """A browser without any cookie."""
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app, raise_app_exceptions=False),
        base_url="http://test",
        headers={"sec-fetch-site": "same-origin"},
    ) as client:
        yield client


@pytest.fixture
def link_of(ana: Client) -> LinkOf:
    """An agent copies the link to the customer's page."""

    async def link(case: str = "/cases/1") -> str:
        answer = await ana.post(f"{case}/links")
        assert answer.status_code == 200, answer.text
        found = re.search(r"/p/case/[\w-]{43}", answer.text)
        assert found is not None
        return found[0]

    return link


def bearer(link: str) -> dict[str, str]:
    return {"authorization": f"Bearer {link.rpartition('/')[2]}"}
