"""A record with an owner and a team, a call about it, and its database behind the media."""

from collections.abc import Awaitable, Callable
from typing import Any

import httpx2 as httpx
import pytest
from sqlalchemy import select
from starlette.applications import Starlette

from realtime.calls.ports import Fact
from server.calls.book import CallBook
from server.calls.models import Call
from server.identity.doors import Person
from server.identity.models import TeamMember
from server.kit.events import EventRow
from tests import make

Client = httpx.AsyncClient
Facts = Callable[[], Awaitable[list[tuple[str, dict[str, Any]]]]]


@pytest.fixture
async def lucia(ana: Client, mateo: Client) -> str:
    """Lucía is Mateo's."""
    answer = await ana.post("/contacts", data={"name": "Lucía Ferrer", "phones": "+34 600 000 118"})
    assert answer.status_code == 201, answer.text
    about = "contact:" + answer.headers["location"].rpartition("/")[2]
    answer = await ana.put(f"/contacts/{about[8:]}/facts/owner", data={"value": "2", "seen": "1"})
    assert answer.status_code == 200, answer.text
    return about


@pytest.fixture
async def call(ana: Client, lucia: str) -> str:
    """Ana's, about Lucía; "/calls/1". It rings for Mateo."""
    answer = await ana.post("/calls", data={"about": lucia, "kind": "video"})
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


@pytest.fixture
def facts(app: Starlette) -> Facts:
    """The names and data of the facts about calls so far."""

    async def read() -> list[tuple[str, dict[str, Any]]]:
        async with app.state.database.transaction(read=True) as tx:
            rows = await tx.scalars(select(EventRow).where(EventRow.subject.like("call:%")).order_by(EventRow.id))
            return [(row.name, row.data) for row in rows]

    return read


@pytest.fixture
def book(app: Starlette) -> CallBook:
    return CallBook(app.state.database)


async def read_call(app: Starlette, call_id: int = 1) -> Call:
    async with app.state.database.transaction(read=True) as tx:
        return await tx.get_one(Call, call_id)


async def listener(app: Starlette, user_id: int) -> Person:
    return Person(await make.person(app, user_id), "en")


async def told(book: CallBook, *facts: Fact) -> None:
    await book.report(facts)


async def in_team(app: Starlette, user_id: int, team_id: int) -> None:
    async with app.state.database.transaction() as tx:
        tx.add(TeamMember(user_id=user_id, team_id=team_id))
