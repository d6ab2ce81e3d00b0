"""A record, two people in a department, and a task."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import httpx2 as httpx
import pytest
from starlette.applications import Starlette

from server.identity.models import TeamMember
from tests import make

Client = httpx.AsyncClient
Facts = Callable[[], Awaitable[list[tuple[str, dict[str, Any]]]]]


@pytest.fixture
async def task(ana: Client, lucia: str) -> str:
    """Ana's, about Lucía; "/tasks/1"."""
    answer = await ana.post("/tasks", data={"title": "Confirm January instalment", "about": lucia, "assignee": "1"})
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


@pytest.fixture
def facts(app: Starlette) -> Facts:
    """The names and data of the facts about tasks so far."""
    return partial(make.told, app, "task.", "checklist.")


async def join(app: Starlette, user_id: int, team_id: int) -> None:
    async with app.state.database.transaction() as tx:
        tx.add(TeamMember(user_id=user_id, team_id=team_id))
