"""A record with an owner and a team, a call about it, and its database behind the media."""

from collections.abc import Awaitable, Callable
from typing import Any

import httpx2 as httpx
import pytest
from sqlalchemy import select
from starlette.applications import Starlette

from realtime.calls.ports import Fact
from server.calls.book import CallBook
from server.calls.guests import come_by_link, open_link
from server.calls.models import Call, Participant
from server.identity.doors import Person
from server.identity.models import TeamMember
from server.kit.events import EventRow
from server.kit.passes import find_pass
from server.kit.public import Visitor, visitor_of
from tests import make

Client = httpx.AsyncClient
AGREED = {"sentence": "asked-1", "language": "en"}
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


async def guest(app: Starlette, ana: Client, call: str, **form: str) -> tuple[Visitor, Participant]:
    """Somebody who came by a link; as the public door knows them."""
    made = await ana.post(f"{call}/guest-links", data={"name": "Lucía"} | form)
    secret = made.text.partition("/p/join/")[2].partition('"')[0]
    async with app.state.database.transaction() as tx:
        link = await open_link(tx, secret, app.state.settings.secret)
        one, token = await come_by_link(tx, link, "  Lucía   Ferrer ", "es")
    async with app.state.database.transaction(read=True) as tx:
        found = await find_pass(tx, token)
    assert found is not None
    return visitor_of(found), one
