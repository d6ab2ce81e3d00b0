"""A workspace that promises answers by the office's hours, and a customer who writes to it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest
from sqlalchemy import select
from starlette.applications import Starlette

from server.kit.clock import frozen
from server.kit.jobs import JOBS, Work
from server.sla.models import SlaClock
from tests.cases.conftest import channel, take  # noqa: F401  fixtures
from tests.conftest import Client

HOURS = {
    "name": "Office",
    "zone": "Europe/Madrid",
    **dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), "09:00-14:00, 16:00-19:00"),
    "holidays": "2026-12-08 Inmaculada\n2026-12-25 Navidad",
}
STANDARD = {
    "name": "Standard",
    "calendar": "1",
    "warn": "30",
    "normal-first": "4h",
    "normal-next": "8h",
    "normal-solution": "16h",
    "high-first": "1h",
    "high-next": "2h",
    "high-solution": "8h",
}


def at(text: str) -> datetime:
    """A moment in UTC; Madrid is an hour ahead in winter."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.fixture
async def policy(ana: Client) -> None:
    assert (await ana.post("/settings/sla/calendars", data=HOURS)).status_code == 201
    assert (await ana.post("/settings/sla/policies", data=STANDARD)).status_code == 201


@asynccontextmanager
async def moment(text: str) -> AsyncIterator[None]:
    with frozen(at(text)):
        yield


async def clocks(app: Starlette, case_id: int = 1) -> dict[str, SlaClock]:
    async with app.state.database.transaction(read=True) as tx:
        rows = await tx.scalars(select(SlaClock).where(SlaClock.case_id == case_id).order_by(SlaClock.id))
        return {clock.kind: clock for clock in rows}


async def due(app: Starlette, case_id: int = 1) -> dict[str, datetime | None]:
    return {kind: clock.due_at for kind, clock in (await clocks(app, case_id)).items() if clock.done_at is None}


async def tick(app: Starlette) -> None:
    await JOBS["sla.tick"].run(Work(app.state.services, 0, 0, {}))
