"""A workspace with an address, a team of two, and customers who write."""

from typing import Any

import pytest
from starlette.applications import Starlette

from server.kit.jobs import JOBS, Work
from tests.cases.conftest import channel, take  # noqa: F401  fixtures
from tests.conftest import Client

SALES = "1"


@pytest.fixture
async def team(ana: Client, mateo: Client) -> None:
    for user in (1, 2):
        await ana.put(f"/settings/teams/{SALES}/members/{user}")


async def rule(ana: Client, **values: Any) -> None:
    answer = await ana.post("/settings/automation/rules", data={"name": "A rule", "moment": "opened"} | values)
    assert answer.status_code == 201


async def care(app: Starlette) -> None:
    await JOBS["automation.care"].run(Work(app.state.services, 0, 0, {}))
