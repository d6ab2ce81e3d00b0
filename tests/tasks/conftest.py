"""A record, two people in a department, and a task."""

from collections.abc import Awaitable, Callable
from typing import Any

import httpx2 as httpx
import pytest
from sqlalchemy import select
from starlette.applications import Starlette

from server.identity.models import TeamMember, User
from server.kit.access import Principal
from server.kit.events import EventRow

Client = httpx.AsyncClient
Facts = Callable[[], Awaitable[list[tuple[str, dict[str, Any]]]]]


@pytest.fixture
async def lucia(ana: Client) -> str:
    answer = await ana.post("/contacts", data={"name": "Lucía Ferrer", "company": "Hoteles Almadraba"})
    assert answer.status_code == 201
    return "contact:" + answer.headers["location"].rpartition("/")[2]


@pytest.fixture
async def task(ana: Client, lucia: str) -> str:
    """Ana's, about Lucía; "/tasks/1"."""
    answer = await ana.post("/tasks", data={"title": "Confirm January instalment", "about": lucia, "assignee": "1"})
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


@pytest.fixture
def facts(app: Starlette) -> Facts:
    """The names and data of the facts about tasks so far."""

    async def read() -> list[tuple[str, dict[str, Any]]]:
        async with app.state.database.transaction(read=True) as tx:
            wanted = EventRow.name.startswith("task.") | EventRow.name.startswith("checklist.")
            rows = await tx.scalars(select(EventRow).where(wanted).order_by(EventRow.id))
            return [(row.name, row.data) for row in rows]

    return read


@pytest.fixture
def who() -> Principal:
    return Principal(1, 1, "owner", name="Ana Beltrán", timezone="Europe/Madrid")


async def join(app: Starlette, user_id: int, team_id: int) -> None:
    async with app.state.database.transaction() as tx:
        tx.add(TeamMember(user_id=user_id, team_id=team_id))


async def speak(app: Starlette, user_id: int, language: str) -> None:
    async with app.state.database.transaction() as tx:
        user = await tx.get(User, user_id)
        user.language = language
